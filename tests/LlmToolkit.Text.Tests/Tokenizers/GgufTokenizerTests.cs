using System.Text.Json;
using LlmToolkit.Text;

namespace LlmToolkit.Tests.Tokenizers;

/// <summary>llama.cpp's vocabularies, its goldens and libllama's ids.</summary>
public class GgufTokenizerTests
{
    public static TheoryData<string> Vocabularies =>
        ["gpt-2", "llama-bpe", "llama-spm", "qwen2", "bert-bge", "deepseek-coder", "deepseek-llm", "falcon", "starcoder", "gemma-4", "nomic-bert-moe"];

    [Theory, MemberData(nameof(Vocabularies))]
    public void Encode_Vocabulary_EqualsLlamaCpp(string name)
    {
        Tokenizer tokenizer = Open(name);
        using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(SharedData.Conformance("vocab", $"{name}.json")));
        Misses misses = new(name);
        if (json.RootElement.TryGetProperty("golden", out JsonElement golden))
        {
            foreach (JsonElement test in golden.EnumerateArray())
            {
                string text = test.GetProperty("text").GetString()!;
                misses.Equal($"golden {Misses.Show(text)}", Ids(test, "ids"), tokenizer.Encode(text, null, new EncodeOptions { AddSpecial = false, SpecialAsText = true }).Ids);
            }
        }

        foreach (JsonElement test in json.RootElement.GetProperty("cases").EnumerateArray())
        {
            string text = test.GetProperty("text").GetString()!;
            foreach ((string way, bool add, bool plain) in (ReadOnlySpan<(string, bool, bool)>)[("plain", false, true), ("special", true, true), ("parse", false, false), ("both", true, false)])
            {
                TokenizerEncoding encoding = tokenizer.Encode(text, null, new EncodeOptions { AddSpecial = add, SpecialAsText = plain });
                misses.Equal($"{way} {Misses.Show(text)}", Ids(test, way), encoding.Ids);
            }
        }

        misses.AssertNone();
    }

    [Fact]
    public void Encode_SmolLm2_EqualsReference()
    {
        string folder = SharedData.Require("models", "smollm2-135m-instruct");
        Tokenizer tokenizer = TokenizerFactory.Create(new TokenizerSource { Metadata = MiniGguf.Open(Path.Combine(folder, "SmolLM2-135M-Instruct.Q4_1.gguf")) });
        using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "expected.json")));
        Misses misses = new("smollm2");
        foreach (JsonElement test in json.RootElement.GetProperty("tokenizer").EnumerateArray())
        {
            string text = test.GetProperty("text").GetString()!;
            int[] ids = Ids(test, "tokens");
            misses.Equal(Misses.Show(text), ids, tokenizer.Encode(text, null, new EncodeOptions { AddSpecial = false }).Ids);
            misses.Text($"decoded {Misses.Show(text)}", text, tokenizer.Decode(ids));
        }

        int[] document = JsonSerializer.Deserialize<int[]>(File.ReadAllBytes(Path.Combine(folder, "text_tokens.json")))!;
        string whole = File.ReadAllText(Path.Combine(folder, "text.txt"));
        misses.Equal("text.txt", document, tokenizer.Encode(Prompt.FromText(whole)));
        misses.AssertNone();
        Assert.Equal(2, tokenizer.EosToken);
        Assert.Contains(2, tokenizer.EndTokens);
    }

    [Theory]
    [InlineData("gpt-2")]
    [InlineData("llama-bpe")]
    public void Encode_EveryPreTokenizer_EqualsLlamaCpp(string vocabulary)
    {
        using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(SharedData.Conformance("vocab", "pre-tokenizers.json")));
        MiniGguf metadata = MiniGguf.Open(SharedData.Conformance("vocab", $"{vocabulary}.gguf.gz"));
        string[] texts = [.. json.RootElement.GetProperty("texts").EnumerateArray().Select(t => t.GetString()!)];
        Misses misses = new(vocabulary);
        foreach (JsonProperty group in json.RootElement.GetProperty("pre").EnumerateObject())
        {
            if (!group.Value.GetProperty("ids").TryGetProperty(vocabulary, out JsonElement expected))
            {
                continue;
            }

            string pre = group.Value.GetProperty("names")[0].GetString()!;
            Tokenizer tokenizer = TokenizerFactory.Create(new TokenizerSource { Metadata = metadata, Pre = pre });
            for (int i = 0; i < texts.Length; i++)
            {
                int[] ids = [.. expected[i].EnumerateArray().Select(id => id.GetInt32())];
                misses.Equal($"{pre} {Misses.Show(texts[i])}", ids, tokenizer.Encode(texts[i], null, new EncodeOptions { AddSpecial = false, SpecialAsText = true }).Ids);
            }

            foreach (JsonElement name in group.Value.GetProperty("names").EnumerateArray())
            {
                Assert.NotNull(PreTokenizerRules.Find(name.GetString()!));
            }
        }

        misses.AssertNone();
    }

    private static Tokenizer Open(string name) => TokenizerFactory.Create(new TokenizerSource { Metadata = MiniGguf.Open(SharedData.Conformance("vocab", $"{name}.gguf.gz")) });

    private static int[] Ids(JsonElement test, string name) => [.. test.GetProperty(name).EnumerateArray().Select(id => id.GetInt32())];
}
