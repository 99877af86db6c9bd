using LlmToolkit.Engine;
using LlmToolkit.Formats;
using LlmToolkit.Loading.Checks;

namespace LlmToolkit;

/// <summary>What the toolkit works with: formats, backends, checks, explainers, hardware sources. Ordered, explicit lists; add yours.</summary>
public sealed class ToolkitRegistry
{
    /// <summary>Container formats, asked in order.</summary>
    public IList<IModelFormat> Formats { get; } = [.. DefaultFormats.All];

    /// <summary>Backends; of equals the earlier one is taken.</summary>
    public IList<IModelBackend> Backends { get; } = [new EngineBackend()];

    /// <summary>Rules that validation applies.</summary>
    public IList<IModelCheck> Checks { get; } = [.. DefaultChecks.All];

    /// <summary>Explainers of foreign exceptions, asked before ours.</summary>
    public IList<IErrorExplainer> Explainers { get; } = [];

    /// <summary>Sources of facts about the machine, beyond ours.</summary>
    public IList<IHardwareSource> Hardware { get; } = [];
}
