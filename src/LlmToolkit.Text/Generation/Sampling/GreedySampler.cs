namespace LlmToolkit.Text;

/// <summary>Takes the largest logit; of equal ones the lowest id.</summary>
internal static class GreedySampler
{
    /// <summary>The token, or −1 when no logit is a number above −∞.</summary>
    public static int Choose(ReadOnlySpan<float> logits)
    {
        int best = -1;
        float max = float.NegativeInfinity;
        for (int id = 0; id < logits.Length; id++)
        {
            // False for NaN, which therefore never wins.
            if (logits[id] > max)
            {
                (best, max) = (id, logits[id]);
            }
        }

        return best;
    }
}
