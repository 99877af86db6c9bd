namespace LlmToolkit.Loading.Checks;

/// <summary>The rules that validation applies. To add one: add its class, and its line here.</summary>
public static class DefaultChecks
{
    /// <summary>Every rule, in the order of its findings.</summary>
    public static IReadOnlyList<IModelCheck> All { get; } =
    [
        new ArchitectureKnown(),
        new HeadGeometry(),
        new VocabularyMatchesEmbedding(),
        new SpecialTokensInRange(),
        new TokenizerPresent(),
    ];
}
