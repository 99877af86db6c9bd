namespace LlmToolkit.Text;

/// <summary>Makes a <see cref="TokenizerEncoding"/> of what the model gave and what the post-processor puts around it.</summary>
internal static class EncodingAssembler
{
    public static TokenizerEncoding Assemble(PipelineTokenizer tokenizer, PostProcessor post, TokenSink first, TokenSink? second, bool addSpecial, string normalized)
    {
        List<int> ids = [];
        List<string> tokens = [];
        List<(int, int)> offsets = [];
        List<int> types = [];
        List<int> mask = [];
        List<int?> sequences = [];
        foreach (TemplatePart part in second is null ? post.Single : post.Pair)
        {
            if (part.Sequence is { } sequence)
            {
                TokenSink sink = sequence == 0 ? first : second ?? throw new InvalidOperationException("A template for one text names a second.");
                List<string> spellings = [.. sink.Ids.Select((id, i) => sink.Details[i].Spelling ?? tokenizer.TokenText(id))];
                foreach (bool prefixSpace in post.TrimOffsets)
                {
                    PostProcessor.Trim(spellings, sink.Details, prefixSpace);
                }

                ids.AddRange(sink.Ids);
                tokens.AddRange(spellings);
                offsets.AddRange(sink.Details.Select(d => (d.From, d.To)));
                int type = post.OneType ? 0 : part.TypeId;
                types.AddRange(Enumerable.Repeat(type, sink.Ids.Count));
                mask.AddRange(Enumerable.Repeat(0, sink.Ids.Count));
                sequences.AddRange(Enumerable.Repeat<int?>(sequence, sink.Ids.Count));
            }
            else if (addSpecial)
            {
                foreach ((int id, string text) in part.Tokens)
                {
                    ids.Add(id);
                    tokens.Add(text);
                    offsets.Add((0, 0));
                    types.Add(part.TypeId);
                    mask.Add(1);
                    sequences.Add(null);
                }
            }
        }

        return new TokenizerEncoding(ids, tokens, offsets, types, mask, sequences, normalized);
    }
}
