using System.Buffers.Text;
using System.Text.Json;

namespace LlmToolkit.Text;

/// <summary>Builds tokenizers from rank files: tiktoken's text files and Mistral's tekken.json. A token's rank is at once its place in the vocabulary and the order of its merge.</summary>
/// <remarks>openai/tiktoken src/lib.rs and tiktoken_ext/openai_public.py; mistralai/mistral-common, tokens/tokenizers/tekken.py.</remarks>
internal static class TiktokenReader
{
    /// <summary>Tokens accepted; the largest known file has 200,000.</summary>
    private const int MaxTokens = 4_000_000;

    /// <summary>Longest token accepted, in bytes: each of its splits is looked at.</summary>
    private const int MaxTokenBytes = 4096;

    /// <summary>True for a file that begins like a rank file: base64, a space, a number.</summary>
    public static bool LooksLike(ReadOnlySpan<byte> file)
    {
        int end = file.IndexOf((byte)'\n');
        ReadOnlySpan<byte> line = (end < 0 ? file : file[..end]).TrimEnd((byte)'\r');
        int space = line.IndexOf((byte)' ');
        return space > 0 && line.Length <= 8192 && Base64.IsValid(line[..space]) && Utf8Parser.TryParse(line[(space + 1)..], out int _, out int used) && used == line.Length - space - 1;
    }

    /// <summary>Reads a text file of ranks. Pattern and special tokens come from the vocabulary's name, its class, or its size.</summary>
    public static PipelineTokenizer Read(ReadOnlySpan<byte> file, string? path, TokenizerConfig config)
    {
        Dictionary<string, int> ranks = new(StringComparer.Ordinal);
        int line = 0;
        while (!file.IsEmpty)
        {
            line++;
            int end = file.IndexOf((byte)'\n');
            ReadOnlySpan<byte> text = (end < 0 ? file : file[..end]).TrimEnd((byte)'\r');
            file = end < 0 ? [] : file[(end + 1)..];
            if (text.IsEmpty)
            {
                continue;
            }

            int space = text.IndexOf((byte)' ');
            if (space <= 0 || !Utf8Parser.TryParse(text[(space + 1)..], out int rank, out _) || !TryToken(text[..space], out string token) || ranks.Count >= MaxTokens)
            {
                throw TokenizerErrors.BadRankFile(path, line);
            }

            ranks[token] = rank;
        }

        TiktokenVocabulary known = TiktokenVocabulary.Find(path is null ? "" : Path.GetFileName(path), config.Class, ranks.Count) ?? throw TokenizerErrors.UnknownRankFile(path, ranks.Count);
        List<AddedToken> added = [.. known.Special(ranks.Count).Select(t => new AddedToken(t.Text, t.Id) { Special = true, DecodeText = ByteAlphabet.Encode(t.Text) })];
        added.AddRange(config.AddedTokens.Where(t => !added.Exists(a => a.Content == t.Content)));
        int? Find(string? text) => added.Find(t => t.Content == text)?.Id;
        SpecialTokens roles = config.Resolve(Find);
        PostProcessor post = known.AddsBos && Find(known.Bos) is { } bos ? PostProcessor.Around([(bos, known.Bos!)], []) : PostProcessor.None;
        roles = roles with { Bos = roles.Bos ?? Find(known.Bos), Eos = roles.Eos ?? Find(known.Eos) };
        return new PipelineTokenizer(Build(ranks, 0, known.Pattern, added, roles, known.Compose, false) with { PostProcessor = post });
    }

    /// <summary>Reads a tekken.json. Its special tokens are never found in a text, only in a template.</summary>
    public static PipelineTokenizer ReadTekken(ReadOnlyMemory<byte> file, string? path, TokenizerConfig config)
    {
        JsonFields fields = new(path);
        using JsonDocument document = fields.Parse(file);
        JsonElement root = document.RootElement;
        JsonElement settings = fields.Require(root, "config", JsonValueKind.Object);
        int special = fields.Int(settings, "default_num_special_tokens", 0);
        int size = fields.Int(settings, "default_vocab_size", int.MaxValue);
        if (special < 0 || size < special)
        {
            throw TokenizerErrors.BadJson(path, "default_vocab_size", $"{size} with {special} special tokens", "at least the number of special tokens");
        }

        Dictionary<string, int> ranks = new(StringComparer.Ordinal);
        foreach (JsonElement entry in fields.Require(root, "vocab", JsonValueKind.Array).EnumerateArray())
        {
            int rank = fields.Int(fields.Require(entry, "rank", JsonValueKind.Number), "rank");
            JsonElement bytes = fields.Require(entry, "token_bytes", JsonValueKind.String);
            if (rank < 0 || !TryToken(System.Text.Encoding.ASCII.GetBytes(fields.String(bytes, "token_bytes")), out string token))
            {
                throw fields.Bad("vocab", entry, "a rank and base64");
            }

            if (rank < size - special)
            {
                ranks[token] = rank;
            }
        }

        List<AddedToken> added = [];
        if (JsonFields.TryGet(root, "special_tokens", out JsonElement list) && list.ValueKind == JsonValueKind.Array)
        {
            foreach (JsonElement entry in list.EnumerateArray())
            {
                string text = fields.Text(entry, "token_str");
                added.Add(new AddedToken(text, fields.Int(entry, "rank", 0)) { Special = fields.Flag(entry, "is_control", true), DecodeText = ByteAlphabet.Encode(text) });
            }
        }
        else
        {
            added.AddRange(TiktokenVocabulary.OldTekkenSpecial.Select((text, id) => new AddedToken(text, id) { Special = true, DecodeText = ByteAlphabet.Encode(text) }));
        }

        HashSet<int> named = [.. added.Select(t => t.Id)];
        added.AddRange(Enumerable.Range(0, Math.Min(special, 1_000_000)).Where(id => !named.Contains(id)).Select(id => new AddedToken($"<SPECIAL_{id}>", id) { Special = true }));
        int? Find(string text) => added.Find(t => t.Content == text)?.Id;
        SpecialTokens roles = config.Resolve(Find, "<s>", "</s>", "<unk>", "<pad>");
        return new PipelineTokenizer(Build(ranks, special, fields.Text(settings, "pattern"), added, roles, false, true));
    }

    private static TokenizerParts Build(Dictionary<string, int> ranks, int offset, string pattern, List<AddedToken> added, SpecialTokens roles, bool compose, bool onlyInTemplates)
    {
        Vocabulary vocabulary = Vocabulary.Of(offset == 0 ? ranks : ranks.ToDictionary(r => r.Key, r => checked(r.Value + offset), StringComparer.Ordinal));
        // Every way to make a token of two others is a merge of the token's rank.
        MergeTable merges = new(ranks.Sum(r => Math.Min(r.Key.Length - 1, 8)));
        foreach ((string token, int rank) in ranks)
        {
            for (int split = 1; split < token.Length; split++)
            {
                if (vocabulary.TryGet(token.AsSpan(0, split), out int left) && vocabulary.TryGet(token.AsSpan(split), out int right))
                {
                    merges.Add(left, right, rank, rank + offset);
                }
            }
        }

        return new TokenizerParts
        {
            Model = new BpeModel(vocabulary, merges, new BpeOptions { IgnoreMerges = true, UnknownSeparates = true }),
            Normalizer = compose ? new UnicodeNormalizer(true, false) : null,
            PreTokenizer = new SequencePreTokenizer([new SplitPreTokenizer(PatternCache.Get(pattern), SplitBehavior.Isolated, false), new ByteLevelPreTokenizer(false, null)]),
            Decoder = new ByteLevelDecoder(),
            AddedTokens = added,
            SpecialOnlyInTemplates = onlyInTemplates,
            Special = roles,
        };
    }

    private static bool TryToken(ReadOnlySpan<byte> base64, out string token)
    {
        token = "";
        byte[] bytes = new byte[Base64.GetMaxDecodedFromUtf8Length(base64.Length)];
        if (Base64.DecodeFromUtf8(base64, bytes, out _, out int written) != System.Buffers.OperationStatus.Done || written is 0 or > MaxTokenBytes)
        {
            return false;
        }

        token = string.Create(written, bytes, static (chars, source) =>
        {
            for (int i = 0; i < chars.Length; i++)
            {
                chars[i] = ByteAlphabet.CharOf(source[i]);
            }
        });
        return true;
    }
}
