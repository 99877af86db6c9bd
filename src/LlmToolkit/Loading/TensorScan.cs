using System.Globalization;
using LlmToolkit.Engine.Scan;
using LlmToolkit.Loading.Checks;

namespace LlmToolkit.Loading;

/// <summary>Reads every byte of a model's weights: values that are no numbers, tensors of zeros, of one value, and far out of proportion are findings.</summary>
/// <param name="description">A valid model.</param>
internal sealed class TensorScan(ModelDescription description)
{
    /// <summary>Bytes of a piece: what a worker reads between two looks at the cancellation.</summary>
    private const int Piece = 4 << 20;

    /// <summary>More workers than this do not read a mapping faster: memory is the limit.</summary>
    private const int MostWorkers = 8;

    /// <summary>Findings of one kind; the last says how many more there are.</summary>
    private const int MostFindings = 20;

    /// <summary>Experts and other slices are judged one by one when they have as many values.</summary>
    private const int LeastSlice = 4096;

    /// <summary>Slices of a tensor; one of more is judged as a whole.</summary>
    private const int MostSlices = 4096;

    private readonly List<(TensorInfo Tensor, long Slice, ValueFacts Facts)> _scanned = [];
    private readonly List<Diagnostic> _unreadable = [];

    /// <summary>Scans the tensors in their order.</summary>
    /// <param name="progress">Told which share of the bytes is done; the stage is <c>scan</c>.</param>
    /// <param name="cancellationToken">Stops between two pieces.</param>
    public IReadOnlyList<Diagnostic> Run(IProgress<LoadProgress>? progress, CancellationToken cancellationToken)
    {
        IReadOnlyList<TensorInfo> tensors = description.Container is null ? [] : description.Tensors;
        double total = Math.Max(1, tensors.Sum(t => (double)t.Bytes));
        double done = 0;
        foreach (TensorInfo tensor in tensors)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (tensor.Bytes > 0)
            {
                Scan(tensor, bytes => progress?.Report(new LoadProgress("scan", Math.Min(1, (done + bytes) / total))), cancellationToken);
            }

            done += tensor.Bytes;
        }

        progress?.Report(new LoadProgress("scan", 1));
        string file = description.Artifact.Path;
        return
        [
            .. _unreadable,
            .. Bounded(_scanned.Where(s => s.Facts.NotFinite > 0).GroupBy(s => s.Tensor), g => CheckErrors.NotFinite(file, g.Key.Name, g.Sum(s => s.Facts.NotFinite), Place(g.Key, g.First().Slice, g.First().Facts.FirstNotFinite), g.Key.DType.IsBlock)),
            .. Bounded(_scanned.Where(IsZero), s => CheckErrors.AllZero(file, Name(s.Tensor, s.Slice), s.Tensor.Shape)),
            .. Bounded(_scanned.Where(s => !IsZero(s) && IsConstant(s)), s => CheckErrors.Constant(file, Name(s.Tensor, s.Slice), s.Tensor.Shape)),
            .. Bounded(Proportions.OutOf([.. _scanned.Where(s => s.Tensor.Shape.Count > 1)]), o => CheckErrors.OutOfProportion(file, Name(o.Tensor, o.Slice), o.Found, o.Usual)),
        ];
    }

    private void Scan(TensorInfo tensor, Action<long> report, CancellationToken cancellationToken)
    {
        try
        {
            // Also of types that cannot be judged: their bytes must be there.
            using TensorData? data = description.TryRead(tensor);
            if (data is null || !ValueScan.Knows(tensor.DType))
            {
                return;
            }

            long slices = Slices(tensor);
            long sliceBytes = tensor.DType.Bytes(tensor.Shape.Elements) / slices;
            int piece = Piece / tensor.DType.BlockBytes * tensor.DType.BlockBytes;
            long pieces = (sliceBytes + piece - 1) / piece;
            ValueFacts[] facts = new ValueFacts[checked((int)(slices * pieces))];
            ValueFacts One(long slice, long index)
            {
                cancellationToken.ThrowIfCancellationRequested();
                long from = index * piece;
                ValueFacts found = ValueScan.Run(tensor.DType, ValueScan.Bytes(data, (slice * sliceBytes) + from, (int)Math.Min(piece, sliceBytes - from)));
                return found;
            }

            if (facts.Length == 1)
            {
                facts[0] = One(0, 0);
            }
            else
            {
                long read = 0;
                ParallelOptions options = new() { MaxDegreeOfParallelism = Math.Min(MostWorkers, Environment.ProcessorCount), CancellationToken = cancellationToken };
                Parallel.For(0, facts.Length, options, i =>
                {
                    facts[i] = One(i / pieces, i % pieces);
                    report(Interlocked.Add(ref read, Math.Min(piece, sliceBytes)));
                });
            }

            data.Memory.ThrowIfChanged();
            for (long slice = 0; slice < slices; slice++)
            {
                _scanned.Add((tensor, slices == 1 ? -1 : slice, Whole(data, slice * sliceBytes, piece, facts.AsSpan((int)(slice * pieces), (int)pieces))));
            }
        }
        catch (ModelException e)
        {
            _unreadable.Add(e.Diagnostic);
        }
    }

    /// <summary>Pieces of a slice together.</summary>
    private static ValueFacts Whole(TensorData data, long start, int piece, ReadOnlySpan<ValueFacts> pieces)
    {
        DType type = data.Info.DType;
        ValueFacts whole = new();
        for (int i = 0; i < pieces.Length; i++)
        {
            bool same = ValueScan.Bytes(data, start + ((long)i * piece), type.BlockBytes).SequenceEqual(ValueScan.Bytes(data, start, type.BlockBytes));
            whole.Add(pieces[i], (long)i * (piece / type.BlockBytes) * type.BlockLength, same);
        }

        return whole;
    }

    /// <summary>A stack of matrices is judged matrix by matrix: one damaged expert of many must not hide behind the others.</summary>
    private static long Slices(TensorInfo tensor) =>
        tensor.Shape.Count >= 3 && tensor.Shape[0] is > 1 and <= MostSlices && tensor.Shape.Elements / tensor.Shape[0] >= LeastSlice && tensor.Shape.Columns % tensor.DType.BlockLength == 0 ? tensor.Shape[0] : 1;

    /// <summary>Vectors may be zero: biases often are, and norms that are stored as a difference from 1.</summary>
    private static bool IsZero((TensorInfo Tensor, long Slice, ValueFacts Facts) s) =>
        s.Tensor.Shape.Count > 1 && s.Facts is { NotFinite: 0, MaxAbs: 0, Count: > 0 } && s.Tensor.Shape.Elements > 1;

    /// <summary>Vectors of one value are usual too: norms begin as ones.</summary>
    private static bool IsConstant((TensorInfo Tensor, long Slice, ValueFacts Facts) s) =>
        s.Tensor.Shape.Count > 1 && s.Facts is { Varies: false, NotFinite: 0, Count: > 1 } && s.Tensor.Shape.Elements >= 64 && s.Tensor.Shape.Rows > 1;

    private static string Name(TensorInfo tensor, long slice) => slice < 0 ? tensor.Name : string.Create(CultureInfo.InvariantCulture, $"{tensor.Name}[{slice}]");

    /// <summary>A place among the values, by dimension.</summary>
    private static string Place(TensorInfo tensor, long slice, long index)
    {
        long at = slice < 0 ? index : (slice * (tensor.Shape.Elements / tensor.Shape[0])) + index;
        long[] place = new long[tensor.Shape.Count];
        for (int i = place.Length - 1; i >= 0; i--)
        {
            (at, place[i]) = Math.DivRem(at, Math.Max(1, tensor.Shape[i]));
        }

        return "[" + string.Join(", ", place) + "]";
    }

    private static IEnumerable<Diagnostic> Bounded<T>(IEnumerable<T> found, Func<T, Diagnostic> say)
    {
        List<T> all = [.. found];
        for (int i = 0; i < Math.Min(MostFindings, all.Count); i++)
        {
            Diagnostic finding = say(all[i]);
            yield return i == MostFindings - 1 && all.Count > MostFindings ? finding with { Message = $"{finding.Message} So are {all.Count - MostFindings} more tensors." } : finding;
        }
    }
}
