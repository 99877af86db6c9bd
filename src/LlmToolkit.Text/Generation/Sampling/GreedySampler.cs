using System.Numerics;

namespace LlmToolkit.Text;

/// <summary>Takes the largest logit; of equal ones the lowest id.</summary>
internal static class GreedySampler
{
    /// <summary>The token, or −1 when no logit is a number above −∞.</summary>
    public static int Choose(ReadOnlySpan<float> logits)
    {
        float max = Max(logits);
        if (float.IsNegativeInfinity(max))
        {
            return -1;
        }

        int id = 0;
        while (logits[id] != max)
        {
            id++;
        }

        return id;
    }

    /// <summary>The largest logit, NaN left out; −∞ when there is none.</summary>
    public static float Max(ReadOnlySpan<float> logits)
    {
        float max = float.NegativeInfinity;
        int i = 0;
        if (logits.Length >= Vector<float>.Count)
        {
            Vector<float> lanes = new(max);
            for (; i <= logits.Length - Vector<float>.Count; i += Vector<float>.Count)
            {
                lanes = Vector.MaxNumber(lanes, new Vector<float>(logits[i..]));
            }

            for (int lane = 0; lane < Vector<float>.Count; lane++)
            {
                max = Math.Max(max, lanes[lane]);
            }
        }

        for (; i < logits.Length; i++)
        {
            max = float.MaxNumber(max, logits[i]);
        }

        return max;
    }
}
