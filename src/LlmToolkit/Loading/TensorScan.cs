using LlmToolkit.Loading.Checks;

namespace LlmToolkit.Loading;

/// <summary>Reads every value of a model: bytes that cannot be read and numbers that are none are findings.</summary>
internal sealed class TensorScan(ModelDescription description)
{
    /// <summary>Values that are converted at a time; a row may be longer.</summary>
    private const int Piece = 1 << 16;

    /// <summary>The code of <see cref="LoadingErrors.NoValues"/>.</summary>
    private const string NoValues = "LT2104";

    private readonly float[] _values = new float[Piece];

    /// <summary>Scans the tensors in their order.</summary>
    public IEnumerable<Diagnostic> Run(CancellationToken cancellationToken)
    {
        foreach (TensorInfo tensor in description.Container is null ? [] : description.Tensors)
        {
            if (Scan(tensor, cancellationToken) is Diagnostic finding)
            {
                yield return finding;
            }
        }
    }

    private Diagnostic? Scan(TensorInfo tensor, CancellationToken cancellationToken)
    {
        try
        {
            using TensorData? data = description.TryRead(tensor);
            long bad = 0;
            for (long row = 0; data is not null && row < data.Rows && tensor.Bytes > 0; row++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                bad += NotFinite(tensor.DType, data.Row(row));
            }

            data?.Memory.ThrowIfChanged();
            return bad == 0 ? null : CheckErrors.NotFinite(description.Artifact.Path, tensor.Name, bad);
        }
        catch (ModelException e) when (e.Diagnostic.Code == NoValues)
        {
            // Its values cannot be computed here; its bytes were there.
            return null;
        }
        catch (ModelException e)
        {
            return e.Diagnostic;
        }
    }

    private long NotFinite(DType type, ReadOnlySpan<byte> row)
    {
        int step = Piece / type.BlockLength * type.BlockBytes;
        long bad = 0;
        while (row.Length > 0)
        {
            ReadOnlySpan<byte> bytes = row[..Math.Min(step, row.Length)];
            Span<float> values = _values.AsSpan(0, bytes.Length / type.BlockBytes * type.BlockLength);
            TensorValues.ToFloats(type, bytes, values);
            foreach (float value in values)
            {
                bad += float.IsFinite(value) ? 0 : 1;
            }

            row = row[bytes.Length..];
        }

        return bad;
    }
}
