using LlmToolkit.Engine.Model;

namespace LlmToolkit.Engine.Architectures;

/// <summary>Qwen 2 and 2.5: Llama with biases on q, k and v. The upper layers may slide.</summary>
internal sealed class Qwen2() : Llama(["qwen2"], ["qwen2"])
{
    internal override Conventions Conventions(NamingScheme scheme) => scheme == NamingScheme.Gguf
        ? new Conventions()
        : new Conventions { Window = Windows.Listed(Windows.FromLayer) };

    internal override IReadOnlyDictionary<ConfigName, double> Defaults { get; } = new Dictionary<ConfigName, double>
    {
        [ConfigKeys.RmsEpsilon] = 1e-6,
        [ConfigKeys.SlidingWindow] = 4096,
        [ConfigKeys.MaxWindowLayers] = 28,
    };
}
