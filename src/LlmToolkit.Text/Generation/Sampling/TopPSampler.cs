namespace LlmToolkit.Text;

/// <summary>Keeps the likeliest tokens that together reach a probability (nucleus sampling, arXiv 1904.09751).</summary>
internal sealed class TopPSampler(float p) : ICandidateStep
{
    private const int FirstSorted = 128;

    /// <inheritdoc/>
    public void Apply(Candidates candidates)
    {
        // A few tokens mostly reach p: the front is sorted in growing steps instead of the whole vocabulary.
        double target = p * candidates.Exponentials();
        double max = candidates.MaxLogit();
        double reached = 0;
        for (int i = 0; i < candidates.Count; i++)
        {
            if (i == candidates.SortedCount)
            {
                candidates.SortFirst(Math.Max(FirstSorted, 4 * i));
            }

            reached += Math.Exp(candidates.Items[i].Logit - max);
            if (reached >= target)
            {
                candidates.Keep(i + 1);
                return;
            }
        }
    }
}
