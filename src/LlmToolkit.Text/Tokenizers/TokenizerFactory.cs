namespace LlmToolkit.Text;

/// <summary>Builds the tokenizer of a model.</summary>
public static class TokenizerFactory
{
    /// <summary>Largest tokenizer file that is read; the largest real ones have 35 MB.</summary>
    private const long MaxFileBytes = 512L << 20;

    /// <summary>Builds a tokenizer. Of several files the first of tokenizer.json, tokenizer.model, vocab.json with merges.txt, vocab.txt, *.tiktoken, tekken.json, spiece.model counts; a GGUF's own keys come first.</summary>
    /// <exception cref="ModelException">A file is damaged, of an unknown kind, or there is none.</exception>
    public static Tokenizer Create(TokenizerSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        TokenizerConfig config = TokenizerConfig.Read(source);
        if (source.Metadata is not null)
        {
            return GgufTokenizerReader.Read(source.Metadata, source.Pre, config);
        }

        if (source.Files.TryGetValue("tokenizer.json", out string? json))
        {
            return TokenizerJsonReader.Read(ReadFile(json), json, config);
        }

        if (source.Files.TryGetValue("tokenizer.model", out string? model))
        {
            // The original Llama 3 has a rank file of this name.
            byte[] bytes = ReadFile(model);
            return TiktokenReader.LooksLike(bytes) ? TiktokenReader.Read(bytes, model, config) : SentencePieceReader.Read(bytes, model, config);
        }

        if (source.Files.TryGetValue("vocab.json", out string? vocabulary) && source.Files.TryGetValue("merges.txt", out string? merges))
        {
            return VocabularyFilesReader.ReadMerges(ReadFile(vocabulary), vocabulary, ReadFile(merges), merges, config);
        }

        if (source.Files.TryGetValue("vocab.txt", out string? words))
        {
            return VocabularyFilesReader.ReadWords(ReadFile(words), config);
        }

        foreach ((string name, string path) in source.Files)
        {
            if (name.EndsWith(".tiktoken", StringComparison.Ordinal))
            {
                return TiktokenReader.Read(ReadFile(path), path, config);
            }
        }

        if (source.Files.TryGetValue("tekken.json", out string? tekken))
        {
            return TiktokenReader.ReadTekken(ReadFile(tekken), tekken, config);
        }

        foreach (string name in (ReadOnlySpan<string>)["spiece.model", "sentencepiece.bpe.model"])
        {
            if (source.Files.TryGetValue(name, out string? piece))
            {
                return SentencePieceReader.Read(ReadFile(piece), piece, config);
            }
        }

        throw TokenizerErrors.NoFiles(null, source.Files.Keys);
    }

    private static byte[] ReadFile(string path)
    {
        FileInfo file = new(path);
        if (!file.Exists)
        {
            throw TokenizerErrors.NotThere(path);
        }

        return file.Length <= MaxFileBytes ? File.ReadAllBytes(path) : throw TokenizerErrors.BadJson(path, "the file", $"{file.Length} bytes long", $"at most {MaxFileBytes} bytes");
    }
}
