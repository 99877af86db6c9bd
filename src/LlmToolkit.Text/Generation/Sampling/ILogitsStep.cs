namespace LlmToolkit.Text;

/// <summary>A step that changes logits before any token is ruled out. Belongs to one answer; allocates nothing per token.</summary>
internal interface ILogitsStep
{
    /// <summary>Takes note of the prompt's tokens, once.</summary>
    void Begin(ReadOnlySpan<int> prompt);

    /// <summary>Changes the logits, by token id.</summary>
    void Apply(Span<float> logits);

    /// <summary>Takes note of the token that was chosen.</summary>
    void Accept(int token);
}
