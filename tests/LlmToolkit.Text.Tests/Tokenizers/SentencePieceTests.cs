using System.Text.Json;
using LlmToolkit.Text;

namespace LlmToolkit.Tests.Tokenizers;

/// <summary>SentencePiece's own models and results.</summary>
public class SentencePieceTests
{
    [Theory]
    [InlineData("bpe-llama")]
    [InlineData("bpe-suffix")]
    [InlineData("char")]
    [InlineData("unigram-nmt-nfkc")]
    [InlineData("unigram-no-dummy-prefix-symbols")]
    public void Encode_Model_EqualsSentencePiece(string name)
    {
        string folder = SharedData.Conformance("sentencepiece", name);
        Tokenizer tokenizer = TokenizerFactory.Create(TokenizerSources.FromPath(Path.Combine(folder, "tokenizer.model")));
        using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "cases.json")));
        Misses misses = new(name);
        foreach (JsonElement test in json.RootElement.GetProperty("cases").EnumerateArray())
        {
            string text = test.GetProperty("text").GetString()!;
            TokenizerEncoding encoding = tokenizer.Encode(text, null, new EncodeOptions { AddSpecial = false, SpecialAsText = true });
            misses.Equal(Misses.Show(text), CaseRunner.Ids(test.GetProperty("ids")), encoding.Ids);
            if (test.TryGetProperty("normalized", out JsonElement normalized))
            {
                misses.Text($"normalized {Misses.Show(text)}", normalized.GetString(), encoding.Normalized);
            }

            misses.Text($"decoded {Misses.Show(text)}", test.TryGetProperty("decoded", out JsonElement decoded) ? decoded.GetString() : text, tokenizer.Decode(CaseRunner.Ids(test.GetProperty("ids")), true));
        }

        foreach (JsonElement test in json.RootElement.GetProperty("meta").GetProperty("decode").EnumerateArray())
        {
            int[] ids = CaseRunner.Ids(test.GetProperty("ids"));
            misses.Text($"decode {string.Join(' ', ids)}", test.GetProperty("decoded").GetString(), tokenizer.Decode(ids, true));
        }

        misses.AssertNone();
    }
}
