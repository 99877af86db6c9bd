using LlmToolkit.Text;

namespace LlmToolkit.Loading.Checks;

/// <summary>The tokenizer can be built: its lists are there and of equal length, its merges and ids name tokens, its kind is known. What it gives of a short text lies in the vocabulary.</summary>
internal sealed class TokenizerBuilds(TextParts parts) : IModelCheck
{
    private const string Sample = "Hello, world. 42";

    public string Name => "tokenizer's data";

    public bool IsThorough => true;

    public IEnumerable<Diagnostic> Check(ModelDescription description)
    {
        if (description.Container is null)
        {
            yield break;
        }

        (Tokenizer? tokenizer, Diagnostic? fault) = parts.Of(description);
        if (fault is not null)
        {
            yield return fault with { File = fault.File ?? description.Artifact.Path };
        }
        else if (tokenizer is not null && ModelFacts.EmbeddingOf(description.Tensors) is { } table && Largest(tokenizer) is int id && id >= table.Shape.Rows)
        {
            yield return CheckErrors.SpecialOutOfRange(description.Artifact.Path, $"\"{tokenizer.TokenText(id)}\"", id, (int)Math.Min(int.MaxValue, table.Shape.Rows));
        }
    }

    /// <summary>The largest id of a short text with what the tokenizer puts around it; null: its vocabulary cannot spell the text.</summary>
    private static int? Largest(Tokenizer tokenizer)
    {
        try
        {
            IReadOnlyList<int> ids = tokenizer.Encode(Sample).Ids;
            return ids.Count == 0 ? null : ids.Max();
        }
        catch (ModelException)
        {
            return null;
        }
    }
}
