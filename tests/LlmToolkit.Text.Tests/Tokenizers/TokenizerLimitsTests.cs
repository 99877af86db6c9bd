using System.Text.Json;
using LlmToolkit.Tests;

namespace LlmToolkit.Text.Tests.Tokenizers;

/// <summary>Truncation and padding against huggingface/tokenizers 0.23.</summary>
public sealed class TokenizerLimitsTests
{
    [Theory]
    [InlineData("truncation-only-second")]
    [InlineData("truncation-right-padding")]
    public void Apply_ConfiguredTokenizer_EqualsTheReference(string name)
    {
        string folder = SharedData.Conformance("tokenizers-synthetic", name);
        TokenizerSource source = TokenizerSources.FromPath(folder);
        Tokenizer tokenizer = TokenizerFactory.Create(source);
        TokenizerLimits limits = TokenizerLimits.Read(source);
        using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "cases.json")));
        List<string> misses = [];
        foreach (JsonElement row in json.RootElement.GetProperty("meta").GetProperty("configured").EnumerateArray())
        {
            string text = row.GetProperty("text").GetString()!;
            string? pair = row.GetProperty("pair").GetString();
            string expected = row.TryGetProperty("error", out _) ? "error" : $"{Ids(row, "ids")} | {Ids(row, "type_ids")} | {Ids(row, "special_tokens_mask")}";
            if (Run(tokenizer, limits, text, pair) is string found && found != expected)
            {
                misses.Add($"{text} / {pair}: {found} instead of {expected}");
            }
        }

        Assert.True(misses.Count == 0, string.Join('\n', misses));
    }

    [Fact]
    public void Read_SourceWithoutTokenizerJson_ChangesNothing()
    {
        TokenizerEncoding encoding = new([1, 2], ["a", "b"], null, [0, 0], [0, 0], [0, 0], null);

        Assert.Same(encoding, TokenizerLimits.Read(new TokenizerSource()).Apply(encoding));
    }

    private static string Run(Tokenizer tokenizer, TokenizerLimits limits, string text, string? pair)
    {
        try
        {
            TokenizerEncoding e = limits.Apply(tokenizer.Encode(text, pair));
            return $"{string.Join(',', e.Ids)} | {string.Join(',', e.TypeIds)} | {string.Join(',', e.SpecialTokensMask)}";
        }
        catch (ModelException)
        {
            return "error";
        }
    }

    private static string Ids(JsonElement row, string name) => string.Join(',', row.GetProperty(name).EnumerateArray().Select(x => x.GetInt32()));
}
