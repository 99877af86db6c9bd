using LlmToolkit.Testing;
using Microsoft.Extensions.AI;

namespace LlmToolkit.Tests;

public sealed class FakeModelTests
{
    private static readonly Diagnostic Fault = new() { Code = "LT0001", Kind = FaultKind.DoesNotFit, Message = "full", Fixes = ["wait"] };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>The example of <see cref="FakeModel"/>'s documentation.</summary>
    [Fact]
    public async Task Replies_InOrderThenTheLastAgain()
    {
        await using FakeModel model = new("Hello!", "Goodbye.");
        IChatClient client = model.AsChatClient();

        ChatResponse answer = await client.GetResponseAsync("Hi", null, Cancellation);

        Assert.Equal("Hello!", answer.Text);
        Assert.Equal("user: Hi\nassistant: ", model.Prompts[0]);
        Assert.Equal("Goodbye.", (await client.GetResponseAsync("Bye", null, Cancellation)).Text);
        Assert.Equal("Goodbye.", (await client.GetResponseAsync("Bye!", null, Cancellation)).Text);
        Assert.Equal(3, model.Calls);
    }

    [Theory]
    [InlineData(0f)]
    [InlineData(0.8f)]
    [InlineData(2f)]
    public async Task Reply_AnySensibleTemperature_IsWritten(float temperature)
    {
        await using FakeModel model = new(prompt => prompt.ToUpperInvariant());

        Assert.Equal("ÄÖ 😀", await TextOf(model, "äö 😀", new GenerateOptions { Temperature = temperature }));
    }

    [Fact]
    public async Task GenerateAsync_StreamsTokenByToken()
    {
        await using FakeModel model = new("abc");

        List<TextChunk> chunks = await model.GenerateAsync("x", null, Cancellation).ToListAsync(Cancellation);

        Assert.Equal(["a", "b", "c", ""], chunks.Select(c => c.Text));
    }

    [Fact]
    public async Task Babbling_SameSeed_SameText()
    {
        await using FakeModel a = FakeModel.Babbling(1);
        await using FakeModel b = FakeModel.Babbling(1);
        await using FakeModel c = FakeModel.Babbling(2);
        GenerateOptions options = new() { Temperature = 0, MaxTokens = 30, IgnoreEndTokens = true };

        string text = await TextOf(a, "x", options);

        Assert.Equal(text, await TextOf(b, "x", options));
        Assert.NotEqual(text, await TextOf(c, "x", options));
        Assert.NotEqual(text, await TextOf(a, "y", options));
    }

    [Fact]
    public async Task TokensForwarded_SamePromptAgain_GrowsByWhatIsNew()
    {
        await using FakeModel model = FakeModel.Babbling();
        GenerateOptions options = new() { Temperature = 0, MaxTokens = 1 };
        await TextOf(model, "hello", options);
        int before = model.TokensForwarded;

        await TextOf(model, "hello", options);

        Assert.Equal((6, 1), (before, model.TokensForwarded - before));
    }

    [Fact]
    public async Task Failure_Set_IsThrownByEveryCall()
    {
        await using FakeModel model = new("ok") { Failure = new ModelException(Fault) };

        Assert.Same(model.Failure, await Assert.ThrowsAsync<ModelException>(() => TextOf(model, "x")));
        Assert.Same(model.Failure, await Assert.ThrowsAsync<ModelException>(() => model.EmbedAsync("x", Cancellation)));
        model.Failure = null;
        Assert.Equal("ok", await TextOf(model, "x"));
    }

    [Fact]
    public async Task Delay_Cancelled_EndsAtOnce()
    {
        await using FakeModel model = new("ok") { Delay = TimeSpan.FromDays(1) };
        using CancellationTokenSource stop = new();
        Task<string> running = TextOf(model, "x", null, stop.Token);

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    [Fact]
    public async Task EmbedAsync_SimilarTexts_AreNearer()
    {
        await using FakeModel model = new("ok");
        float[] a = (await model.EmbedAsync("the cat sat", Cancellation)).Vector.ToArray();
        float[] b = (await model.EmbedAsync("the cat sat.", Cancellation)).Vector.ToArray();
        float[] c = (await model.EmbedAsync("zzzzzzzzzz", Cancellation)).Vector.ToArray();

        Assert.Equal(1, Dot(a, a), 1e-5f);
        Assert.True(Dot(a, b) > Dot(a, c));
    }

    [Fact]
    public async Task CreateSession_Reply_IsAlsoThereWithoutTheLoop()
    {
        await using FakeModel model = FakeModel.Babbling();
        using IGenerationSession session = model.CreateSession();
        float[] logits = new float[2 * model.Vocabulary];

        session.Forward([1, 2, 3], logits, Cancellation);
        float[] last = logits[model.Vocabulary..];
        session.Truncate(2);
        session.Forward([3], logits.AsSpan(0, model.Vocabulary), Cancellation);

        Assert.Equal(last, logits[..model.Vocabulary]);
        Assert.Equal(3, session.Length);
    }

    private static float Dot(float[] a, float[] b) => a.Zip(b, (x, y) => x * y).Sum();

    private static async Task<string> TextOf(FakeModel model, string prompt, GenerateOptions? options = null, CancellationToken? stop = null) =>
        string.Concat(await model.GenerateAsync(prompt, options, stop ?? Cancellation).Select(c => c.Text).ToListAsync(stop ?? Cancellation));
}
