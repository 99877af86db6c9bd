using LlmToolkit.Engine.Kernels;

namespace LlmToolkit.Engine.Blocks;

/// <summary>The non-linear function of a feed-forward block.</summary>
internal abstract unsafe class Activation
{
    /// <summary>The functions by the names that config.json uses.</summary>
    private static readonly Dictionary<string, Activation> ByName = new(StringComparer.Ordinal)
    {
        ["silu"] = new Silu(),
        ["swish"] = new Silu(),
        ["gelu"] = new GeluErf(),
        ["gelu_python"] = new GeluErf(),
        ["gelu_new"] = new GeluTanh(),
        ["gelu_fast"] = new GeluTanh(),
        ["gelu_pytorch_tanh"] = new GeluTanh(),
        ["gelu_accurate"] = new GeluTanh(),
        ["relu"] = new Relu(),
        ["relu2"] = new Pointwise(static x => x > 0 ? x * x : 0),
        ["quick_gelu"] = new Pointwise(static x => x / (1 + MathF.Exp(-1.702f * x))),
        ["tanh"] = new Pointwise(MathF.Tanh),
        ["sigmoid"] = new Pointwise(static x => 1 / (1 + MathF.Exp(-x))),
        ["linear"] = new Pointwise(static x => x),
    };

    /// <summary>The names that are known.</summary>
    public static IEnumerable<string> Names => ByName.Keys;

    /// <summary>The function of that name, or null.</summary>
    public static Activation? Find(string name) => ByName.GetValueOrDefault(name);

    /// <summary>y = f(x), times up where up is not null. y may be x.</summary>
    public abstract void Apply(float* x, float* up, float* y, int count);

    private sealed class Silu : Activation
    {
        public override void Apply(float* x, float* up, float* y, int count) => Elementwise.SiluMul(Simd.Level, x, up, y, count);
    }

    private sealed class GeluErf : Activation
    {
        public override void Apply(float* x, float* up, float* y, int count) => Elementwise.GeluErf(Simd.Level, x, up, y, count);
    }

    private sealed class GeluTanh : Activation
    {
        public override void Apply(float* x, float* up, float* y, int count) => Elementwise.GeluTanh(Simd.Level, x, up, y, count);
    }

    private sealed class Relu : Activation
    {
        public override void Apply(float* x, float* up, float* y, int count)
        {
            Elementwise.Relu(Simd.Level, x, y, count);
            for (int i = 0; up != null && i < count; i++)
            {
                y[i] *= up[i];
            }
        }
    }

    /// <summary>A function too rare for a kernel of its own.</summary>
    private sealed class Pointwise(Func<float, float> function) : Activation
    {
        public override void Apply(float* x, float* up, float* y, int count)
        {
            for (int i = 0; i < count; i++)
            {
                y[i] = function(x[i]) * (up == null ? 1 : up[i]);
            }
        }
    }
}
