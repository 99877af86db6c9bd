using LlmToolkit.Engine.Model;

namespace LlmToolkit.Engine.Architectures;

/// <summary>Phi-3, Phi-3.5, Phi-4: Llama with fused projections, LongRoPE and, in Phi-4-mini, a partial rope. llama.cpp leaves the window out.</summary>
internal sealed class Phi3() : Llama(["phi3"], ["phi3"])
{
    internal override Conventions Conventions(NamingScheme scheme) => scheme == NamingScheme.Gguf
        ? new Conventions()
        : new Conventions { Window = Windows.Listed(Windows.Every) };

    internal override IReadOnlyDictionary<ConfigName, double> Defaults { get; } = new Dictionary<ConfigName, double>
    {
        [ConfigKeys.RmsEpsilon] = 1e-5,
        [ConfigKeys.RopeOriginal] = 4096,
    };
}
