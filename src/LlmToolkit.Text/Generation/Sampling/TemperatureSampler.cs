namespace LlmToolkit.Text;

/// <summary>Divides the logits by the temperature, which is above 0.</summary>
internal sealed class TemperatureSampler(float temperature) : ICandidateStep
{
    /// <inheritdoc/>
    public void Apply(Candidates candidates) => candidates.Scale(temperature);
}
