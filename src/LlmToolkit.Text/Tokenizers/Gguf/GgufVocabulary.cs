namespace LlmToolkit.Text;

/// <summary>The token lists of a GGUF's metadata, checked.</summary>
internal sealed class GgufVocabulary
{
    private const string Prefix = "tokenizer.ggml.";

    private readonly IModelMetadata _metadata;

    public GgufVocabulary(IModelMetadata metadata)
    {
        _metadata = metadata;
        IReadOnlyList<string> texts = metadata.TryGet(Prefix + "tokens", out MetadataValue? value) && value.TryGetStrings(out IReadOnlyList<string>? list) && list.Count > 0
            ? list
            : throw TokenizerErrors.MissingKey(Prefix + "tokens");
        string[] tokens = [.. texts];
        Dictionary<string, int> seen = new(tokens.Length, StringComparer.Ordinal);
        for (int id = 0; id < tokens.Length; id++)
        {
            tokens[id] = tokens[id].Length == 0 ? $"[EMPTY_{id}]" : tokens[id];
            if (!seen.TryAdd(tokens[id], id))
            {
                // Tokens that are not UTF-8 look alike once decoded; no text can give them anyway.
                if (tokens[id].Contains('\uFFFD', StringComparison.Ordinal) && seen.TryAdd($"[BYTES_{id}]", id))
                {
                    continue;
                }

                throw TokenizerErrors.Duplicate(tokens[id], seen[tokens[id]], id);
            }
        }

        Vocabulary = Vocabulary.Of(seen);
        Types = ReadTypes(tokens.Length);
        Scores = ReadScores(tokens.Length);
        FindRoles();
    }

    public Vocabulary Vocabulary { get; }

    public GgufTokenType[] Types { get; }

    public float[] Scores { get; }

    public int Size => Vocabulary.Size;

    public string? Text(string key) => _metadata.Text(Prefix + key);

    public bool? Flag(string key) => _metadata.Bool(Prefix + key);

    /// <summary>An id of a role; one outside the vocabulary counts as absent.</summary>
    public int? Id(string key, int? otherwise = null)
    {
        long? id = _metadata.Int64(Prefix + key) ?? otherwise;
        return id >= 0 && id < Size ? (int)id : null;
    }

    public IReadOnlyList<string>? Strings(string key) =>
        _metadata.TryGet(Prefix + key, out MetadataValue? value) && value.TryGetStrings(out IReadOnlyList<string>? list) ? list : null;

    /// <summary>Bytes of an array of 8-bit numbers, or null.</summary>
    public byte[]? Bytes(string key) =>
        !_metadata.TryGet(Prefix + key, out MetadataValue? value) ? null
        : value.Value is IReadOnlyList<byte> bytes ? [.. bytes]
        : value.Value is IReadOnlyList<sbyte> signed ? [.. signed.Select(b => (byte)b)]
        : value.TryGetInt64s(out IReadOnlyList<long>? numbers) ? [.. numbers.Select(b => (byte)b)] : null;

    public bool Is(int id, GgufTokenType type) => Types[id] == type;

    /// <summary>The tokens that are looked for in the text itself.</summary>
    public IEnumerable<AddedToken> AddedTokens(Func<string, string> decodeText)
    {
        string model = _metadata.Text("general.name")?.ToLowerInvariant() ?? "";
        bool phi3 = model.Contains("phi-3", StringComparison.Ordinal) || model.Contains("phi3", StringComparison.Ordinal);
        string pre = Text("pre") ?? "";
        string architecture = _metadata.Text("general.architecture") ?? "";
        bool stripMask = pre is "jina-v2-de" or "jina-v2-es" or "jina-v2-code" || architecture is "nomic-bert-moe" or "jina-bert-v3";
        for (int id = 0; id < Size; id++)
        {
            if (Types[id] is not (GgufTokenType.Control or GgufTokenType.UserDefined or GgufTokenType.Unknown))
            {
                continue;
            }

            string text = Vocabulary.Token(id)!;
            yield return new AddedToken(text, id)
            {
                Special = Types[id] != GgufTokenType.UserDefined,
                // The attributes are not in the file; llama.cpp knows these models by name.
                RightStrip = phi3 && text is not ("<unk>" or "<s>" or "<|endoftext|>"),
                LeftStrip = (stripMask && text == "<mask>") || (model.Contains("modern-bert", StringComparison.Ordinal) && text == "[MASK]"),
                DecodeText = decodeText(text),
            };
        }
    }

    private GgufTokenType[] ReadTypes(int count)
    {
        GgufTokenType[] types = new GgufTokenType[count];
        Array.Fill(types, GgufTokenType.Normal);
        if (_metadata.TryGet(Prefix + "token_type", out MetadataValue? value))
        {
            IReadOnlyList<long> list = value.TryGetInt64s(out IReadOnlyList<long>? numbers) ? numbers : throw TokenizerErrors.MissingKey(Prefix + "token_type");
            if (list.Count < count)
            {
                throw TokenizerErrors.BadLength(Prefix + "token_type", list.Count, count);
            }

            for (int id = 0; id < count; id++)
            {
                types[id] = list[id] is >= 1 and <= 6 ? (GgufTokenType)list[id] : GgufTokenType.Undefined;
            }
        }

        return types;
    }

    private float[] ReadScores(int count)
    {
        float[] scores = new float[count];
        if (_metadata.TryGet(Prefix + "scores", out MetadataValue? value))
        {
            IReadOnlyList<double> list = value.TryGetDoubles(out IReadOnlyList<double>? numbers) ? numbers : throw TokenizerErrors.MissingKey(Prefix + "scores");
            if (list.Count < count)
            {
                throw TokenizerErrors.BadLength(Prefix + "scores", list.Count, count);
            }

            for (int id = 0; id < count; id++)
            {
                scores[id] = (float)list[id];
            }
        }

        return scores;
    }

    /// <summary>Tokens that some converters mark wrongly: ends of turns are control tokens, the frame of the harmony format is not.</summary>
    /// <remarks>ggml-org/llama.cpp src/llama-vocab.cpp, "auto-detect special tokens by text".</remarks>
    private void FindRoles()
    {
        foreach (string text in (ReadOnlySpan<string>)
            ["<|eot_id|>", "<|im_end|>", "<|end|>", "<|return|>", "<|call|>", "<|calls|>", "<|flush|>", "<end_of_turn>", "<|endoftext|>", "</s>", "<|eom_id|>", "<EOT>", "_<EOT>", "[EOT]",
             "[EOS]", "<|end_of_text|>", "<end_of_utterance>", "<eos>", "<turn|>", "<|tool_response>", "<｜end▁of▁sentence｜>", "[e~["])
        {
            Mark(text, GgufTokenType.Control);
        }

        foreach (string text in (ReadOnlySpan<string>)["<|channel|>", "<|message|>", "<|start|>", "<|constrain|>"])
        {
            Mark(text, GgufTokenType.UserDefined);
        }

        if ((Has("<|return|>") && Has("<|call|>")) || (Has("<|calls|>") && Has("<|flush|>")))
        {
            Mark("<|end|>", GgufTokenType.UserDefined);
        }

        if (Has("<|tool_response>"))
        {
            Mark("</s>", GgufTokenType.Normal);
        }
    }

    private bool Has(string text) => Vocabulary.TryGet(text, out _);

    private void Mark(string text, GgufTokenType type)
    {
        if (Vocabulary.TryGet(text, out int id))
        {
            Types[id] = type;
        }
    }
}

/// <summary>Values of <c>tokenizer.ggml.token_type</c>.</summary>
internal enum GgufTokenType
{
    Undefined,
    Normal,
    Unknown,
    Control,
    UserDefined,
    Unused,
    Byte,
}
