using System.Runtime.InteropServices;
using LlmToolkit.Engine.Kernels;
using LlmToolkit.Engine.Quants;

namespace LlmToolkit.Engine.Model;

/// <summary>Finds tensors by role, checks their shapes and takes references to them. What cannot be used in place is copied once, and counted.</summary>
internal sealed unsafe class WeightBinder
{
    private readonly ModelContainer _container;
    private readonly TensorNames _names;
    private readonly IReadOnlyList<string> _prefixes;
    private readonly DecoderWeights _weights;
    private readonly bool _exact;
    private readonly bool _transposed;
    private readonly HashSet<string> _used = new(StringComparer.Ordinal);
    private readonly Dictionary<string, TensorData> _inPlace = new(StringComparer.Ordinal);
    private readonly Dictionary<string, WeightMatrix> _transposes = new(StringComparer.Ordinal);

    /// <param name="container">Where the tensors are.</param>
    /// <param name="names">What they are called.</param>
    /// <param name="prefixes">What Hugging Face checkpoints put in front.</param>
    /// <param name="weights">Owns what is bound.</param>
    /// <param name="exact">Products keep float activations.</param>
    /// <param name="transposed">Projections are stored [in, out].</param>
    public WeightBinder(ModelContainer container, TensorNames names, IReadOnlyList<string> prefixes, DecoderWeights weights, bool exact, bool transposed) =>
        (_container, _names, _prefixes, _weights, _exact, _transposed) = (container, names, prefixes, weights, exact, transposed);

    /// <summary>The tensor of a role (with its suffix), or null.</summary>
    public TensorInfo? Find(string role, string suffix, int layer = 0, int expert = 0)
    {
        foreach (string name in _names.Candidates(_container.Naming, role, layer, expert, _prefixes))
        {
            // Stacked experts of Hugging Face are bare parameters, without ".weight".
            if (_container.TryFind(name + suffix, out TensorInfo? tensor) || (suffix == ".weight" && _container.TryFind(name, out tensor)))
            {
                return tensor;
            }
        }

        return null;
    }

    /// <summary>True when the role has a weight.</summary>
    public bool Has(string role, int layer = 0, int expert = 0) => Find(role, ".weight", layer, expert) is not null;

    /// <summary>A projection [rows, columns] with its bias, if it has one.</summary>
    public WeightMatrix Linear(string role, int layer, int rows, int columns, int expert = 0, int[]? rowOrder = null)
    {
        WeightMatrix whole = Stored(role, layer, expert, _transposed, rows, columns);
        return Part(whole, 0, rows, rowOrder, Bias(role, layer, expert, rows));
    }

    /// <summary>A projection that is multiplied with float activations always: routers.</summary>
    public WeightMatrix ExactLinear(string role, int layer, int rows, int columns)
    {
        WeightMatrix found = Linear(role, layer, rows, columns);
        return new WeightMatrix(found.Quant, found.Data, found.RowBytes, rows, columns, exact: true) { Bias = found.Bias };
    }

    /// <summary>A table [rows, columns] that is looked up, never transposed.</summary>
    public WeightMatrix Table(string role, int? rows, int columns) => Stored(role, 0, 0, false, rows, columns);

    /// <summary>A matrix as stored, all its rows; <paramref name="rows"/> null: as many as there are.</summary>
    public WeightMatrix Stored(string role, int layer, int expert, bool transposed, int? rows, int columns)
    {
        TensorInfo tensor = Require(role, ".weight", layer, expert);
        int found = rows ?? (tensor.Shape.Count == 2 ? (int)Math.Clamp(tensor.Shape[transposed ? 1 : 0], 1, int.MaxValue) : 1);
        Expect(tensor, transposed ? [columns, found] : [found, columns]);
        return transposed ? Transpose(tensor, found, columns) : Matrix(tensor, found, columns);
    }

    /// <summary>A stack of matrices [count, rows, columns] as one matrix of all rows.</summary>
    public WeightMatrix Stack(string role, int layer, int count, int rows, int columns)
    {
        TensorInfo tensor = Require(role, ".weight", layer);
        Expect(tensor, [count, rows, columns]);
        return (long)count * rows <= int.MaxValue ? Matrix(tensor, count * rows, columns) : throw EngineErrors.WrongShape(tensor, $"fewer than {int.MaxValue} rows in all");
    }

    /// <summary>Rows of a stored matrix as a matrix of their own.</summary>
    /// <param name="whole">The stored matrix.</param>
    /// <param name="first">First row, when there is no order.</param>
    /// <param name="rows">How many.</param>
    /// <param name="order">The stored row of each row, counted from <paramref name="first"/>; null: in order.</param>
    /// <param name="bias">Bias of the rows, already in their order; null: none.</param>
    public static WeightMatrix Part(WeightMatrix whole, int first, int rows, int[]? order, float* bias) =>
        new(whole.Quant, whole.Data + (first * whole.RowBytes), whole.RowBytes, rows, whole.Columns, whole.Exact) { RowOrder = order, Bias = bias };

    /// <summary>A vector [count] as floats, <paramref name="offset"/> added; null where there is none.</summary>
    public float* Optional(string role, string suffix, int layer, int count, float offset = 0, int expert = 0)
    {
        TensorInfo? tensor = Find(role, suffix, layer, expert);
        return tensor is null ? null : Vector(tensor, count, offset, null, 0);
    }

    /// <summary>A vector [count] as floats, <paramref name="offset"/> added.</summary>
    public float* Vector(string role, string suffix, int layer, int count, float offset = 0) => Vector(Require(role, suffix, layer), count, offset, null, 0);

    /// <summary>Some rows of a bias of <paramref name="whole"/> rows, in the order of the weights they belong to; null where there is none.</summary>
    public float* BiasPart(string role, int layer, int whole, int first, int rows, int[]? order)
    {
        TensorInfo? tensor = Find(role, ".bias", layer);
        if (tensor is null)
        {
            return null;
        }

        Expect(tensor, [whole]);
        int[] places = new int[rows];
        for (int i = 0; i < rows; i++)
        {
            places[i] = first + (order is null ? i : order[i]);
        }

        return Vector(tensor, rows, 0, places, whole);
    }

    /// <summary>The values of a small tensor, whatever its shape, as floats.</summary>
    public float[]? Values(string role, int layer, int count)
    {
        float* values = Optional(role, ".weight", layer, count);
        return values == null ? null : new ReadOnlySpan<float>(values, count).ToArray();
    }

    /// <summary>The first row of a table as floats, whatever the table's other rows.</summary>
    public float* FirstRow(string role, int columns)
    {
        TensorInfo tensor = Require(role, ".weight", 0);
        if (tensor.Shape.Count != 2 || tensor.Shape[0] < 1 || tensor.Shape[1] != columns)
        {
            throw EngineErrors.WrongShape(tensor, $"[any, {columns}]");
        }

        float* row = Floats(columns);
        Convert(tensor, row, 1);
        return row;
    }

    /// <summary>Tensors that nothing has asked for.</summary>
    public IEnumerable<TensorInfo> Unused() => _container.Tensors.Where(t => !_used.Contains(t.Name));

    private float* Bias(string role, int layer, int expert, int rows) => Optional(role, ".bias", layer, rows, 0, expert);

    private TensorInfo Require(string role, string suffix, int layer, int expert = 0) =>
        Find(role, suffix, layer, expert)
        ?? throw EngineErrors.MissingTensor(_container.Artifact.Path, [.. _names.Candidates(_container.Naming, role, layer, expert, _prefixes).Select(n => n + suffix)]);

    private static void Expect(TensorInfo tensor, long[] shape)
    {
        if (!tensor.Shape.SequenceEqual(shape))
        {
            throw EngineErrors.WrongShape(tensor, "[" + string.Join(", ", shape) + "]");
        }
    }

    /// <summary>Opens a tensor for the moment; disposed once its values are copied.</summary>
    private TensorData Open(TensorInfo tensor)
    {
        if (_used.Add(tensor.Name) && _container.TryFind(tensor.Name[..Math.Max(0, tensor.Name.LastIndexOf('.'))] + ".scale", out TensorInfo? scale))
        {
            throw EngineErrors.ScaledTensor(tensor, scale.Name);
        }

        return _container.Read(tensor);
    }

    /// <summary>Opens a tensor that is used where it lies as long as the model lives.</summary>
    private TensorData Keep(TensorInfo tensor)
    {
        if (!_inPlace.TryGetValue(tensor.Name, out TensorData? data))
        {
            _inPlace[tensor.Name] = data = _weights.Keep(Open(tensor));
        }

        return data;
    }

    private WeightMatrix Matrix(TensorInfo tensor, int rows, int columns)
    {
        if (DefaultQuants.Find(tensor.DType) is { } quant)
        {
            TensorData data = Keep(tensor);
            return new WeightMatrix(quant, (byte*)data.Address, (nint)data.RowBytes, rows, columns, _exact);
        }

        // Double precision is rounded once; every other type the engine does not multiply is refused.
        Quant floats = tensor.DType == DTypes.F64 ? DefaultQuants.Find(DTypes.F32)! : throw EngineErrors.UnsupportedType(tensor);
        float* values = Floats((long)rows * columns);
        Convert(tensor, values, rows);
        return new WeightMatrix(floats, (byte*)values, (nint)columns * sizeof(float), rows, columns, _exact);
    }

    /// <summary>[in, out] as stored by GPT-2's Conv1D becomes [out, in], in the stored type.</summary>
    private WeightMatrix Transpose(TensorInfo tensor, int rows, int columns)
    {
        if (_transposes.TryGetValue(tensor.Name, out WeightMatrix? done))
        {
            return done;
        }

        Quant quant = DefaultQuants.Find(tensor.DType) ?? throw EngineErrors.UnsupportedType(tensor);
        if (tensor.DType.IsBlock)
        {
            throw EngineErrors.TransposedBlocks(tensor);
        }

        int size = tensor.DType.BlockBytes;
        byte* turned = (byte*)_weights.Allocate((long)rows * columns * size).Address;
        using TensorData stored = Open(tensor);
        for (int c = 0; c < columns; c++)
        {
            byte* row = (byte*)stored.Address + (c * stored.RowBytes);
            for (int r = 0; r < rows; r++)
            {
                NativeMemory.Copy(row + ((long)r * size), turned + ((((long)r * columns) + c) * size), (nuint)size);
            }
        }

        return _transposes[tensor.Name] = new WeightMatrix(quant, turned, (nint)columns * size, rows, columns, _exact);
    }

    /// <summary>A vector as floats: values at <paramref name="places"/> of a whole, or all.</summary>
    private float* Vector(TensorInfo tensor, int count, float offset, int[]? places, int whole)
    {
        int stored = places is null ? count : whole;
        if (tensor.Shape.Elements != stored)
        {
            throw EngineErrors.WrongShape(tensor, $"[{stored}]");
        }

        float[] values = new float[stored];
        fixed (float* first = values)
        {
            Convert(tensor, first, tensor.Shape.Rows);
        }

        float* placed = Floats(count);
        for (int i = 0; i < count; i++)
        {
            placed[i] = values[places is null ? i : places[i]] + offset;
        }

        return placed;
    }

    /// <summary>The first rows of a tensor as floats.</summary>
    private void Convert(TensorInfo tensor, float* values, long rows)
    {
        Quant? quant = DefaultQuants.Find(tensor.DType);
        if (quant is null && tensor.DType != DTypes.F64)
        {
            throw EngineErrors.UnsupportedType(tensor);
        }

        using TensorData data = Open(tensor);
        int columns = checked((int)tensor.Shape.Columns);
        for (long row = 0; row < rows; row++, values += columns)
        {
            byte* stored = (byte*)data.Address + (row * data.RowBytes);
            if (quant is not null)
            {
                quant.Dequantize(stored, values, columns);
                continue;
            }

            for (int i = 0; i < columns; i++)
            {
                values[i] = (float)((double*)stored)[i];
            }
        }
    }

    private float* Floats(long count) => (float*)_weights.Allocate(count * sizeof(float)).Address;
}
