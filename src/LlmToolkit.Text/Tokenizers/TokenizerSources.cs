namespace LlmToolkit.Text;

/// <summary>Finds the files of a tokenizer.</summary>
public static class TokenizerSources
{
    private static readonly string[] Names =
    [
        "tokenizer.json", "tokenizer.model", "spiece.model", "sentencepiece.bpe.model", "vocab.json", "merges.txt", "vocab.txt", "tekken.json",
        "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "generation_config.json", "config.json",
    ];

    private static readonly string[] Companions = ["tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "generation_config.json", "config.json"];

    /// <summary>The source of a directory, or of one tokenizer file with the configuration beside it. For a model inside a GGUF, ask the container.</summary>
    /// <param name="path">A directory, tokenizer.json, tokenizer.model, vocab.txt, tekken.json, *.tiktoken, or vocab.json with merges.txt beside it. A file of another name is taken for what its content or ending says.</param>
    /// <exception cref="ModelException">There is no such path, or a file is a pipe, a device, or a link out of the folder.</exception>
    public static TokenizerSource FromPath(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string full = Path.GetFullPath(path);
        Dictionary<string, string> files = new(StringComparer.Ordinal);
        if (Directory.Exists(full))
        {
            Add(files, full, Names);
            foreach (string file in Directory.EnumerateFiles(full, "*.tiktoken").Order(StringComparer.Ordinal).Take(1))
            {
                Add(files, full, [Path.GetFileName(file)]);
            }

            return new TokenizerSource { Files = files };
        }

        FileFacts facts = Facts(full) ?? throw TokenizerErrors.NotThere(path);
        if (facts.Kind != FileNodeKind.File)
        {
            throw TokenizerErrors.NotPlain(full, facts.Kind);
        }

        string folder = Path.GetDirectoryName(full)!;
        string role = Role(full);
        files[role] = full;
        if (role is "vocab.json" or "merges.txt")
        {
            Add(files, folder, ["vocab.json", "merges.txt"]);
        }

        Add(files, folder, Companions);
        return new TokenizerSource { Files = files };
    }

    private static void Add(Dictionary<string, string> files, string folder, IEnumerable<string> names)
    {
        foreach (string name in names)
        {
            string file = Path.Combine(folder, name);
            if (files.ContainsKey(name) || Facts(file) is not { Kind: not FileNodeKind.Directory } facts)
            {
                continue;
            }

            if (facts.Kind is not (FileNodeKind.File or FileNodeKind.Unknown))
            {
                throw TokenizerErrors.NotPlain(file, facts.Kind);
            }

            if (RealPath.Of(file) is not { } real || !RealPath.IsInModelFolder(real, folder))
            {
                throw TokenizerErrors.LinkLeavesFolder(file);
            }

            files.Add(name, file);
        }
    }

    private static FileFacts? Facts(string path)
    {
        try
        {
            return FileFacts.Of(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw TokenizerErrors.Unreadable(path, e);
        }
    }

    private static string Role(string file)
    {
        string name = Path.GetFileName(file);
        if (Names.Contains(name))
        {
            return name;
        }

        return Path.GetExtension(name).ToLowerInvariant() switch
        {
            ".json" => "tokenizer.json",
            ".model" => "tokenizer.model",
            ".txt" => "vocab.txt",
            _ => name,
        };
    }
}
