namespace LlmToolkit.Engine.Kernels;

/// <summary>Operations on single rows.</summary>
internal static unsafe class Elementwise
{
    /// <summary>y = x * rsqrt(mean(x²) + eps) * weight; null weight: ones. x and y may be the same row.</summary>
    public static void RmsNorm(SimdLevel level, float* x, float* weight, float epsilon, float* y, int count)
    {
        double sum = 0;
        for (int i = 0; i < count; i++)
        {
            sum += x[i] * x[i];
        }

        float scale = 1 / MathF.Sqrt((float)(sum / count) + epsilon);
        for (int i = 0; i < count; i++)
        {
            y[i] = x[i] * scale * (weight == null ? 1 : weight[i]);
        }
    }

    /// <summary>y = (x − mean) * rsqrt(variance + eps) * weight + bias; null weight: ones, null bias: zeros.</summary>
    public static void LayerNorm(SimdLevel level, float* x, float* weight, float* bias, float epsilon, float* y, int count)
    {
        double sum = 0;
        for (int i = 0; i < count; i++)
        {
            sum += x[i];
        }

        float mean = (float)(sum / count);
        double squares = 0;
        for (int i = 0; i < count; i++)
        {
            squares += (x[i] - mean) * (x[i] - mean);
        }

        float scale = 1 / MathF.Sqrt((float)(squares / count) + epsilon);
        for (int i = 0; i < count; i++)
        {
            y[i] = ((x[i] - mean) * scale * (weight == null ? 1 : weight[i])) + (bias == null ? 0 : bias[i]);
        }
    }

    /// <summary>y += x.</summary>
    public static void Add(SimdLevel level, float* x, float* y, int count)
    {
        for (int i = 0; i < count; i++)
        {
            y[i] += x[i];
        }
    }

    /// <summary>y *= factor.</summary>
    public static void Scale(SimdLevel level, float factor, float* y, int count)
    {
        for (int i = 0; i < count; i++)
        {
            y[i] *= factor;
        }
    }

    /// <summary>y = silu(gate) * up.</summary>
    public static void SiluMul(SimdLevel level, float* gate, float* up, float* y, int count)
    {
        for (int i = 0; i < count; i++)
        {
            y[i] = gate[i] / (1 + MathF.Exp(-gate[i])) * up[i];
        }
    }

    /// <summary>y = gelu(x), tanh form; up, when not null, multiplies it.</summary>
    public static void GeluTanh(SimdLevel level, float* x, float* up, float* y, int count)
    {
        for (int i = 0; i < count; i++)
        {
            float v = x[i];
            float gelu = 0.5f * v * (1 + MathF.Tanh(0.7978845608028654f * (v + (0.044715f * v * v * v))));
            y[i] = gelu * (up == null ? 1 : up[i]);
        }
    }

    /// <summary>y = gelu(x), exact form with erf; up, when not null, multiplies it.</summary>
    public static void GeluErf(SimdLevel level, float* x, float* up, float* y, int count)
    {
        for (int i = 0; i < count; i++)
        {
            y[i] = (float)(0.5 * x[i] * (1 + Erf(x[i] * 0.7071067811865476))) * (up == null ? 1 : up[i]);
        }
    }

    /// <summary>y = relu(x).</summary>
    public static void Relu(SimdLevel level, float* x, float* y, int count)
    {
        for (int i = 0; i < count; i++)
        {
            y[i] = MathF.Max(0, x[i]);
        }
    }

    /// <summary>y = cap * tanh(y / cap).</summary>
    public static void SoftCap(SimdLevel level, float cap, float* y, int count)
    {
        for (int i = 0; i < count; i++)
        {
            y[i] = cap * MathF.Tanh(y[i] / cap);
        }
    }

    /// <summary>
    /// Rotates one head in place, half-split pairs (i, i + half) of the first 2 * half values: cos and sin are the position's rows [half].
    /// </summary>
    public static void RopeHalves(SimdLevel level, float* head, float* cos, float* sin, int half)
    {
        for (int i = 0; i < half; i++)
        {
            float a = head[i];
            float b = head[i + half];
            head[i] = (a * cos[i]) - (b * sin[i]);
            head[i + half] = (a * sin[i]) + (b * cos[i]);
        }
    }

    /// <summary>Rotates one head in place, neighbour pairs (2i, 2i + 1).</summary>
    public static void RopePairs(SimdLevel level, float* head, float* cos, float* sin, int half)
    {
        for (int i = 0; i < half; i++)
        {
            float a = head[2 * i];
            float b = head[(2 * i) + 1];
            head[2 * i] = (a * cos[i]) - (b * sin[i]);
            head[(2 * i) + 1] = (a * sin[i]) + (b * cos[i]);
        }
    }

    /// <summary>Error function, absolute error below 1.2e-16 × a few ulp in the range used: series below 2.5, continued fraction above.</summary>
    internal static double Erf(double x)
    {
        double a = Math.Abs(x);
        if (a > 6)
        {
            return Math.Sign(x);
        }

        if (a < 2.5)
        {
            double term = a;
            double sum = a;
            for (int n = 1; Math.Abs(term) > 1e-17 * Math.Abs(sum) && n < 100; n++)
            {
                term *= -a * a / n;
                sum += term / ((2 * n) + 1);
            }

            return Math.Sign(x) * 2 / Math.Sqrt(Math.PI) * sum;
        }

        double fraction = 0;
        for (int n = 60; n > 0; n--)
        {
            fraction = n / 2.0 / (a + fraction);
        }

        return Math.Sign(x) * (1 - (Math.Exp(-a * a) / Math.Sqrt(Math.PI) / (a + fraction)));
    }
}
