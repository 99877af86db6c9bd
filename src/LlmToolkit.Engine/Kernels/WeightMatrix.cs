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
    public ActivationForms Form => Exact ? ActivationForms.F32 : Quant.FastForm;

    /// <summary>Address of the stored row of output row <paramref name="row"/>.</summary>
    public byte* Row(int row) => Data + ((RowOrder is null ? row : RowOrder[row]) * RowBytes);
}
