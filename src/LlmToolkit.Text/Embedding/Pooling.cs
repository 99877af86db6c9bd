namespace LlmToolkit.Text;

/// <summary>Makes one vector of the hidden states of a text.</summary>
/// <remarks>Modes and their names are sentence-transformers' (sentence_transformers/models/Pooling.py).</remarks>
internal static class Pooling
{
    /// <summary>The modes that give one vector.</summary>
    public static IReadOnlyList<string> Modes { get; } = ["mean", "cls", "max", "lasttoken", "weightedmean", "mean_sqrt_len_tokens"];

    /// <summary>Pools, then scales to length 1 where the model wants it.</summary>
    /// <param name="hidden">Hidden states [tokens, width], at least one token.</param>
    /// <param name="width">Width of a hidden state.</param>
    /// <param name="options">The model's pooling.</param>
    /// <exception cref="ModelException">The mode is unknown.</exception>
    public static float[] Pool(ReadOnlySpan<float> hidden, int width, PoolingOptions options)
    {
        int tokens = hidden.Length / width;
        float[] vector = options.Mode switch
        {
            "cls" => hidden[..width].ToArray(),
            "lasttoken" => hidden[((tokens - 1) * width)..].ToArray(),
            "max" => Max(hidden, width),
            "mean" => WeightedSum(hidden, width, _ => 1, tokens),
            "mean_sqrt_len_tokens" => WeightedSum(hidden, width, _ => 1, Math.Sqrt(tokens)),
            // Token i of n weighs i + 1, so later tokens, which have seen more, count more.
            "weightedmean" => WeightedSum(hidden, width, token => token + 1, tokens * (tokens + 1.0) / 2),
            _ => throw EmbeddingErrors.UnknownPooling(options.Mode, Modes),
        };
        if (options.Normalize)
        {
            Normalize(vector);
        }

        return vector;
    }

    private static float[] Max(ReadOnlySpan<float> hidden, int width)
    {
        float[] max = hidden[..width].ToArray();
        for (int i = width; i < hidden.Length; i++)
        {
            max[i % width] = Math.Max(max[i % width], hidden[i]);
        }

        return max;
    }

    private static float[] WeightedSum(ReadOnlySpan<float> hidden, int width, Func<int, double> weight, double divisor)
    {
        double[] sum = new double[width];
        for (int i = 0; i < hidden.Length; i++)
        {
            sum[i % width] += hidden[i] * weight(i / width);
        }

        return Array.ConvertAll(sum, s => (float)(s / divisor));
    }

    private static void Normalize(Span<float> vector)
    {
        double squares = 0;
        foreach (float value in vector)
        {
            squares += (double)value * value;
        }

        // torch.nn.functional.normalize divides by at least 1e-12.
        double length = Math.Max(Math.Sqrt(squares), 1e-12);
        foreach (ref float value in vector)
        {
            value = (float)(value / length);
        }
    }
}
