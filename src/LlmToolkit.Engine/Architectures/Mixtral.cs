using LlmToolkit.Engine.Model;

namespace LlmToolkit.Engine.Architectures;

/// <summary>Mixtral: Mistral with experts. A GGUF calls it <c>llama</c>, where the tensors tell.</summary>
internal sealed class Mixtral() : Llama([], ["mixtral"])
{
    internal override IReadOnlyDictionary<ConfigName, double> Defaults { get; } = new Dictionary<ConfigName, double>
    {
        [ConfigKeys.RmsEpsilon] = 1e-5,
        [ConfigKeys.RopeBase] = 1e6,
        [ConfigKeys.Experts] = 8,
        [ConfigKeys.ExpertsUsed] = 2,
    };
}
