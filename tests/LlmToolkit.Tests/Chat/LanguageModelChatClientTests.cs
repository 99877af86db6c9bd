using System.Text.Json;
using LlmToolkit.Testing;
using Microsoft.Extensions.AI;

namespace LlmToolkit.Tests.Chat;

public sealed class LanguageModelChatClientTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task GetStreamingResponseAsync_Updates_AreOneAnswer()
    {
        await using FakeModel model = new("Héllo 😀");
        IChatClient client = model.AsChatClient();

        List<ChatResponseUpdate> updates = await client.GetStreamingResponseAsync("Hi", null, Cancellation).ToListAsync(Cancellation);

        Assert.Equal("Héllo 😀", string.Concat(updates.Select(u => u.Text)));
        Assert.True(updates.Count > 5, "It streams.");
        Assert.Single(updates.Select(u => (u.ResponseId, u.MessageId, u.ModelId, u.Role, u.CreatedAt)).Distinct());
        Assert.Equal(("fake", ChatRole.Assistant), (updates[0].ModelId, updates[0].Role));
        Assert.NotNull(updates[0].ResponseId);
        Assert.NotNull(updates[0].CreatedAt);
        Assert.Equal(ChatFinishReason.Stop, updates[^2].FinishReason);
        Assert.All(updates.SkipLast(2), u => Assert.Null(u.FinishReason));
        Assert.IsType<UsageContent>(Assert.Single(updates[^1].Contents));
        Assert.All(updates, u => Assert.IsType<TextChunk>(u.RawRepresentation));
    }

    [Fact]
    public async Task GetResponseAsync_Answer_HasTextUsageReasonAndTimings()
    {
        await using FakeModel model = new("Hello!");

        ChatResponse response = await model.AsChatClient().GetResponseAsync("Hi", null, Cancellation);

        Assert.Equal("Hello!", response.Text);
        Assert.Equal(ChatFinishReason.Stop, response.FinishReason);
        Assert.Equal("fake", response.ModelId);
        // 6 bytes and the end token; the prompt's bytes and the token that names the fake's answer.
        Assert.Equal(7, response.Usage!.OutputTokenCount);
        Assert.Equal("user: Hi\nassistant: ".Length + 1, response.Usage.InputTokenCount);
        Assert.Equal(response.Usage.InputTokenCount + 7, response.Usage.TotalTokenCount);
        Assert.Equal(0, response.Usage.CachedInputTokenCount);
        Assert.IsType<double>(response.AdditionalProperties!["tokens_per_second"]);
        Assert.IsType<double>(response.AdditionalProperties["prompt_ms"]);
    }

    [Fact]
    public async Task GetResponseAsync_SecondTurn_SaysWhatWasCached()
    {
        await using FakeModel model = new("Hello!", "Again!");
        IChatClient client = model.AsChatClient();
        List<ChatMessage> messages = [new(ChatRole.User, "Hi")];
        ChatResponse first = await client.GetResponseAsync(messages, null, Cancellation);

        ChatResponse second = await client.GetResponseAsync([.. messages, .. first.Messages, new(ChatRole.User, "And?")], null, Cancellation);

        Assert.Equal("Again!", second.Text);
        Assert.Equal("user: Hi\nassistant: ".Length, second.Usage!.CachedInputTokenCount);
        Assert.Equal("user: Hi\nassistant: Hello!\nuser: And?\nassistant: ", model.Prompts[1]);
    }

    [Fact]
    public async Task GetResponseAsync_OptionsOfTheInterface_AreMapped()
    {
        Recorder model = new();
        ChatOptions options = new()
        {
            MaxOutputTokens = 5,
            Temperature = 0.5f,
            TopK = 7,
            TopP = 0.6f,
            FrequencyPenalty = 0.1f,
            PresencePenalty = 0.2f,
            Seed = 9,
            StopSequences = ["x"],
        };

        await model.AsChatClient().GetResponseAsync("Hi", options, Cancellation);

        GenerateOptions seen = model.Options!;
        Assert.Equal((5, 0.5f, 7, 0.6f, 0.1f, 0.2f, 9L), (seen.MaxTokens, seen.Temperature, seen.TopK, seen.TopP, seen.FrequencyPenalty, seen.PresencePenalty, seen.Seed));
        Assert.Equal(["x"], seen.Stop!);
        Assert.Null(seen.MinP);
    }

    [Fact]
    public async Task GetResponseAsync_AdditionalProperties_OfEveryNumberType_AreMapped()
    {
        Recorder model = new();
        ChatOptions options = new()
        {
            AdditionalProperties = new AdditionalPropertiesDictionary
            {
                ["min_p"] = 0.1,
                ["typical_p"] = "0.9",
                ["repeat_penalty"] = JsonDocument.Parse("1.1").RootElement,
                ["repeat_last_n"] = 32L,
                ["ignore_eos"] = true,
                ["logprobs"] = JsonDocument.Parse("true").RootElement,
                ["top_logprobs"] = 4,
                ["logit_bias"] = JsonDocument.Parse("""{"50256": -100}""").RootElement,
                ["keep_tokens"] = 8,
                ["overflow"] = "drop_oldest",
                ["show_special_tokens"] = "false",
                ["somebody_elses"] = new object(),
            },
        };

        await model.AsChatClient().GetResponseAsync("Hi", options, Cancellation);

        GenerateOptions seen = model.Options!;
        Assert.Equal((0.1f, 0.9f, 1.1f, 32, true, 4, 8), (seen.MinP, seen.TypicalP, seen.RepetitionPenalty, seen.PenaltyWindow, seen.IgnoreEndTokens, seen.LogProbs, seen.KeepTokens));
        Assert.Equal((ContextOverflow.DropOldest, false), (seen.Overflow, seen.ShowSpecialTokens));
        Assert.Equal(-100, seen.LogitBias![50256]);
    }

    [Theory]
    [InlineData(false, null, null)]
    [InlineData(true, null, 0)]
    [InlineData(3, null, 3)]
    [InlineData(true, 2, 2)]
    [InlineData(false, 2, null)]
    [InlineData(null, 2, 2)]
    public async Task GetResponseAsync_LogProbsInEverySpelling(object? logProbs, int? top, int? expected)
    {
        Recorder model = new();
        ChatOptions options = new() { AdditionalProperties = new AdditionalPropertiesDictionary { ["logprobs"] = logProbs, ["top_logprobs"] = top } };

        await model.AsChatClient().GetResponseAsync("Hi", options, Cancellation);

        Assert.Equal(expected, model.Options!.LogProbs);
    }

    [Fact]
    public async Task GetResponseAsync_RequestThenRawThenDefaults()
    {
        Recorder model = new();
        IChatClient client = model.AsChatClient(new GenerateOptions { TopK = 1, MinP = 0.3f, Temperature = 0.3f });
        ChatOptions options = new() { Temperature = 0.1f, RawRepresentationFactory = _ => new GenerateOptions { Temperature = 0.2f, TopK = 2 } };

        await client.GetResponseAsync("Hi", options, Cancellation);

        Assert.Equal((0.1f, 2, 0.3f), (model.Options!.Temperature, model.Options.TopK, model.Options.MinP));
    }

    [Fact]
    public async Task GetResponseAsync_Messages_BecomeTurnsAndAreNotChanged()
    {
        await using FakeModel model = new("ok");
        ChatMessage[] messages = [new(ChatRole.System, "Be short."), new(ChatRole.User, [new TextContent("a"), new TextContent("b")]), new(ChatRole.Assistant, [new TextReasoningContent("hm"), new TextContent("c")])];
        ChatOptions options = new() { Instructions = "Be kind." };

        await model.AsChatClient().GetResponseAsync(messages, options, Cancellation);
        await model.AsChatClient().GetResponseAsync([messages[1]], options, Cancellation);

        Assert.Equal("system: Be kind.\n\nBe short.\nuser: ab\nassistant: c\nassistant: ", model.Prompts[0]);
        Assert.Equal("system: Be kind.\nuser: ab\nassistant: ", model.Prompts[1]);
        Assert.Equal("Be short.", messages[0].Text);
    }

    public static TheoryData<string, ChatOptions?, AIContent?, string> Refused => new()
    {
        { "tools", new ChatOptions { Tools = [AIFunctionFactory.Create(() => 1, "one")] }, null, "LT3280" },
        { "required tool", new ChatOptions { ToolMode = ChatToolMode.RequireAny }, null, "LT3281" },
        { "json", new ChatOptions { ResponseFormat = ChatResponseFormat.Json }, null, "LT3282" },
        { "image", null, new DataContent(new byte[] { 1 }, "image/png"), "LT3283" },
        { "tool result", null, new FunctionResultContent("1", 2), "LT3283" },
        { "text for a number", new ChatOptions { AdditionalProperties = new() { ["min_p"] = "much" } }, null, "LT3285" },
        { "fraction for an integer", new ChatOptions { AdditionalProperties = new() { ["keep_tokens"] = 1.5 } }, null, "LT3285" },
        { "number for a truth", new ChatOptions { AdditionalProperties = new() { ["ignore_eos"] = 1 } }, null, "LT3285" },
        { "unknown policy", new ChatOptions { AdditionalProperties = new() { ["overflow"] = "ignore" } }, null, "LT3285" },
    };

    [Theory, MemberData(nameof(Refused))]
    public async Task GetResponseAsync_WhatCannotBeDone_IsRefused(string name, ChatOptions? options, AIContent? content, string code)
    {
        await using FakeModel model = new("ok");
        ChatMessage message = new(ChatRole.User, content is null ? [new TextContent("Hi")] : [content]);

        ModelException error = await Assert.ThrowsAsync<ModelException>(() => model.AsChatClient().GetResponseAsync([message], options, Cancellation));

        Assert.True(error.Diagnostic.Code == code, $"{name}: {error.Message}");
        Assert.NotEmpty(error.Diagnostic.Fixes);
        Assert.Equal(0, model.Calls);
    }

    [Fact]
    public async Task GetResponseAsync_ToolsThatMayNotBeCalled_AreNoObstacle()
    {
        await using FakeModel model = new("ok");
        ChatOptions options = new() { Tools = [AIFunctionFactory.Create(() => 1, "one")], ToolMode = ChatToolMode.None, ResponseFormat = ChatResponseFormat.Text };

        Assert.Equal("ok", (await model.AsChatClient().GetResponseAsync("Hi", options, Cancellation)).Text);
    }

    [Fact]
    public async Task GetResponseAsync_Limits_AreReported()
    {
        await using FakeModel model = new("one two three");
        IChatClient client = model.AsChatClient();

        ChatResponse cut = await client.GetResponseAsync("Hi", new ChatOptions { MaxOutputTokens = 3 }, Cancellation);
        ChatResponse stopped = await client.GetResponseAsync("Hi", new ChatOptions { StopSequences = ["two"] }, Cancellation);

        Assert.Equal(("one", ChatFinishReason.Length), (cut.Text, cut.FinishReason));
        Assert.Equal(("one ", ChatFinishReason.Stop), (stopped.Text, stopped.FinishReason));
        Assert.Equal("two", stopped.AdditionalProperties!["stop_text"]);
    }

    [Fact]
    public async Task GetResponseAsync_LogProbs_AreInTheAnswer()
    {
        await using FakeModel model = new("abc");

        ChatResponse response = await model.AsChatClient().GetResponseAsync("Hi", new ChatOptions { AdditionalProperties = new() { ["logprobs"] = 2 } }, Cancellation);

        IReadOnlyList<TokenLogProb> logProbs = Assert.IsAssignableFrom<IReadOnlyList<TokenLogProb>>(response.AdditionalProperties!["logprobs"]);
        Assert.Equal(["a", "b", "c", "</s>"], logProbs.Select(p => p.Text));
        Assert.All(logProbs, p => Assert.Equal(2, p.Top.Count));
    }

    [Fact]
    public async Task GetStreamingResponseAsync_Cancelled_Throws()
    {
        await using FakeModel model = new(new string('a', 1000));
        using CancellationTokenSource stop = new();
        int seen = 0;

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (ChatResponseUpdate _ in model.AsChatClient().GetStreamingResponseAsync("Hi", null, stop.Token))
            {
                seen++;
                await stop.CancelAsync();
            }
        });

        Assert.Equal(1, seen);
        Assert.Equal("ok", (await new FakeModel("ok").AsChatClient().GetResponseAsync("Hi", null, Cancellation)).Text);
    }

    [Fact]
    public async Task GetResponseAsync_ManyAtOnce_EachGetsItsAnswer()
    {
        await using FakeModel model = new(prompt => "re: " + prompt);
        IChatClient client = model.AsChatClient();

        ChatResponse[] answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => client.GetResponseAsync($"{i}", null, Cancellation)));

        Assert.All(answers.Select((a, i) => (a, i)), x => Assert.Equal($"re: user: {x.i}\nassistant: ", x.a.Text));
    }

    [Fact]
    public async Task GetService_Kinds()
    {
        await using FakeModel model = new("ok");
        IChatClient client = model.AsChatClient();

        ChatClientMetadata metadata = client.GetRequiredService<ChatClientMetadata>();
        Assert.Equal(("llmtoolkit", "fake"), (metadata.ProviderName, metadata.DefaultModelId));
        Assert.Null(metadata.ProviderUri);
        Assert.Same(client, client.GetService<IChatClient>());
        Assert.Same(client, client.GetService<LanguageModelChatClient>());
        Assert.Same(model, client.GetService<ILanguageModel>());
        Assert.Same(model, client.GetService<FakeModel>());
        Assert.Null(client.GetService<ILanguageModel>("key"));
        Assert.Null(client.GetService<string>());
    }

    [Fact]
    public async Task Dispose_Client_LeavesTheModel()
    {
        await using FakeModel model = new("ok");
        model.AsChatClient().Dispose();

        Assert.Equal("ok", (await model.AsChatClient().GetResponseAsync("Hi", null, Cancellation)).Text);
    }

    /// <summary>Remembers the options it was given.</summary>
    private sealed class Recorder : ILanguageModel
    {
        public GenerateOptions? Options { get; private set; }

        public ModelInfo Info { get; } = new() { Format = "test", FileBytes = 0 };

        public string Backend => "test";

        public int ContextLength => 10;

        public async IAsyncEnumerable<TextChunk> GenerateAsync(Prompt prompt, GenerateOptions? options = null, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            Options = options;
            await Task.Yield();
            yield return new TextChunk { Text = "", FinishReason = LlmToolkit.FinishReason.Stop, Usage = new TokenUsage(1, 1, 0) };
        }

        public Task<TextEmbedding> EmbedAsync(string text, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public Prompt ApplyTemplate(IReadOnlyList<ChatTurn> messages, bool addGenerationPrompt = true) => "";

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
