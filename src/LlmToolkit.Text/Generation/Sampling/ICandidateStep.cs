namespace LlmToolkit.Text;

/// <summary>A step that rules candidates out or changes their logits. Stateless; allocates nothing.</summary>
internal interface ICandidateStep
{
    /// <summary>Narrows or changes the candidates; at least one stays.</summary>
    void Apply(Candidates candidates);
}
