using LlmToolkit.Engine.Kernels;

namespace LlmToolkit.Engine.Blocks;

/// <summary>Scales a row to a common size.</summary>
internal unsafe interface INorm
{
    /// <summary>Normalises <paramref name="x"/> into <paramref name="y"/>; they may be the same row.</summary>
    void Apply(float* x, float* y);
}

/// <summary>x * rsqrt(mean(x²) + epsilon) * weight.</summary>
/// <param name="weight">[count]; null: ones.</param>
/// <param name="epsilon">Keeps a row of zeros finite.</param>
/// <param name="count">Width of a row.</param>
internal sealed unsafe class RmsNorm(float* weight, float epsilon, int count) : INorm
{
    private readonly float* _weight = weight;

    public void Apply(float* x, float* y) => Elementwise.RmsNorm(Simd.Level, x, _weight, epsilon, y, count);
}

/// <summary>(x − mean) * rsqrt(variance + epsilon) * weight + bias.</summary>
/// <param name="weight">[count]; null: ones.</param>
/// <param name="bias">[count]; null: zeros.</param>
/// <param name="epsilon">Keeps a constant row finite.</param>
/// <param name="count">Width of a row.</param>
internal sealed unsafe class LayerNorm(float* weight, float* bias, float epsilon, int count) : INorm
{
    private readonly float* _weight = weight;
    private readonly float* _bias = bias;

    public void Apply(float* x, float* y) => Elementwise.LayerNorm(Simd.Level, x, _weight, _bias, epsilon, y, count);
}
