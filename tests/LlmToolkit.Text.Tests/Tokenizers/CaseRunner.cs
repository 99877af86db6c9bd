using System.Text.Json;
using LlmToolkit.Text;

namespace LlmToolkit.Tests.Tokenizers;

/// <summary>Runs the cases of a cases.json against a tokenizer: every field that a case has, and the defaults of those that it lacks.</summary>
internal static class CaseRunner
{
    public static void Run(Tokenizer tokenizer, JsonElement root, Misses misses, bool checkSkipped = true)
    {
        foreach (JsonElement test in root.GetProperty("cases").EnumerateArray())
        {
            string text = test.GetProperty("text").GetString()!;
            string name = Misses.Show(text);
            try
            {
                if (test.TryGetProperty("error", out _))
                {
                    Assert.Throws<ModelException>(() => tokenizer.Encode(text, Pair(test)));
                    misses.Pass();
                }
                else if (test.TryGetProperty("pair", out _))
                {
                    RunPair(tokenizer, test, text, name, misses);
                }
                else
                {
                    RunSingle(tokenizer, test, text, name, misses, checkSkipped);
                }
            }
            catch (Exception fault) when (fault is not OutOfMemoryException)
            {
                misses.Fail($"{name}: {fault.GetType().Name} {fault.Message.Split('\n')[0]} {fault.StackTrace?.Split('\n')[0]}");
            }
        }

        if (root.TryGetProperty("meta", out JsonElement meta) && meta.TryGetProperty("decode", out JsonElement decodes))
        {
            foreach (JsonElement test in decodes.EnumerateArray())
            {
                int[] ids = Ids(test.GetProperty("ids"));
                string name = $"decode {string.Join(' ', ids.Take(20))}";
                misses.Text(name, test.GetProperty("decoded").GetString(), tokenizer.Decode(ids));
                Stream(tokenizer, test, "stream", ids, false, name, misses);
            }
        }
    }

    public static int[] Ids(JsonElement list) => [.. list.EnumerateArray().Select(i => i.GetInt32())];

    private static string? Pair(JsonElement test) => test.TryGetProperty("pair", out JsonElement pair) ? pair.GetString() : null;

    private static void RunPair(Tokenizer tokenizer, JsonElement test, string text, string name, Misses misses)
    {
        TokenizerEncoding full = tokenizer.Encode(text, Pair(test));
        TokenizerEncoding bare = tokenizer.Encode(text, Pair(test), new EncodeOptions { AddSpecial = false });
        int[] ids = Ids(test.GetProperty("ids"));
        misses.Equal($"pair ids {name}", ids, full.Ids);
        if (test.TryGetProperty("ids_no_special", out JsonElement b))
        {
            misses.Equal($"pair ids_no_special {name}", Ids(b), bare.Ids);
        }

        Check(test, "type_ids", full.TypeIds);
        Check(test, "special_tokens_mask", full.SpecialTokensMask);
        if (test.TryGetProperty("sequence_ids", out JsonElement sequences))
        {
            misses.Equal($"sequence_ids {name}", sequences.EnumerateArray().Select(s => s.ValueKind == JsonValueKind.Null ? (int?)null : s.GetInt32()), full.SequenceIds);
        }

        if (test.TryGetProperty("offsets_ids", out JsonElement offsets))
        {
            misses.Equal($"offsets_ids {name}", Offsets(offsets), full.Offsets!);
        }

        void Check(JsonElement from, string field, IReadOnlyList<int> actual)
        {
            if (from.TryGetProperty(field, out JsonElement expected))
            {
                misses.Equal($"{field} {name}", Ids(expected), actual);
            }
        }
    }

    private static void RunSingle(Tokenizer tokenizer, JsonElement test, string text, string name, Misses misses, bool checkSkipped)
    {
        TokenizerEncoding full = tokenizer.Encode(text);
        TokenizerEncoding bare = tokenizer.Encode(text, null, new EncodeOptions { AddSpecial = false });
        TokenizerEncoding plain = tokenizer.Encode(text, null, new EncodeOptions { AddSpecial = false, SpecialAsText = true });
        int[] ids = Ids(test.GetProperty("ids"));
        int[] bareIds = test.TryGetProperty("ids_no_special", out JsonElement b) ? Ids(b) : ids;
        int[] plainIds = test.TryGetProperty("ids_plain", out JsonElement p) ? Ids(p) : bareIds;
        misses.Equal($"ids {name}", ids, full.Ids);
        misses.Equal($"ids_no_special {name}", bareIds, bare.Ids);
        misses.Equal($"ids_plain {name}", plainIds, plain.Ids);
        string decoded = test.TryGetProperty("decoded", out JsonElement d) ? d.GetString()! : text;
        string skipped = test.TryGetProperty("decoded_skip_special", out JsonElement s) ? s.GetString()! : decoded;
        string decodedIds = test.TryGetProperty("decoded_ids", out JsonElement di) ? di.GetString()! : decoded;
        misses.Text($"decoded {name}", decoded, tokenizer.Decode(bareIds));
        if (checkSkipped)
        {
            misses.Text($"decoded_skip_special {name}", skipped, tokenizer.Decode(bareIds, true));
        }

        misses.Text($"decoded_ids {name}", decodedIds, tokenizer.Decode(ids));
        if (test.TryGetProperty("offsets", out JsonElement offsets))
        {
            misses.Equal($"offsets {name}", Offsets(offsets), bare.Offsets!);
        }

        if (test.TryGetProperty("type_ids", out JsonElement types))
        {
            misses.Equal($"type_ids {name}", Ids(types), full.TypeIds);
            misses.Equal($"special_tokens_mask {name}", Ids(test.GetProperty("special_tokens_mask")), full.SpecialTokensMask);
        }

        Stream(tokenizer, test, "stream", bareIds, false, name, misses);
        Stream(tokenizer, test, "stream_skip_special", bareIds, true, name, misses);
    }

    public static IEnumerable<(int, int)> Offsets(JsonElement list) => list.EnumerateArray().Select(o => (o[0].GetInt32(), o[1].GetInt32()));

    public static void Stream(Tokenizer tokenizer, JsonElement test, string field, int[] ids, bool skip, string name, Misses misses)
    {
        StreamingDecoder decoder = tokenizer.CreateDecoder(skip);
        List<string?> pieces = [.. ids.Select(decoder.Push)];
        string? flush = decoder.Flush();
        // Where the reference gives up ("Invalid prefix"), ours has only to go on.
        bool failed = test.TryGetProperty(field, out JsonElement stream) && stream.EnumerateArray().Any(e => e.ValueKind == JsonValueKind.Object);
        if (failed || test.TryGetProperty("stream_differs", out _))
        {
            return;
        }

        misses.Text($"{field} sum {name}", tokenizer.Decode(ids, skip), string.Concat(pieces) + flush);
        if (test.TryGetProperty(field, out JsonElement expected))
        {
            misses.Equal($"{field} {name}", expected.EnumerateArray().Select(e => e.GetString()), pieces);
        }
    }
}
