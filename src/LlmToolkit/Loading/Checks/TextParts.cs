using System.Runtime.CompilerServices;
using LlmToolkit.Text;

namespace LlmToolkit.Loading.Checks;

/// <summary>The tokenizer of a container, built once for all checks that need it.</summary>
internal sealed class TextParts
{
    private readonly ConditionalWeakTable<ModelContainer, Built> _done = [];

    /// <summary>The tokenizer of an open container, or why there is none.</summary>
    public Built Of(ModelDescription description) => _done.GetValue(description.Container!, container =>
    {
        // A GGUF model that lists tokens and does not say of which kind they are is for the reader to refuse.
        bool nameless = container.Tokenizer is null && ModelFacts.Of(description) is { IsGguf: true } facts && facts.Has("tokenizer.ggml.tokens") && !facts.Has("tokenizer.ggml.model");
        TokenizerSource? source = nameless ? new TokenizerSource { Metadata = container.Metadata } : container.Tokenizer;
        try
        {
            return new Built(source is null ? null : TokenizerFactory.Create(source), null);
        }
        catch (ModelException e)
        {
            return new Built(null, e.Diagnostic);
        }
    });

    /// <summary>The outcome.</summary>
    /// <param name="Tokenizer">The tokenizer; null: there is none.</param>
    /// <param name="Fault">Why it could not be built; null: it could, or there is none.</param>
    internal sealed record Built(Tokenizer? Tokenizer, Diagnostic? Fault);
}
