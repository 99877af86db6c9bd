namespace LlmToolkit.Loading.Checks;

/// <summary>Special tokens and end tokens are tokens.</summary>
internal sealed class SpecialTokensInRange : IModelCheck
{
    public string Name => "special tokens";

    public IEnumerable<Diagnostic> Check(ModelDescription description)
    {
        // Rows of the embedding beyond the tokenizer's tokens are padding; some models end with one of those.
        int? tokens = Larger(description.Info?.Tokenizer?.Vocabulary, description.Info?.Vocabulary);
        IEnumerable<(string Role, int Id)> special = (description.Info?.Tokenizer?.Special ?? new Dictionary<string, int>()).Select(p => (p.Key, p.Value));
        IEnumerable<(string Role, int Id)> ends = (description.Container?.EndTokens ?? []).Select(id => ("end", id));
        foreach ((string role, int id) in special.Concat(ends).DistinctBy(t => t.Id))
        {
            if (tokens is int count && (uint)id >= (uint)count)
            {
                yield return CheckErrors.SpecialOutOfRange(description.Artifact.Path, role, id, count);
            }
        }
    }

    private static int? Larger(int? a, int? b) => a is null || b is null ? a ?? b : Math.Max(a.Value, b.Value);
}
