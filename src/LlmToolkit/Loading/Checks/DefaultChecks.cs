using LlmToolkit.Engine;

namespace LlmToolkit.Loading.Checks;

/// <summary>The rules that validation applies. To add one: add its class, and its line here.</summary>
public static class DefaultChecks
{
    /// <summary>Every rule, in the order of its findings.</summary>
    public static IReadOnlyList<IModelCheck> All { get; } = For([]);

    /// <summary>Every rule, with architectures beyond the built-in ones.</summary>
    /// <param name="architectures">The list may grow later.</param>
    internal static IReadOnlyList<IModelCheck> For(IReadOnlyList<Architecture> architectures)
    {
        Rehearsals rehearsals = new(architectures);
        TextParts text = new();
        IModelCheck[] settings =
        [
            new SettingTypes(),
            new SettingRanges(),
            new NormEpsilon(),
            new RopeAndContext(),
            new PerLayerLists(),
            new ExpertCounts(),
            new HeadGeometry(),
        ];
        return
        [
            new ArchitectureKnown(),
            .. settings,
            new UsableSettings(rehearsals, settings),
            new LayerSequence(),
            new MissingTensors(rehearsals),
            new TensorShapes(rehearsals),
            new SurplusTensors(rehearsals),
            new TensorTypes(),
            new EmbeddingWidth(rehearsals),
            new TiedOutput(rehearsals),
            new VocabularyMatchesEmbedding(),
            new SpecialTokensInRange(),
            new TokenizerPresent(),
            new TokenizerBuilds(text),
            new TemplateRenders(text),
        ];
    }
}
