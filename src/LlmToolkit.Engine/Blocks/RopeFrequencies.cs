namespace LlmToolkit.Engine.Blocks;

/// <summary>The angles of a rope: position p turns pair i by p * Inverse[i].</summary>
internal abstract class RopeFrequencies(int pairs, float attentionFactor)
{
    /// <summary>Rotated pairs of a head.</summary>
    public int Pairs { get; } = pairs;

    /// <summary>Multiplies cosines and sines.</summary>
    public float AttentionFactor { get; } = attentionFactor;

    /// <summary>Frequencies for a sequence that is <paramref name="length"/> tokens long, those to come in this pass counted.</summary>
    public abstract ReadOnlySpan<float> Inverse(int length);

    /// <summary>Called by one thread before others ask for the frequencies of that length.</summary>
    public virtual void Prepare(int length)
    {
    }

    /// <summary>Keys that were cached under another epoch than the current one have to be computed again.</summary>
    public virtual int Epoch(int length) => 0;

    /// <summary>False when a frequency at the shortest or a long length, or the factor, is no finite number.</summary>
    public bool AreFinite
    {
        get
        {
            bool finite = float.IsFinite(AttentionFactor);
            foreach (int length in (ReadOnlySpan<int>)[1, int.MaxValue])
            {
                Prepare(length);
                foreach (float frequency in Inverse(length))
                {
                    finite &= float.IsFinite(frequency);
                }
            }

            return finite;
        }
    }

    /// <summary>Writes cosines and sines [Pairs] of one position.</summary>
    public unsafe void Angles(int position, int length, float* cos, float* sin)
    {
        ReadOnlySpan<float> inverse = Inverse(length);
        for (int i = 0; i < inverse.Length; i++)
        {
            // The product is rounded to single precision before the functions, as the references do.
            (double s, double c) = Math.SinCos(position * inverse[i]);
            cos[i] = (float)c * AttentionFactor;
            sin[i] = (float)s * AttentionFactor;
        }
    }
}

/// <summary>The same frequencies at every length.</summary>
internal sealed class FixedFrequencies(float[] inverse, float attentionFactor = 1) : RopeFrequencies(inverse.Length, attentionFactor)
{
    public override ReadOnlySpan<float> Inverse(int length) => inverse;
}

/// <summary>LongRoPE by the length of the sequence: short factors up to the original context, long ones for all positions beyond it.</summary>
internal sealed class LongRopeFrequencies(float[] shortInverse, float[] longInverse, int original, float attentionFactor) : RopeFrequencies(shortInverse.Length, attentionFactor)
{
    public override ReadOnlySpan<float> Inverse(int length) => length > original ? longInverse : shortInverse;

    public override int Epoch(int length) => length > original ? 1 : 0;
}

/// <summary>Dynamic NTK: beyond the trained length the base grows with the sequence. Keys already cached keep their rotation, as in the reference.</summary>
internal sealed class DynamicFrequencies(double theta, int dims, double factor, int trained) : RopeFrequencies(dims / 2, 1)
{
    private readonly float[] _plain = RopeRules.Plain(theta, dims);
    private readonly float[] _grown = new float[dims / 2];
    private int _grownFor;

    public override ReadOnlySpan<float> Inverse(int length) => length <= trained ? _plain : _grown;

    public override void Prepare(int length)
    {
        if (length > trained && length != _grownFor)
        {
            double grown = theta * Math.Pow((factor * length / trained) - (factor - 1), dims / (dims - 2.0));
            RopeRules.Plain(grown, dims).CopyTo(_grown, 0);
            _grownFor = length;
        }
    }
}

/// <summary>The scaling rules, as arithmetic on inverse frequencies. Source of the formulas: transformers, <c>modeling_rope_utils.py</c>.</summary>
internal static class RopeRules
{
    /// <summary>θ^(−2i / dims).</summary>
    public static float[] Plain(double theta, int dims)
    {
        float[] inverse = new float[dims / 2];
        for (int i = 0; i < inverse.Length; i++)
        {
            inverse[i] = 1 / (float)Math.Pow(theta, (float)(2 * i) / dims);
        }

        return inverse;
    }

    /// <summary>Each frequency divided by its own factor.</summary>
    public static float[] Divide(float[] inverse, IReadOnlyList<float> factors) => [.. inverse.Select((f, i) => f / factors[i])];

    /// <summary>Every frequency divided by the same factor.</summary>
    public static float[] Linear(float[] inverse, double factor) => [.. inverse.Select(f => f / (float)factor)];

    /// <summary>Llama 3: slow frequencies divided by the factor, fast ones kept, a ramp between.</summary>
    /// <remarks>In single precision and as divisors, as llama.cpp's converter writes them into a GGUF: so checkpoint and GGUF turn by the same angles.</remarks>
    public static float[] Llama3(float[] inverse, float factor, float low, float high, float original)
    {
        float[] divisors = new float[inverse.Length];
        for (int i = 0; i < inverse.Length; i++)
        {
            float wavelength = 2 * MathF.PI / inverse[i];
            float smooth = ((original / wavelength) - low) / (high - low);
            divisors[i] = wavelength < original / high ? 1
                : wavelength > original / low ? factor
                : 1 / (((1 - smooth) / factor) + smooth);
        }

        return Divide(inverse, divisors);
    }

    /// <summary>YaRN: slow frequencies divided by the factor, fast ones kept; the ramp runs over the pairs' indices.</summary>
    public static float[] Yarn(float[] inverse, double theta, double factor, double original, double betaFast, double betaSlow, bool truncate)
    {
        int dims = inverse.Length * 2;
        double low = Correction(betaFast);
        double high = Correction(betaSlow);
        if (truncate)
        {
            low = Math.Floor(low);
            high = Math.Ceiling(high);
        }

        low = Math.Max(low, 0);
        high = Math.Min(high, dims - 1);
        high = high == low ? high + 0.001 : high;
        float[] scaled = new float[inverse.Length];
        for (int i = 0; i < scaled.Length; i++)
        {
            float ramp = (float)Math.Clamp((i - low) / (high - low), 0, 1);
            scaled[i] = (inverse[i] * (1 - ramp)) + (inverse[i] / (float)factor * ramp);
        }

        return scaled;

        double Correction(double rotations) => dims * Math.Log(original / (rotations * 2 * Math.PI)) / (2 * Math.Log(theta));
    }

    /// <summary>YaRN's growth of attention: 0.1 * scale * ln(factor) + 1.</summary>
    public static double YarnMagnitude(double factor, double scale = 1) => factor <= 1 ? 1 : (0.1 * scale * Math.Log(factor)) + 1;

    /// <summary>LongRoPE's growth of attention: sqrt(1 + ln(factor) / ln(original)).</summary>
    public static double LongRopeMagnitude(double factor, double original) => factor <= 1 ? 1 : Math.Sqrt(1 + (Math.Log(factor) / Math.Log(original)));
}
