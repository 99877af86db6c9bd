namespace LlmToolkit.Text;

/// <summary>Builds a tokenizer from a SentencePiece model file, with SentencePiece's own results.</summary>
internal static class SentencePieceReader
{
    public static PipelineTokenizer Read(ReadOnlySpan<byte> bytes, string? file, TokenizerConfig config)
    {
        SentencePieceFile model = SentencePieceFile.Read(bytes, file);
        string[] texts = [.. model.Pieces.Select(p => p.Text)];
        Vocabulary vocabulary = Vocabulary.Of(texts);
        bool[] usable = [.. model.Pieces.Select(p => p.Type is SentencePieceType.Normal or SentencePieceType.UserDefined or SentencePieceType.Unused)];
        bool[] unused = [.. model.Pieces.Select(p => p.Type == SentencePieceType.Unused)];
        int unknown = model.Pieces.FindIndex(p => p.Type == SentencePieceType.Unknown);
        TokenModel tokens = model.ModelType switch
        {
            1 => Unigram(model, vocabulary, unknown),
            2 => new ScoreBpeModel(vocabulary, [.. model.Pieces.Select(p => p.Score)], usable, unused.Contains(true) ? unused : [], unknown, model.ByteFallback, fuseUnknown: !model.ByteFallback),
            3 or 4 => new SimplePieceModel(vocabulary, usable, unknown, model.ModelType == 4, model.ByteFallback),
            int other => throw TokenizerErrors.UnknownModel(file, "trainer_spec.model_type", $"{other}"),
        };

        List<AddedToken> added = [];
        for (int id = 0; id < texts.Length; id++)
        {
            SentencePieceType type = model.Pieces[id].Type;
            if (type is SentencePieceType.Control or SentencePieceType.Unknown || (type == SentencePieceType.UserDefined && texts[id].Length > 0))
            {
                bool control = type != SentencePieceType.UserDefined;
                // User-defined pieces are found in the normalized text, where they were protected. In a Unigram model they only compete with the others.
                added.Add(new AddedToken(texts[id], id)
                {
                    Special = control,
                    Normalized = !control,
                    Passive = !control && model.ModelType == 1,
                    // By itself the model shows no control piece; with a configuration beside it, it is transformers' tokenizer, which does.
                    DecodeText = type == SentencePieceType.Unknown ? model.UnknownSurface : control && config.Class is null ? "" : texts[id],
                    AlwaysDecoded = type == SentencePieceType.Unknown,
                });
            }
        }

        foreach (AddedToken token in config.AddedTokens.Where(t => !added.Any(a => a.Content == t.Content)))
        {
            added.Add(token with { Normalized = false });
        }

        AddedToken[] user = [.. added.Where(t => t.Normalized)];
        SentencePieceSpaces spaces = new()
        {
            DummyPrefix = model.AddDummyPrefix,
            OnlyAtStart = !config.Legacy,
            RemoveExtra = model.RemoveExtraSpaces,
            Escape = model.EscapeSpaces,
            Suffix = model.WhitespaceAsSuffix,
        };
        CharsMap? map = model.CharsMap.Length > 0 ? new CharsMap(model.CharsMap) : null;
        AddedMatcher? matcher = user.Length > 0 ? new AddedMatcher(user, false) : null;
        int? Role(int id) => id >= 0 && id < texts.Length ? id : null;
        bool llama = config.Class is { } name && (name.Contains("Llama", StringComparison.Ordinal) || name.Contains("Gemma", StringComparison.Ordinal));
        bool t5 = config.Class?.Contains("T5", StringComparison.Ordinal) == true;
        SpecialTokens roles = config.Resolve(text => added.Find(t => t.Content == text)?.Id ?? (vocabulary.TryGet(text, out int id) ? id : null));
        roles = roles with { Bos = roles.Bos ?? Role(model.BosId), Eos = roles.Eos ?? Role(model.EosId), Pad = roles.Pad ?? Role(model.PadId), Unknown = Role(unknown) };
        // A bare model adds nothing; with a configuration it is the tokenizer of its class.
        IReadOnlyList<(int, string)> before = (config.AddBos ?? llama) && roles.Bos is { } bos ? [(bos, vocabulary.Token(bos) ?? "")] : [];
        IReadOnlyList<(int, string)> after = (config.AddEos ?? t5) && roles.Eos is { } eos ? [(eos, vocabulary.Token(eos) ?? "")] : [];
        return new PipelineTokenizer(new TokenizerParts
        {
            Model = tokens,
            PostProcessor = PostProcessor.Around(before, after),
            Normalizer = new SentencePieceNormalizer(map, spaces, matcher),
            AddedTokens = added,
            Decoder = new SequenceDecoder([new LeadingMarkDecoder(model.AddDummyPrefix || model.RemoveExtraSpaces, model.RemoveExtraSpaces), new ReplaceTextDecoder("▁", " "), new ByteFallbackDecoder(wholeRuns: false)]),
            Special = roles,
        });
    }

    private static UnigramModel Unigram(SentencePieceFile model, Vocabulary vocabulary, int unknown)
    {
        bool[] usable = [.. model.Pieces.Select(p => p.Type is SentencePieceType.Normal or SentencePieceType.UserDefined)];
        bool[] normal = [.. model.Pieces.Select(p => p.Type == SentencePieceType.Normal)];
        // SentencePiece starts its search for the best score at the smallest positive number, so with log probabilities a user-defined piece scores -0.1.
        double best = Math.Max(1.17549435e-38, model.Pieces.Where(p => p.Type == SentencePieceType.Normal).Select(p => (double)p.Score).DefaultIfEmpty().Max());
        double[] scores = [.. model.Pieces.Select(p => p.Type == SentencePieceType.UserDefined ? (System.Text.Encoding.UTF8.GetByteCount(p.Text) * best) - 0.1 : p.Score)];
        return new UnigramModel(vocabulary, scores, new UnigramOptions
        {
            Unknown = unknown,
            ByteFallback = model.ByteFallback,
            Usable = usable,
            Normal = normal,
            SinglePrecision = true,
        });
    }
}

/// <summary>SentencePiece's word and char models: a piece is a word, or a character.</summary>
internal sealed class SimplePieceModel(Vocabulary vocabulary, bool[] usable, int unknown, bool characters, bool byteFallback) : TokenModel
{
    private readonly int[]? _bytes = byteFallback ? vocabulary.ByteTokens() : null;

    public override string Kind => characters ? "char" : "word";

    public override Vocabulary Vocabulary => vocabulary;

    public override int? UnknownToken => unknown >= 0 ? unknown : null;

    public override void Tokenize(ReadOnlySpan<char> piece, TokenSink sink, MergeScratch scratch)
    {
        bool afterUnknown = false;
        for (int i = 0; i < piece.Length;)
        {
            int length = Length(piece[i..]);
            if (vocabulary.TryGet(piece.Slice(i, length), out int id) && usable[id])
            {
                sink.Add(id, i, length);
                afterUnknown = false;
            }
            else if (_bytes is not null)
            {
                foreach (byte b in System.Text.Encoding.UTF8.GetBytes(piece.Slice(i, length).ToString()))
                {
                    sink.Add(_bytes[b] >= 0 ? _bytes[b] : unknown, i, length);
                }
            }
            else if (!afterUnknown)
            {
                sink.Add(unknown, i, length, piece.Slice(i, length).ToString());
                afterUnknown = true;
            }

            i += length;
        }
    }

    private int Length(ReadOnlySpan<char> rest)
    {
        if (characters)
        {
            return rest.Length > 1 && char.IsSurrogatePair(rest[0], rest[1]) ? 2 : 1;
        }

        int next = rest[1..].IndexOf('▁');
        return next < 0 ? rest.Length : next + 1;
    }
}
