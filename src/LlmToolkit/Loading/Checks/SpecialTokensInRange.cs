namespace LlmToolkit.Loading.Checks;

/// <summary>Special tokens are tokens.</summary>
internal sealed class SpecialTokensInRange : IModelCheck
{
    public string Name => "special tokens";

    public IEnumerable<Diagnostic> Check(ModelDescription description)
    {
        int? tokens = description.Info?.Tokenizer?.Vocabulary ?? description.Info?.Vocabulary;
        foreach ((string role, int id) in description.Info?.Tokenizer?.Special ?? new Dictionary<string, int>())
        {
            if (tokens is int count && (uint)id >= (uint)count)
            {
                yield return CheckErrors.SpecialOutOfRange(description.Artifact.Path, role, id, count);
            }
        }
    }
}
