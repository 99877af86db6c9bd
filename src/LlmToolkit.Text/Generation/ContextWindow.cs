namespace LlmToolkit.Text;

/// <summary>The arithmetic of a full context.</summary>
internal static class ContextWindow
{
    /// <summary>What to drop so that tokens fit: <c>Drop</c> tokens after the first <c>Keep</c>.</summary>
    /// <remarks>
    /// Room is left for what is still wanted, at most half of what may be dropped at all, so that a long answer does not compute the
    /// whole context again with every token. At least the last token stays.
    /// </remarks>
    /// <param name="length">Tokens there are, more than fit.</param>
    /// <param name="context">Tokens that fit, at least 2.</param>
    /// <param name="keep">First tokens to keep, as far as possible.</param>
    /// <param name="wanted">Tokens that are still to be generated.</param>
    public static (int Keep, int Drop) Plan(int length, int context, int keep, int wanted)
    {
        int room = Math.Clamp(wanted, 1, Math.Max(1, (context - Math.Min(keep, context)) / 2));
        int target = context - room;
        return (Math.Min(keep, target - 1), length - target);
    }

    /// <summary>The tokens without the dropped ones.</summary>
    public static int[] Apply(ReadOnlySpan<int> tokens, (int Keep, int Drop) plan) =>
        [.. tokens[..plan.Keep], .. tokens[(plan.Keep + plan.Drop)..]];
}
