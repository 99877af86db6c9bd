using LlmToolkit.Engine.Kernels;

namespace LlmToolkit.Engine.Quants;

/// <summary>Which form of the activations a product reads.</summary>
[Flags]
internal enum ActivationForms
{
    /// <summary>Single-precision rows.</summary>
    F32 = 1,

    /// <summary>Blocks of 32 signed bytes with one scale.</summary>
    Q8 = 2,
}

/// <summary>One row of activations as signed bytes: x[i] = Scales[i / 32] * Quants[i]. Made once per row for all quantized weights.</summary>
internal unsafe struct Q8Row
{
    /// <summary>[k] values from −127 to 127.</summary>
    public sbyte* Quants;

    /// <summary>[k / 32] scales.</summary>
    public float* Scales;

    /// <summary>[k / 32] Scales[b] × the sum of the block's quants: what multiplies a weight block's minimum.</summary>
    public float* ScaledSums;

    /// <summary>[k / 16] sums of quants, for types with groups of 16.</summary>
    public short* Sums16;
}

/// <summary>Layout of a panel of 16 weight rows as unsigned bytes: see <see cref="Quant.MakePanelU8"/>.</summary>
/// <param name="Block">Weights that share a scale: 32 or 16.</param>
/// <param name="MaxValue">Largest unsigned value: 15, 31, 63 or 255; says how many products fit in 16 bits.</param>
internal readonly record struct PanelU8(int Block, int MaxValue)
{
    /// <summary>Rows of a panel.</summary>
    public const int Rows = 16;

    /// <summary>Bytes of one block of the panel: 16 scales, 16 minimums, then the values.</summary>
    public int BlockBytes => (2 * Rows * sizeof(float)) + (Rows * Block);

    /// <summary>Bytes of a panel over <paramref name="columns"/> columns.</summary>
    public nuint Bytes(int columns) => (nuint)(columns / Block * BlockBytes);
}

/// <summary>A weight type: its scalar definition, its row dots and its panels. One subclass a type, one line in <see cref="DefaultQuants"/>.</summary>
internal abstract unsafe class Quant
{
    /// <summary>The type.</summary>
    public abstract DType DType { get; }

    /// <summary>The form of activations that the fast path multiplies with; the exact path always takes F32.</summary>
    public abstract ActivationForms FastForm { get; }

    /// <summary>The unsigned-byte panel of the type, when the fast prefill path uses one; null: the F32 panel.</summary>
    public virtual PanelU8? Panel => null;

    /// <summary>The definition: <paramref name="count"/> values of a row, from its first block on. Bit-exact with ggml.</summary>
    public abstract void Dequantize(byte* row, float* values, int count);

    /// <summary>y[r] = dot(row r, x) for <paramref name="count"/> rows, <paramref name="rowBytes"/> apart, with float activations [columns].</summary>
    public abstract void DotF32(SimdLevel level, byte* rows, nint rowBytes, int count, float* x, int columns, float* y);

    /// <summary>y[r] = dot(row r, x) for <paramref name="count"/> rows with byte activations; only for types whose <see cref="FastForm"/> is Q8.</summary>
    public virtual void DotQ8(SimdLevel level, byte* rows, nint rowBytes, int count, in Q8Row x, int columns, float* y) =>
        throw new InvalidOperationException($"{DType} has no byte dot.");

    /// <summary>
    /// Writes 32 rows as an F32 panel [columns][32]: panel[c * 32 + r] = row r, column c. Missing rows (null) are zeros. <paramref name="scratch"/> has room for
    /// [32][columns] floats: <see cref="PanelF32.FromRows"/> turns rows that were written there into a panel. <paramref name="columns"/> are whole blocks.
    /// </summary>
    public abstract void MakePanelF32(SimdLevel level, byte** rows, int columns, float* panel, float* scratch);

    /// <summary>
    /// Writes 16 rows as a byte panel. For each block of <see cref="PanelU8.Block"/> columns: float scale[16], float min[16], then for each group of 4 columns
    /// byte value[16 rows][4]; weight = scale * value + min. Missing rows (null) are zeros.
    /// </summary>
    public virtual void MakePanelU8(SimdLevel level, byte** rows, int columns, byte* panel) =>
        throw new InvalidOperationException($"{DType} has no byte panel.");
}
