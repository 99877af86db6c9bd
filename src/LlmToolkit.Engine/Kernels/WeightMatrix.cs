using LlmToolkit.Engine.Quants;

namespace LlmToolkit.Engine.Kernels;

/// <summary>A matrix of weights [rows, columns], used where it lies. Does not own its memory: the model that binds it does.</summary>
internal sealed unsafe class WeightMatrix(Quant quant, byte* data, nint rowBytes, int rows, int columns, bool exact)
{
    /// <summary>The weight type.</summary>
    public Quant Quant { get; } = quant;

    /// <summary>First byte of stored row 0.</summary>
    public byte* Data { get; } = data;

    /// <summary>Bytes from one stored row to the next.</summary>
    public nint RowBytes { get; } = rowBytes;

    /// <summary>Outputs.</summary>
    public int Rows { get; } = rows;

    /// <summary>Inputs.</summary>
    public int Columns { get; } = columns;

    /// <summary>True when only float activations may be used.</summary>
    public bool Exact { get; } = exact;

    /// <summary>The stored row that output row r reads; null: row r itself. Undoes permutations of rows without copying.</summary>
    public int[]? RowOrder { get; init; }

    /// <summary>Added to the outputs, [rows]; null: nothing.</summary>
    public float* Bias { get; init; }

    /// <summary>The form of activations that <see cref="MatMul"/> reads.</summary>
    public ActivationForms Form =>
        Exact || Quant.FastForm == ActivationForms.F32 ? ActivationForms.F32
        : Quant.Panel is null ? ActivationForms.Q8 | ActivationForms.F32
        : ActivationForms.Q8;

    /// <summary>Address of the stored row of output row <paramref name="row"/>.</summary>
    public byte* Row(int row) => Data + ((RowOrder is null ? row : RowOrder[row]) * RowBytes);

    /// <summary>How many of the output rows from <paramref name="row"/> on, at most <paramref name="most"/>, are stored at even distances.</summary>
    /// <param name="row">First output row.</param>
    /// <param name="most">Most rows, at least 1.</param>
    /// <param name="rowBytes">The distance.</param>
    public int Evenly(int row, int most, out nint rowBytes)
    {
        if (RowOrder is null || most == 1)
        {
            rowBytes = RowBytes;
            return most;
        }

        int step = RowOrder[row + 1] - RowOrder[row];
        int count = 2;
        while (count < most && RowOrder[row + count] - RowOrder[row + count - 1] == step)
        {
            count++;
        }

        rowBytes = step * RowBytes;
        return count;
    }
}
