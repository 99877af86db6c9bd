using LlmToolkit.Text;

namespace LlmToolkit.Cli;

/// <summary>Opens the tokenizer that a command names: a model, a folder, or one of its files.</summary>
internal static class TokenizerAccess
{
    public static async Task<Tokenizer> OpenAsync(string path, string? pre, CancellationToken cancellationToken)
    {
        if (TokenizerSources.FromPath(path) is TokenizerSource source)
        {
            return TokenizerFactory.Create(source with { Pre = pre });
        }

        using ModelContainer container = await new ModelLoader().OpenAsync(path, null, cancellationToken).ConfigureAwait(false);
        TokenizerSource own = container.Tokenizer ?? throw CliErrors.NoTokenizer(path);
        return TokenizerFactory.Create(own with { Pre = pre });
    }
}
