using LlmToolkit.Engine.Kernels;

namespace LlmToolkit.Engine.Quants;

/// <summary>Single-precision weights, little-endian.</summary>
internal sealed unsafe class F32 : Quant
{
    public override DType DType => DTypes.F32;

    public override ActivationForms FastForm => ActivationForms.F32;

    public override void Dequantize(byte* row, float* values, int count) => new ReadOnlySpan<float>(row, count).CopyTo(new Span<float>(values, count));

    public override void DotF32(SimdLevel level, byte* rows, nint rowBytes, int count, float* x, int columns, float* y)
    {
        for (int r = 0; r < count; r++, rows += rowBytes)
        {
            float sum = 0;
            for (int c = 0; c < columns; c++)
            {
                sum += ((float*)rows)[c] * x[c];
            }

            y[r] = sum;
        }
    }

    public override void MakePanelF32(SimdLevel level, byte** rows, int columns, float* panel, float* scratch)
    {
        for (int r = 0; r < 32; r++)
        {
            for (int c = 0; c < columns; c++)
            {
                panel[(c * 32) + r] = rows[r] == null ? 0 : ((float*)rows[r])[c];
            }
        }
    }
}
