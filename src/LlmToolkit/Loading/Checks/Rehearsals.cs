using System.Runtime.CompilerServices;
using LlmToolkit.Engine;
using LlmToolkit.Engine.Model;

namespace LlmToolkit.Loading.Checks;

/// <summary>The rehearsed load of a description, gone through once for all checks that look at it.</summary>
/// <param name="architectures">Architectures beyond the built-in ones; the list may grow later.</param>
internal sealed class Rehearsals(IReadOnlyList<Architecture> architectures)
{
    private readonly ConditionalWeakTable<ModelContainer, Rehearsal> _done = [];
    private readonly EngineBackend _engine = new(architectures);

    /// <summary>What a load would find; null where the file is no model, packed, or of an architecture that is not known.</summary>
    public Rehearsal? Of(ModelDescription description)
    {
        // Packed tensors have other names and shapes; the engine's own verdict says that they are not unpacked.
        if (ModelFacts.Of(description) is not { } facts || EngineFit.IsPacked(facts.Container.Info) || _engine.TryFind(facts.Container) is not { } architecture)
        {
            return null;
        }

        return _done.GetValue(facts.Container, c => Rehearsal.Run(c, architecture));
    }
}
