namespace LlmToolkit.Text;

/// <summary>Keeps the tokens whose surprise is nearest to the expected surprise, until they together exceed a probability.</summary>
/// <remarks>Locally typical sampling, arXiv 2202.00666. Of equal distances the likelier first; of equally likely tokens
/// the nearest in order, so what stays is one stretch of the sorted candidates.</remarks>
internal sealed class TypicalSampler(float p) : ICandidateStep
{
    /// <inheritdoc/>
    public void Apply(Candidates candidates)
    {
        candidates.SortFirst(candidates.Count);
        double sum = candidates.Exponentials();
        Span<Candidate> items = candidates.Items;
        Span<double> weights = candidates.Weights;
        double entropy = 0;
        foreach (ref double weight in weights)
        {
            weight /= sum;
            entropy -= weight > 0 ? weight * Math.Log(weight) : 0;
        }

        // Surprise grows along the order, so the nearest to the entropy lie around one place: walk outwards from it.
        int right = 0;
        while (right < items.Length && -Math.Log(weights[right]) < entropy)
        {
            right++;
        }

        int left = right - 1;
        double kept = 0;
        int count = 0;
        while (count < items.Length && kept <= p)
        {
            bool takeLeft = right == items.Length || (left >= 0 && entropy + Math.Log(weights[left]) <= -Math.Log(weights[right]) - entropy);
            kept += weights[takeLeft ? left-- : right++];
            count++;
        }

        // The kept ones are the stretch (left, right), still in order.
        items[(left + 1)..right].CopyTo(items);
        candidates.Keep(count);
    }
}
