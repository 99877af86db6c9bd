using LlmToolkit.Engine.Kernels;

namespace LlmToolkit.Engine.Model;

/// <summary>Finds tensors by role, checks their shapes and types, and takes their values from a source: the container, or nowhere in a rehearsal.</summary>
internal sealed unsafe class WeightBinder
{
    private readonly ModelContainer _container;
    private readonly TensorNames _names;
    private readonly IReadOnlyList<string> _prefixes;
    private readonly WeightSource _source;
    private readonly bool _transposed;
    private readonly HashSet<string> _used = new(StringComparer.Ordinal);

    /// <param name="container">Where the tensors are.</param>
    /// <param name="names">What they are called.</param>
    /// <param name="prefixes">What Hugging Face checkpoints put in front.</param>
    /// <param name="source">Gives their values.</param>
    /// <param name="transposed">Projections are stored [in, out].</param>
    public WeightBinder(ModelContainer container, TensorNames names, IReadOnlyList<string> prefixes, WeightSource source, bool transposed) =>
        (_container, _names, _prefixes, _source, _transposed) = (container, names, prefixes, source, transposed);

    /// <summary>True when nothing is read and no memory is taken: sizes that are only stated must not be allocated.</summary>
    public bool Rehearsing => _source.Rehearsing;

    /// <summary>Number of tensors in the container.</summary>
    public int Tensors => _container.Tensors.Count;

    /// <summary>Says which setting asks for a size, for messages.</summary>
    public Func<long, string?> SizeName { get; set; } = _ => null;

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

    /// <summary>True when the architecture has a name for the role.</summary>
    public bool Knows(string role) => _names[role].Length > 0;

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
        TensorInfo? tensor = Require(role, ".weight", layer, expert);
        int found = rows ?? (tensor?.Shape.Count == 2 ? (int)Math.Clamp(tensor.Shape[transposed ? 1 : 0], 1, int.MaxValue) : 1);
        return tensor is null || !Fits(tensor, transposed ? [columns, found] : [found, columns]) || !Usable(tensor, transposed) ? _source.Absent(found, columns)
            : transposed ? _source.Transposed(tensor, found, columns) : _source.Matrix(tensor, found, columns);
    }

    /// <summary>A stack of matrices [count, rows, columns] as one matrix of all rows.</summary>
    public WeightMatrix Stack(string role, int layer, int count, int rows, int columns)
    {
        TensorInfo? tensor = Require(role, ".weight", layer);
        if (tensor is null || !Fits(tensor, [count, rows, columns]) || !Usable(tensor, false))
        {
            return _source.Absent(rows, columns);
        }

        if ((long)count * rows > int.MaxValue)
        {
            _source.Refuse(EngineErrors.WrongShape(tensor, $"fewer than {int.MaxValue} rows in all", null));
            return _source.Absent(rows, columns);
        }

        return _source.Matrix(tensor, count * rows, columns);
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
    public float* Optional(string role, string suffix, int layer, int count, float offset = 0, int expert = 0) =>
        Vector(Use(Find(role, suffix, layer, expert)), count, offset);

    /// <summary>A vector [count] as floats, <paramref name="offset"/> added.</summary>
    public float* Vector(string role, string suffix, int layer, int count, float offset = 0) => Vector(Require(role, suffix, layer), count, offset);

    /// <summary>Some rows of a bias of <paramref name="whole"/> rows, in the order of the weights they belong to; null where there is none.</summary>
    public float* BiasPart(string role, int layer, int whole, int first, int rows, int[]? order)
    {
        TensorInfo? tensor = Use(Find(role, ".bias", layer));
        if (tensor is null || !Fits(tensor, [whole]) || !Usable(tensor, false) || Rehearsing)
        {
            return null;
        }

        int[] places = new int[rows];
        for (int i = 0; i < rows; i++)
        {
            places[i] = first + (order is null ? i : order[i]);
        }

        return _source.Vector(tensor, rows, 0, places);
    }

    /// <summary>The values of a small tensor, whatever its shape, as floats; in a rehearsal ones.</summary>
    public float[]? Values(string role, int layer, int count)
    {
        float* values = Optional(role, ".weight", layer, count);
        return values == null ? null : _source.Copy(values, count);
    }

    /// <summary>The first row of a table as floats, whatever the table's other rows.</summary>
    public float* FirstRow(string role, int columns)
    {
        TensorInfo? tensor = Require(role, ".weight", 0);
        if (tensor is not null && (tensor.Shape.Count != 2 || tensor.Shape[0] < 1 || tensor.Shape[1] != columns))
        {
            _source.Refuse(EngineErrors.WrongShape(tensor, $"[any, {columns}]", null));
            return null;
        }

        return tensor is null || !Usable(tensor, false) ? null : _source.FirstRow(tensor, columns);
    }

    /// <summary>Tensors that nothing has asked for.</summary>
    public IEnumerable<TensorInfo> Unused() => _container.Tensors.Where(t => !_used.Contains(t.Name));

    private float* Bias(string role, int layer, int expert, int rows) => Optional(role, ".bias", layer, rows, 0, expert);

    private TensorInfo? Require(string role, string suffix, int layer, int expert = 0)
    {
        TensorInfo? found = Use(Find(role, suffix, layer, expert));
        if (found is null)
        {
            _source.RefuseMissing(_container.Artifact.Path, [.. _names.Candidates(_container.Naming, role, layer, expert, _prefixes).Select(n => n + suffix)]);
        }

        return found;
    }

    private TensorInfo? Use(TensorInfo? tensor)
    {
        if (tensor is not null)
        {
            _used.Add(tensor.Name);
        }

        return tensor;
    }

    private float* Vector(TensorInfo? tensor, int count, float offset)
    {
        if (tensor is null)
        {
            return null;
        }

        if (tensor.Shape.Elements != count)
        {
            _source.Refuse(EngineErrors.WrongShape(tensor, $"[{count}]", Disagreement(tensor, [count])));
            return null;
        }

        return Usable(tensor, false) ? _source.Vector(tensor, count, offset, null) : null;
    }

    private bool Fits(TensorInfo tensor, long[] shape)
    {
        bool fits = tensor.Shape.SequenceEqual(shape);
        if (!fits)
        {
            _source.Refuse(EngineErrors.WrongShape(tensor, "[" + string.Join(", ", shape) + "]", Disagreement(tensor, shape)));
        }

        return fits;
    }

    /// <summary>The first dimension that differs and the setting that asks for it; null where the number of dimensions differs already, or no setting is known.</summary>
    private string? Disagreement(TensorInfo tensor, long[] shape)
    {
        for (int i = 0; tensor.Shape.Count == shape.Length && i < shape.Length; i++)
        {
            if (tensor.Shape[i] != shape[i])
            {
                return SizeName(shape[i]) is { } name ? $"dimension {i} is {tensor.Shape[i]}, but {name} makes it {shape[i]}" : $"dimension {i} is {tensor.Shape[i]}, expected {shape[i]}";
            }
        }

        return null;
    }

    private bool Usable(TensorInfo tensor, bool transposed)
    {
        ModelException? fault =
            _container.TryFind(tensor.Name[..Math.Max(0, tensor.Name.LastIndexOf('.'))] + ".scale", out TensorInfo? scale) ? EngineErrors.ScaledTensor(tensor, scale.Name)
            : DefaultQuants.Find(tensor.DType) is null && (transposed || tensor.DType != DTypes.F64) ? EngineErrors.UnsupportedType(tensor)
            : transposed && tensor.DType.IsBlock ? EngineErrors.TransposedBlocks(tensor)
            : null;
        if (fault is not null)
        {
            _source.Refuse(fault);
        }

        return fault is null;
    }
}
