namespace LlmToolkit.Text;

/// <summary>Lowers the logits of tokens of the answer: by the frequency penalty for each occurrence, by the presence penalty once.</summary>
/// <remarks>logit −= count × frequency + (count > 0) × presence, counted over what was generated, not over the prompt: OpenAI's definition (API reference, "frequency and presence
/// penalties": how often a token was sampled before).</remarks>
internal sealed class OccurrencePenalty(float frequency, float presence, int vocabulary) : ILogitsStep
{
    private readonly int[] _counts = new int[vocabulary];
    private readonly int[] _distinct = new int[vocabulary];
    private int _used;

    /// <inheritdoc/>
    public void Begin(ReadOnlySpan<int> prompt)
    {
    }

    /// <inheritdoc/>
    public void Apply(Span<float> logits)
    {
        foreach (int token in _distinct.AsSpan(0, _used))
        {
            logits[token] -= (_counts[token] * frequency) + presence;
        }
    }

    /// <inheritdoc/>
    public void Accept(int token)
    {
        if (_counts[token]++ == 0)
        {
            _distinct[_used++] = token;
        }
    }
}
