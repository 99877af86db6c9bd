namespace LlmToolkit.Text;

/// <summary>Adds a number to the logits of some tokens; −∞ forbids one.</summary>
/// <param name="bias">Ids of the vocabulary with numbers that are not +∞.</param>
internal sealed class LogitBias(IReadOnlyDictionary<int, float> bias) : ILogitsStep
{
    private readonly KeyValuePair<int, float>[] _bias = [.. bias];

    /// <inheritdoc/>
    public void Begin(ReadOnlySpan<int> prompt)
    {
    }

    /// <inheritdoc/>
    public void Apply(Span<float> logits)
    {
        foreach ((int token, float value) in _bias)
        {
            logits[token] += value;
        }
    }

    /// <inheritdoc/>
    public void Accept(int token)
    {
    }
}
