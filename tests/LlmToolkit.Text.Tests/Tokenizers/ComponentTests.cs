using System.Text;
using System.Text.Json;
using LlmToolkit.Text;

namespace LlmToolkit.Tests.Tokenizers;

/// <summary>Each component by itself, against huggingface/tokenizers.</summary>
public class ComponentTests
{
    [Theory]
    [InlineData("normalizers")]
    [InlineData("pre_tokenizers")]
    [InlineData("post_processors")]
    [InlineData("decoders")]
    public void Encode_Component_EqualsReference(string file)
    {
        using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(SharedData.Conformance("tokenizers-components", $"{file}.json")));
        Misses misses = new(file);
        foreach (JsonElement entry in json.RootElement.GetProperty("cases").EnumerateArray())
        {
            string name = entry.GetProperty("name").GetString()!;
            Tokenizer tokenizer;
            try
            {
                tokenizer = TokenizerJsonReader.Read(Encoding.UTF8.GetBytes(entry.GetProperty("tokenizer").GetRawText()), null, new TokenizerConfig());
            }
            catch (ModelException fault)
            {
                misses.Fail($"{name}: {fault.Message}");
                continue;
            }

            foreach (JsonElement test in entry.GetProperty("cases").EnumerateArray())
            {
                if (test.TryGetProperty("reference_panics", out _))
                {
                    continue;
                }

                try
                {
                    Run(tokenizer, test, name, misses);
                }
                catch (Exception fault) when (fault is not OutOfMemoryException)
                {
                    misses.Fail($"{name} {test.GetRawText()[..Math.Min(100, test.GetRawText().Length)]}: {fault.GetType().Name} {fault.Message} {fault.StackTrace?.Split('\n')[0]}");
                }
            }
        }

        misses.AssertNone();
    }

    private static void Run(Tokenizer tokenizer, JsonElement test, string name, Misses misses)
    {
        int[] ids = CaseRunner.Ids(test.GetProperty("ids"));
        if (test.TryGetProperty("decoded", out JsonElement decoded))
        {
            misses.Text($"{name} {test.GetProperty("tokens").GetRawText()}", decoded.GetString(), tokenizer.Decode(ids));
            CaseRunner.Stream(tokenizer, test, "stream", ids, false, name + " " + test.GetProperty("tokens").GetRawText(), misses);
            return;
        }

        string text = test.GetProperty("text").GetString()!;
        string? pair = test.TryGetProperty("pair", out JsonElement second) ? second.GetString() : null;
        bool add = test.TryGetProperty("add_special_tokens", out JsonElement special) && special.GetBoolean();
        TokenizerEncoding encoding = tokenizer.Encode(text, pair, new EncodeOptions { AddSpecial = add });
        string what = $"{name} {Misses.Show(text)}";
        if (test.TryGetProperty("normalized", out JsonElement normalized))
        {
            misses.Text($"normalized {what}", normalized.GetString(), encoding.Normalized);
        }

        misses.Equal($"ids {what}", ids, encoding.Ids);
        if (test.TryGetProperty("offsets", out JsonElement offsets))
        {
            misses.Equal($"offsets {what}", CaseRunner.Offsets(offsets), encoding.Offsets!);
        }
        else if (test.TryGetProperty("pre_tokens", out JsonElement pieces))
        {
            misses.Equal($"pieces {what}", pieces.EnumerateArray().Select(p => (p[1][0].GetInt32(), p[1][1].GetInt32())), encoding.Offsets!);
        }

        foreach ((string field, IReadOnlyList<int> actual) in (ReadOnlySpan<(string, IReadOnlyList<int>)>)[("type_ids", encoding.TypeIds), ("special_tokens_mask", encoding.SpecialTokensMask)])
        {
            if (test.TryGetProperty(field, out JsonElement expected))
            {
                misses.Equal($"{field} {what}", CaseRunner.Ids(expected), actual);
            }
        }
    }
}
