using System.Text.Json;

namespace LlmToolkit.Tests.EndToEnd;

/// <summary>The whole path on a real model: text in, the reference library's text out.</summary>
public sealed class TinyStoriesTests
{
    /// <summary>A step whose two best logits are nearer than this may go either way.</summary>
    private const double Undecided = 0.01;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task GenerateAsync_Greedy_WritesWhatTransformersWrites()
    {
        await using ILanguageModel model = await LoadAsync();
        using JsonDocument expected = JsonDocument.Parse(await File.ReadAllBytesAsync(SharedData.Require("models", "tiny-stories", "expected.json"), Cancellation));
        List<string> misses = [];
        foreach (JsonElement prompt in expected.RootElement.GetProperty("prompts").EnumerateArray().Where(p => p.GetProperty("text").ValueKind == JsonValueKind.String))
        {
            string text = prompt.GetProperty("text").GetString()!;
            JsonElement reference = prompt.GetProperty("transformers_float32");
            double[] margins = [.. reference.GetProperty("margins").EnumerateArray().Select(m => m.GetDouble())];
            int[] ids = [.. reference.GetProperty("ids").EnumerateArray().Select(i => i.GetInt32())];
            int decided = Array.FindIndex(margins, m => m < Undecided) is >= 0 and int at ? at : ids.Length;

            List<TextChunk> chunks = await model.GenerateAsync(Prompt.FromIds([.. prompt.GetProperty("ids").EnumerateArray().Select(i => i.GetInt32())]), new GenerateOptions { Temperature = 0, MaxTokens = 64 }, Cancellation).ToListAsync(Cancellation);

            int[] actual = [.. chunks.SelectMany(c => c.Ids)];
            if (!actual.Take(decided).SequenceEqual(ids.Take(decided)))
            {
                misses.Add($"{text}: differs at step {actual.Zip(ids).TakeWhile(p => p.First == p.Second).Count()} of {decided}");
            }
            else if (decided == ids.Length && string.Concat(chunks.Select(c => c.Text)) is string written && written != reference.GetProperty("text").GetString())
            {
                misses.Add($"{text}: wrote \"{written}\"");
            }
        }

        Assert.True(misses.Count == 0, string.Join('\n', misses));
    }

    [Fact]
    public async Task GenerateAsync_Turns_ReuseTheCacheAndGiveTheSameText()
    {
        await using ILanguageModel model = await LoadAsync();
        GenerateOptions options = new() { Temperature = 0, MaxTokens = 40 };
        string first = await TextOf(model, "Once upon a time", options);
        string whole = "Once upon a time" + first;

        List<TextChunk> second = await model.GenerateAsync(whole, options, Cancellation).ToListAsync(Cancellation);
        await using ILanguageModel fresh = await LoadAsync();

        Assert.True(second[^1].Usage!.CachedTokens > 30, $"{second[^1].Usage!.CachedTokens} of {second[^1].Usage!.PromptTokens} cached");
        Assert.Equal(await TextOf(fresh, whole, options), string.Concat(second.Select(c => c.Text)));
    }

    [Fact]
    public async Task GenerateAsync_Seed_FixesTheText()
    {
        await using ILanguageModel model = await LoadAsync();
        GenerateOptions options = new() { Seed = 5, MaxTokens = 40 };

        string text = await TextOf(model, "Once upon a time", options);

        Assert.Equal(text, await TextOf(model, "Once upon a time", options));
        Assert.NotEqual(text, await TextOf(model, "Once upon a time", options with { Seed = 6 }));
    }

    private static Task<ILanguageModel> LoadAsync() =>
        new ModelLoader().LoadAsync(SharedData.Require("models", "tiny-stories"), new LoadOptions { Exact = true }, null, Cancellation);

    private static async Task<string> TextOf(ILanguageModel model, string prompt, GenerateOptions options) =>
        string.Concat(await model.GenerateAsync(prompt, options, Cancellation).Select(c => c.Text).ToListAsync(Cancellation));
}
