using LlmToolkit.Engine;
using LlmToolkit.Formats;
using LlmToolkit.Loading.Checks;

namespace LlmToolkit;

/// <summary>What the toolkit works with: formats, architectures, backends, checks, explainers, hardware sources. Ordered, explicit lists; add yours.</summary>
public sealed class ToolkitRegistry
{
    private readonly List<Architecture> _architectures = [];

    /// <summary>The default lists, ready to be added to.</summary>
    public ToolkitRegistry()
    {
        Backends = [new EngineBackend(_architectures)];
        Checks = [.. DefaultChecks.For(_architectures)];
    }

    /// <summary>Container formats, asked in order.</summary>
    public IList<IModelFormat> Formats { get; } = [.. DefaultFormats.All];

    /// <summary>Architectures that the managed backend asks before its own (<see cref="Architecture.BuiltIn"/>); empty at first.</summary>
    public IList<Architecture> Architectures => _architectures;

    /// <summary>Backends; of equals the earlier one is taken.</summary>
    public IList<IModelBackend> Backends { get; }

    /// <summary>Rules that validation applies.</summary>
    public IList<IModelCheck> Checks { get; }

    /// <summary>Explainers of foreign exceptions, asked before ours.</summary>
    public IList<IErrorExplainer> Explainers { get; } = [];

    /// <summary>Sources of facts about the machine, beyond ours.</summary>
    public IList<IHardwareSource> Hardware { get; } = [];
}
