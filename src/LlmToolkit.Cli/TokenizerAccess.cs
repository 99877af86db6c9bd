using System.CommandLine;
using LlmToolkit.Cli.Rendering;
using LlmToolkit.Text;

namespace LlmToolkit.Cli;

/// <summary>Opens the tokenizer that a command names: a model, a folder, or one of its files.</summary>
internal static class TokenizerAccess
{
    private static readonly string[] s_weights = [".gguf", ".safetensors", ".bin", ".pt", ".pth"];

    public static async Task<Tokenizer> OpenAsync(CliHost host, ParseResult result, string source, string? pre, CancellationToken cancellationToken)
    {
        using DownloadLine downloads = new(host, result);
        ModelLoader loader = host.Loader(downloads);
        if (await loader.DownloadTokenizerAsync(source, cancellationToken).ConfigureAwait(false) is { } path && IsTokenizer(path))
        {
            return TokenizerFactory.Create(TokenizerSources.FromPath(path) with { Pre = pre });
        }

        using ModelDescription description = await DescribeAsync(loader, source, cancellationToken).ConfigureAwait(false);
        TokenizerSource own = description.Container!.Tokenizer ?? throw CliErrors.NoTokenizer(source);
        return TokenizerFactory.Create(own with { Pre = pre ?? own.Pre });
    }

    /// <summary>A sound model of which the values are not needed.</summary>
    /// <exception cref="ModelException">It is not sound.</exception>
    public static async Task<ModelDescription> DescribeAsync(ModelLoader loader, string source, CancellationToken cancellationToken)
    {
        ModelDescription description = await loader.DescribeAsync(source, null, cancellationToken).ConfigureAwait(false);
        if (description.Container is not null)
        {
            return description;
        }

        using (description)
        {
            throw new ModelException(description.Findings[0]);
        }
    }

    /// <summary>The files beside what was named; none for a GGUF, whose tokenizer configures no limits.</summary>
    public static TokenizerSource Source(string path) =>
        IsTokenizer(path) ? TokenizerSources.FromPath(path)
        : IsGguf(path) ? new TokenizerSource()
        : TokenizerSources.FromPath(Path.GetDirectoryName(Path.GetFullPath(path))!);

    /// <summary>A folder with tokenizer files needs no weights; a GGUF or a weight file is opened as a model.</summary>
    private static bool IsTokenizer(string path)
    {
        if (Directory.Exists(path))
        {
            return TokenizerSources.FromPath(path).Files.Keys.Any(f => f is "tokenizer.json" or "tokenizer.model" or "vocab.json" or "vocab.txt" or "tekken.json");
        }

        return File.Exists(path)
            && !s_weights.Any(e => path.EndsWith(e, StringComparison.OrdinalIgnoreCase))
            && !path.EndsWith(".index.json", StringComparison.OrdinalIgnoreCase)
            && !IsGguf(path);
    }

    private static bool IsGguf(string path)
    {
        try
        {
            if (FileFacts.Of(path) is not { Kind: FileNodeKind.File })
            {
                return false;
            }

            using FileStream file = File.OpenRead(path);
            Span<byte> magic = stackalloc byte[4];
            return file.ReadAtLeast(magic, 4, throwOnEndOfStream: false) == 4 && magic.SequenceEqual("GGUF"u8);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
