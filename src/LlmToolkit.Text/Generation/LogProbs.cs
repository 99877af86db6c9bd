namespace LlmToolkit.Text;

/// <summary>Log probabilities of tokens, before any sampling setting.</summary>
internal static class LogProbs
{
    /// <summary>The natural logarithm of the sum of the exponentials: subtracted from a logit it gives a log probability.</summary>
    public static double LogSumExp(ReadOnlySpan<float> logits)
    {
        float max = GreedySampler.Max(logits);
        double sum = 0;
        foreach (float logit in logits)
        {
            sum += Math.Exp(logit - (double)max);
        }

        return max + Math.Log(sum);
    }

    /// <summary>The <paramref name="count"/> largest logits, the largest first; of equal ones the lower id first.</summary>
    public static int[] Top(ReadOnlySpan<float> logits, int count)
    {
        int[] top = new int[Math.Min(count, logits.Length)];
        int used = 0;
        for (int id = 0; id < logits.Length && top.Length > 0; id++)
        {
            if (used == top.Length && !(logits[id] > logits[top[^1]]))
            {
                continue;
            }

            int at = used < top.Length ? used++ : used - 1;
            for (; at > 0 && logits[id] > logits[top[at - 1]]; at--)
            {
                top[at] = top[at - 1];
            }

            top[at] = id;
        }

        return top;
    }
}
