namespace LlmToolkit.Text;

/// <summary>Keeps the tokens that are at least a fraction as likely as the likeliest (arXiv 2407.01082).</summary>
internal sealed class MinPSampler(float p) : ICandidateStep
{
    /// <inheritdoc/>
    public void Apply(Candidates candidates)
    {
        // p_i / p_max = e^(logit_i − logit_max): no sum over the vocabulary is needed.
        double least = candidates.MaxLogit() + Math.Log(p);
        Span<Candidate> items = candidates.Items;
        int sorted = candidates.SortedCount;
        int kept = 0;
        for (int i = 0; i < items.Length; i++)
        {
            if (items[i].Logit >= least)
            {
                items[kept++] = items[i];
            }
            else if (i < sorted)
            {
                // Everything after it is smaller still.
                break;
            }
        }

        candidates.Keep(kept);
    }
}
