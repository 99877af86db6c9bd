using System.Diagnostics;
using System.Runtime.InteropServices;
using LlmToolkit.Engine.Kernels;
using LlmToolkit.Engine.Quants;

namespace LlmToolkit.Engine.Model;

/// <summary>Takes references to a container's tensors. What cannot be used in place is copied once, and counted. The first fault ends the load.</summary>
/// <param name="container">Where the tensors are.</param>
/// <param name="weights">Owns what is bound.</param>
/// <param name="exact">Products keep float activations.</param>
internal sealed unsafe class LoadedWeights(ModelContainer container, DecoderWeights weights, bool exact) : WeightSource
{
    private readonly Dictionary<string, TensorData> _inPlace = new(StringComparer.Ordinal);
    private readonly Dictionary<string, WeightMatrix> _transposes = new(StringComparer.Ordinal);

    public override WeightMatrix Matrix(TensorInfo tensor, int rows, int columns)
    {
        if (DefaultQuants.Find(tensor.DType) is { } quant)
        {
            TensorData data = Keep(tensor);
            return new WeightMatrix(quant, (byte*)data.Address, (nint)data.RowBytes, rows, columns, exact);
        }

        // Double precision is rounded once; every other type the engine does not multiply was refused.
        float* values = Floats((long)rows * columns);
        Convert(tensor, values, rows);
        return new WeightMatrix(DefaultQuants.Find(DTypes.F32)!, (byte*)values, (nint)columns * sizeof(float), rows, columns, exact);
    }

    /// <summary>[in, out] as stored by GPT-2's Conv1D becomes [out, in], in the stored type.</summary>
    public override WeightMatrix Transposed(TensorInfo tensor, int rows, int columns)
    {
        if (_transposes.TryGetValue(tensor.Name, out WeightMatrix? done))
        {
            return done;
        }

        int size = tensor.DType.BlockBytes;
        byte* turned = (byte*)weights.Allocate((long)rows * columns * size).Address;
        using TensorData stored = container.Read(tensor);
        for (int c = 0; c < columns; c++)
        {
            byte* row = (byte*)stored.Address + (c * stored.RowBytes);
            for (int r = 0; r < rows; r++)
            {
                NativeMemory.Copy(row + ((long)r * size), turned + ((((long)r * columns) + c) * size), (nuint)size);
            }
        }

        stored.Memory.ThrowIfChanged();
        return _transposes[tensor.Name] = new WeightMatrix(DefaultQuants.Find(tensor.DType)!, turned, (nint)columns * size, rows, columns, exact);
    }

    public override float* Vector(TensorInfo tensor, int count, float offset, int[]? places)
    {
        float[] values = new float[checked((int)tensor.Shape.Elements)];
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

    public override float* FirstRow(TensorInfo tensor, int columns)
    {
        float* row = Floats(columns);
        Convert(tensor, row, 1);
        return row;
    }

    public override float[] Copy(float* values, int count) => new ReadOnlySpan<float>(values, count).ToArray();

    public override WeightMatrix Absent(int rows, int columns) => throw new UnreachableException("A load ends with the first fault.");

    public override void Refuse(ModelException fault) => throw fault;

    public override void RefuseMissing(string file, IReadOnlyList<string> names) => throw EngineErrors.MissingTensor(file, names);

    /// <summary>Opens a tensor that is used where it lies as long as the model lives.</summary>
    private TensorData Keep(TensorInfo tensor)
    {
        if (!_inPlace.TryGetValue(tensor.Name, out TensorData? data))
        {
            _inPlace[tensor.Name] = data = weights.Keep(container.Read(tensor));
        }

        return data;
    }

    /// <summary>The first rows of a tensor as floats.</summary>
    private void Convert(TensorInfo tensor, float* values, long rows)
    {
        Quant? quant = DefaultQuants.Find(tensor.DType);
        using TensorData data = container.Read(tensor);
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

        data.Memory.ThrowIfChanged();
    }

    private float* Floats(long count) => (float*)weights.Allocate(count * sizeof(float)).Address;
}
