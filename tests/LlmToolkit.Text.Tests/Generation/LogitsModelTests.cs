using System.Text;
using LlmToolkit.Testing;
using LlmToolkit.Text;

namespace LlmToolkit.Tests.Generation;

public sealed class LogitsModelTests
{
    private static readonly GenerateOptions Greedy = new() { Temperature = 0, MaxTokens = 20 };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task GenerateAsync_Greedy_EqualsTheModelComputedWithoutSessions()
    {
        await using HashModel model = new();

        Reply reply = await Reply.Of(model, "hello", Greedy);

        Assert.Equal(model.Greedy([ByteTokenizer.Bos, .. "hello"u8], 20), reply.Ids);
        Assert.Equal(HashModel.Bytes.Decode([.. reply.Ids]), reply.Text);
        Assert.Equal(FinishReason.Length, reply.Last.FinishReason);
        Assert.Equal((6, 20, 0), (reply.Usage.PromptTokens, reply.Usage.CompletionTokens, reply.Usage.CachedTokens));
    }

    [Fact]
    public async Task GenerateAsync_SameSeed_SameText()
    {
        await using HashModel model = new();
        GenerateOptions options = new() { Seed = 42, Temperature = 1.5f, TopK = 0, MaxTokens = 60 };

        string first = (await Reply.Of(model, "x", options)).Text;

        Assert.Equal(first, (await Reply.Of(model, "x", options)).Text);
        Assert.NotEqual(first, (await Reply.Of(model, "x", options with { Seed = 43 })).Text);
        Assert.NotEqual((await Reply.Of(model, "x", options with { Seed = null })).Text, (await Reply.Of(model, "x", options with { Seed = null })).Text);
    }

    [Fact]
    public async Task GenerateAsync_Options_CallerThenModelThenOurs()
    {
        await using HashModel model = new(text: HashModel.Assets(new GenerateOptions { Temperature = 0, MaxTokens = 7 }));

        Assert.Equal(model.Greedy([ByteTokenizer.Bos, .. "x"u8], 7), (await Reply.Of(model, "x")).Ids);
        Assert.Equal(3, (await Reply.Of(model, "x", new GenerateOptions { MaxTokens = 3 })).Ids.Count);
    }

    [Fact]
    public async Task GenerateAsync_EndToken_StopsAndIsCountedButNotShown()
    {
        await using HashModel model = Script("Hi.");

        Reply reply = await Reply.Of(model, Prompt.FromIds(1));

        Assert.Equal("Hi.", reply.Text);
        Assert.Equal([.. "Hi."u8, ByteTokenizer.Eos], reply.Ids);
        Assert.Equal(FinishReason.Stop, reply.Last.FinishReason);
        Assert.Null(reply.Last.StopText);
    }

    [Fact]
    public async Task GenerateAsync_EndTokenOfTheContainer_StopsToo()
    {
        await using HashModel model = Script("Hi.", HashModel.Assets(null, '.'));

        Assert.Equal("Hi", (await Reply.Of(model, Prompt.FromIds(1))).Text);
    }

    [Fact]
    public async Task GenerateAsync_IgnoreEndTokens_GoesOn()
    {
        await using HashModel model = Script("Hi.");

        Reply reply = await Reply.Of(model, Prompt.FromIds(1), Greedy with { IgnoreEndTokens = true, MaxTokens = 6, ShowSpecialTokens = true });

        Assert.Equal("Hi.</s></s></s>", reply.Text);
        Assert.Equal(FinishReason.Length, reply.Last.FinishReason);
    }

    [Fact]
    public async Task GenerateAsync_CharactersOfSeveralTokens_AreNeverSplit()
    {
        const string Text = "aé€😀👩‍👩‍👧z";
        await using HashModel model = Script(Text);

        Reply reply = await Reply.Of(model, Prompt.FromIds(1));

        Assert.Equal(Text, reply.Text);
        Assert.All(reply.Chunks, c => Assert.DoesNotContain('\uFFFD', c.Text));
        Assert.All(reply.Chunks, c => Assert.False(c.Text.Length > 0 && char.IsHighSurrogate(c.Text[^1])));
    }

    [Fact]
    public async Task GenerateAsync_CutInsideACharacter_GivesAReplacementCharacterAtTheEnd()
    {
        await using HashModel model = Script("a😀");

        Assert.Equal("a\uFFFD", (await Reply.Of(model, Prompt.FromIds(1), Greedy with { MaxTokens = 3 })).Text);
    }

    [Theory]
    [InlineData("one two three", "two", "one ", "two")]
    [InlineData("aé😀b", "😀", "aé", "😀")]
    [InlineData("aé😀b", "😁", "aé😀b", null)]
    [InlineData("one tw", "two", "one tw", null)]
    [InlineData("stop", "stop", "", "stop")]
    [InlineData("aaab", "aab", "a", "aab")]
    [InlineData("abab", "", "abab", null)]
    public async Task GenerateAsync_StopText_IsCutToTheCharacter(string script, string stop, string expected, string? found)
    {
        await using HashModel model = Script(script);

        Reply reply = await Reply.Of(model, Prompt.FromIds(1), Greedy with { MaxTokens = 100, Stop = [stop] });

        Assert.Equal(expected, reply.Text);
        Assert.Equal(found, reply.Last.StopText);
        Assert.Equal(FinishReason.Stop, reply.Last.FinishReason);
    }

    [Fact]
    public async Task GenerateAsync_LogProbs_AreOfTheModelAndSumToOne()
    {
        await using HashModel model = new();
        GenerateOptions options = Greedy with { MaxTokens = 4, LogProbs = 3, LogitBias = new Dictionary<int, float> { ['Q'] = 50 } };

        Reply reply = await Reply.Of(model, "x", options);

        float[] logits = new float[model.Vocabulary];
        model.Compute([ByteTokenizer.Bos, 'x'], logits);
        double sum = logits.Sum(l => Math.Exp(l));
        int[] top = [.. Enumerable.Range(0, logits.Length).OrderByDescending(i => logits[i]).Take(3)];
        TokenLogProb first = reply.Chunks.SelectMany(c => c.LogProbs).First();
        Assert.Equal(4, reply.Chunks.Sum(c => c.LogProbs.Count));
        Assert.Equal(('Q', "Q"), (first.Id, first.Text));
        Assert.Equal(Math.Log(Math.Exp(logits['Q']) / sum), first.LogProb, 1e-4);
        Assert.Equal(top, first.Top.Select(t => t.Id));
        Assert.Equal(Math.Log(Math.Exp(logits[top[0]]) / sum), first.Top[0].LogProb, 1e-4);
    }

    [Fact]
    public async Task GenerateAsync_LogProbsZero_OnlyTheTokensOwn()
    {
        await using HashModel model = new();

        Reply reply = await Reply.Of(model, "x", Greedy with { LogProbs = 0 });

        Assert.All(reply.Chunks.SelectMany(c => c.LogProbs), p => Assert.Empty(p.Top));
        Assert.Empty((await Reply.Of(model, "x", Greedy)).Chunks.SelectMany(c => c.LogProbs));
    }

    [Fact]
    public async Task GenerateAsync_NoTokenizer_IdsInIdsOut()
    {
        await using HashModel model = new(text: new TextAssets());

        Reply reply = await Reply.Of(model, Prompt.FromIds(1, 2, 3), Greedy);

        Assert.Equal(model.Greedy([1, 2, 3], 20), reply.Ids);
        Assert.Equal(20, reply.Chunks.Count);
        Assert.Equal("", reply.Text);
        Assert.Equal("LT3201", await CodeOf(Reply.Of(model, "text")));
    }

    [Fact]
    public async Task GenerateAsync_BadPrompt_SaysWhatIsWrong()
    {
        await using HashModel model = new();

        Assert.Equal("LT3202", await CodeOf(Reply.Of(model, Prompt.FromIds())));
        ModelException error = await Assert.ThrowsAsync<ModelException>(() => Reply.Of(model, Prompt.FromIds(1, 2, 260)));
        Assert.Equal("LT3203", error.Diagnostic.Code);
        Assert.Contains("260 at position 2", error.Message, StringComparison.Ordinal);
        Assert.Equal("LT3203", await CodeOf(Reply.Of(model, Prompt.FromIds(-1))));
    }

    [Theory]
    [InlineData(260, 1f)]
    [InlineData(-1, 1f)]
    [InlineData(1, float.NaN)]
    [InlineData(1, float.PositiveInfinity)]
    public async Task GenerateAsync_BadBias_SaysWhatIsWrong(int token, float value)
    {
        await using HashModel model = new();

        Assert.Equal("LT3208", await CodeOf(Reply.Of(model, "x", Greedy with { LogitBias = new Dictionary<int, float> { [token] = value } })));
    }

    [Fact]
    public async Task GenerateAsync_LongAnswer_AllocatesLittleForAToken()
    {
        await using ConstantModel model = new();

        await Reply.Of(model, Prompt.FromIds(1), new GenerateOptions { MaxTokens = 300, Seed = 1, TopK = 0, Stop = ["never"], RepetitionPenalty = 1.1f });

        // A chunk, its list of ids and its text; nothing that grows with vocabulary or context.
        Assert.InRange(model.AllocatedForAToken, 0, 700);
    }

    [Fact]
    public async Task GenerateAsync_PromptOfTheWholeContext_IsAnErrorWithNumbersAndFixes()
    {
        await using HashModel model = new(context: 16);

        ModelException error = await Assert.ThrowsAsync<ModelException>(() => Reply.Of(model, Prompt.FromIds([.. new int[16]])));

        Assert.Equal("LT3205", error.Diagnostic.Code);
        Assert.Contains("16 tokens", error.Message, StringComparison.Ordinal);
        Assert.Contains("at most 15", error.Message, StringComparison.Ordinal);
        Assert.Contains(error.Diagnostic.Fixes, f => f.Contains("up to 32", StringComparison.Ordinal));
        Assert.Empty(model.Sessions);
    }

    [Theory]
    [InlineData(15, 1)]
    [InlineData(10, 6)]
    public async Task GenerateAsync_MaxTokensBeyondTheContext_IsCutToWhatItLeaves(int prompt, int expected)
    {
        await using HashModel model = new(context: 16);

        Reply reply = await Reply.Of(model, Prompt.FromIds([.. new int[prompt]]), Greedy with { MaxTokens = 500 });

        Assert.Equal(expected, reply.Ids.Count);
        Assert.Equal(FinishReason.Length, reply.Last.FinishReason);
    }

    [Fact]
    public async Task GenerateAsync_DropOldest_ForgetsTheMiddleAndSaysHowMuch()
    {
        await using HashModel model = new(context: 32);
        GenerateOptions options = Greedy with { MaxTokens = 100, Overflow = ContextOverflow.DropOldest, KeepTokens = 3 };
        int[] prompt = [.. Enumerable.Range(0, 40)];

        Reply reply = await Reply.Of(model, Prompt.FromIds(prompt), options);

        // The same by hand: room for half of what may be dropped, again whenever the context is full.
        List<int> window = [.. prompt];
        List<int> expected = [];
        int dropped = 0;
        while (expected.Count < 100)
        {
            if (window.Count > 32 || (expected.Count == 0 && window.Count >= 32))
            {
                int room = Math.Min(100 - expected.Count, (32 - 3) / 2);
                int drop = window.Count - (32 - room);
                window.RemoveRange(3, drop);
                dropped += drop;
            }

            int next = model.Greedy(window, 1)[0];
            expected.Add(next);
            window.Add(next);
        }

        Assert.Equal(expected, reply.Ids);
        Assert.Equal(dropped, reply.Usage.DroppedTokens);
        Assert.Equal(40, reply.Usage.PromptTokens);
    }

    [Fact]
    public async Task GenerateAsync_SecondTurn_ForwardsOnlyItsNewTokens()
    {
        await using HashModel model = new();
        int[] first = [.. Enumerable.Range(0, 30)];
        Reply reply = await Reply.Of(model, Prompt.FromIds(first), Greedy);
        int forwarded = model.Sessions[0].Forwarded;

        // The last token was chosen but never forwarded.
        int[] second = [.. first, .. reply.Ids, 5, 6, 7];
        Reply next = await Reply.Of(model, Prompt.FromIds(second), Greedy with { MaxTokens = 1 });

        Assert.Equal(49, forwarded);
        Assert.Equal(49, next.Usage.CachedTokens);
        Assert.Equal(49 + 4, model.Sessions[0].Forwarded);
        Assert.Equal(model.Greedy(second, 1), next.Ids);
        Assert.Single(model.Sessions);
    }

    [Fact]
    public async Task GenerateAsync_SamePromptAgain_ForwardsItsLastToken()
    {
        await using HashModel model = new();
        Prompt prompt = Prompt.FromIds(1, 2, 3, 4);
        Reply first = await Reply.Of(model, prompt, Greedy);

        Reply second = await Reply.Of(model, prompt, Greedy);

        Assert.Equal(3, second.Usage.CachedTokens);
        Assert.Equal(first.Ids, second.Ids);
    }

    [Fact]
    public async Task GenerateAsync_SessionThatForgetsAll_IsReadAnew()
    {
        await using HashModel model = new() { ForgetsAll = true };
        await Reply.Of(model, Prompt.FromIds(1, 2, 3, 4), Greedy);

        Reply reply = await Reply.Of(model, Prompt.FromIds(1, 2, 9), Greedy);

        Assert.Equal(0, reply.Usage.CachedTokens);
        Assert.Equal(model.Greedy([1, 2, 9], 20), reply.Ids);
    }

    [Fact]
    public async Task GenerateAsync_TwoConversations_EachKeepsItsSession()
    {
        await using HashModel model = new(kept: 2);
        int[] a = [.. Enumerable.Repeat(1, 40)];
        int[] b = [.. Enumerable.Repeat(2, 40)];
        await Reply.Of(model, Prompt.FromIds(a), Greedy);
        await Reply.Of(model, Prompt.FromIds(b), Greedy);

        Assert.Equal(39, (await Reply.Of(model, Prompt.FromIds(a), Greedy)).Usage.CachedTokens);
        Assert.Equal(39, (await Reply.Of(model, Prompt.FromIds(b), Greedy)).Usage.CachedTokens);

        // A third takes the one that was used longest ago: that of a.
        await Reply.Of(model, Prompt.FromIds([.. Enumerable.Repeat(3, 40)]), Greedy);
        Assert.Equal(39, (await Reply.Of(model, Prompt.FromIds(b), Greedy)).Usage.CachedTokens);
        Assert.Equal(0, (await Reply.Of(model, Prompt.FromIds(a), Greedy)).Usage.CachedTokens);
        Assert.Equal(2, model.Sessions.Count);
    }

    [Fact]
    public async Task GenerateAsync_CancelledWhileGenerating_StopsWithinATokenAndStaysUsable()
    {
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        await using HashModel model = new();
        model.BeforeChunk = session =>
        {
            if (session.Length == 10)
            {
                stop.Cancel();
            }
        };
        List<TextChunk> chunks = [];

        OperationCanceledException error = await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (TextChunk chunk in model.GenerateAsync(Prompt.FromIds(1, 2, 3), Greedy with { MaxTokens = 100 }, stop.Token))
            {
                chunks.Add(chunk);
            }
        });

        Assert.Equal(stop.Token, error.CancellationToken);
        Assert.Equal(10, model.Sessions[0].Length);
        Assert.Equal(FinishReason.Cancelled, chunks[^1].FinishReason);
        Assert.Equal(8, chunks[^1].Usage!.CompletionTokens);
        model.BeforeChunk = null;
        Reply reply = await Reply.Of(model, Prompt.FromIds(1, 2, 3), Greedy);
        Assert.Equal(model.Greedy([1, 2, 3], 20), reply.Ids);
        Assert.Equal(2, reply.Usage.CachedTokens);
    }

    [Fact]
    public async Task GenerateAsync_CancelledWhileReadingThePrompt_StopsWithinAChunkAndKeepsWhatWasRead()
    {
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        await using HashModel model = new();
        int[] prompt = [.. Enumerable.Range(0, 100)];
        model.BeforeChunk = session =>
        {
            if (session.Length == 24)
            {
                stop.Cancel();
            }
        };

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Reply.Of(model, Prompt.FromIds(prompt), Greedy, stop.Token));

        Assert.Equal(24, model.Sessions[0].Length);
        model.BeforeChunk = null;
        Reply reply = await Reply.Of(model, Prompt.FromIds(prompt), Greedy);
        Assert.Equal(24, reply.Usage.CachedTokens);
        Assert.Equal(model.Greedy(prompt, 20), reply.Ids);
    }

    [Fact]
    public async Task GenerateAsync_AlreadyCancelled_ComputesNothing()
    {
        await using HashModel model = new();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Reply.Of(model, "x", Greedy, new CancellationToken(true)));

        Assert.Empty(model.Sessions);
    }

    [Fact]
    public async Task GenerateAsync_BreakOutOfTheLoop_StopsAndFreesTheModel()
    {
        await using HashModel model = new(context: 100_000);
        await foreach (TextChunk _ in model.GenerateAsync("x", Greedy with { MaxTokens = 90_000 }, Cancellation))
        {
            break;
        }

        int forwarded = model.Sessions[0].Forwarded;
        Assert.InRange(forwarded, 2, 5_000);
        Reply next = await Reply.Of(model, "y", Greedy);
        Assert.Equal(20, next.Ids.Count);
        Assert.Single(model.Sessions);
    }

    [Fact]
    public async Task GenerateAsync_SlowReader_DoesNotKeepTheModelFromOthers()
    {
        await using HashModel model = new();
        await using IAsyncEnumerator<TextChunk> slow = model.GenerateAsync("a", Greedy, Cancellation).GetAsyncEnumerator(Cancellation);
        Assert.True(await slow.MoveNextAsync());

        // Would never end if the unread answer still held its turn.
        Reply other = await Reply.Of(model, "b", Greedy);

        Assert.Equal(20, other.Ids.Count);
        Assert.True(await slow.MoveNextAsync());
    }

    [Fact]
    public async Task GenerateAsync_ManyAtOnce_TakeTurnsAndAllAreRight()
    {
        await using HashModel model = new();

        Reply[] replies = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => Reply.Of(model, Prompt.FromIds(i, i + 1), Greedy)));

        Assert.All(replies.Select((r, i) => (r, i)), x => Assert.Equal(model.Greedy([x.i, x.i + 1], 20), x.r.Ids));
        Assert.Single(model.Sessions);
    }

    [Fact]
    public async Task GenerateAsync_SessionFailsUnexpectedly_IsNotUsedAgain()
    {
        await using HashModel model = new();
        model.BeforeChunk = _ => throw new InvalidOperationException("broken");
        await Assert.ThrowsAsync<InvalidOperationException>(() => Reply.Of(model, "x", Greedy));
        model.BeforeChunk = null;

        await Reply.Of(model, "x", Greedy);

        Assert.Equal(2, model.Sessions.Count);
        Assert.True(model.Sessions[0].Disposed);
    }

    [Fact]
    public async Task GenerateAsync_NanLogits_SaysSo()
    {
        await using NanModel model = new();

        Assert.Equal("LT3206", await CodeOf(Reply.Of(model, Prompt.FromIds(1), Greedy)));
        Assert.Equal("LT3206", await CodeOf(Reply.Of(model, Prompt.FromIds(1), Greedy with { Temperature = 1 })));
    }

    [Fact]
    public async Task DisposeAsync_WhileGenerating_StopsAndFreesSessionsThenWeights()
    {
        HashModel model = new(context: 100_000);
        IAsyncEnumerator<TextChunk> running = model.GenerateAsync("x", Greedy with { MaxTokens = 90_000 }, Cancellation).GetAsyncEnumerator(Cancellation);
        Assert.True(await running.MoveNextAsync());

        await model.DisposeAsync();

        Assert.True(model.Freed);
        Assert.All(model.Sessions, s => Assert.True(s.Disposed));
        await Assert.ThrowsAsync<ObjectDisposedException>(async () =>
        {
            while (await running.MoveNextAsync())
            {
            }
        });
        await Assert.ThrowsAsync<ObjectDisposedException>(() => Reply.Of(model, "x", Greedy));
        await model.DisposeAsync();
    }

    [Fact]
    public async Task ApplyTemplate_WithAndWithoutTemplate()
    {
        await using HashModel bare = new();
        await using HashModel chat = new(text: new TextAssets(() => HashModel.Bytes, _ => new Template()));

        Assert.Equal("LT3204", Assert.Throws<ModelException>(() => bare.ApplyTemplate([new ChatTurn("user", "hi")])).Diagnostic.Code);
        Prompt prompt = chat.ApplyTemplate([new ChatTurn("user", "<|user|>")]);
        Assert.False(prompt.AddSpecial);
        Assert.Equal([258, .. "<|user|>"u8], HashModel.Bytes.Encode(prompt));
    }

    [Fact]
    public async Task EmbedAsync_CausalModel_SaysThatItCannot()
    {
        await using HashModel model = new();

        ModelException error = await Assert.ThrowsAsync<ModelException>(() => model.EmbedAsync("x", Cancellation));

        Assert.Equal(("LT3250", FaultKind.Unsupported), (error.Diagnostic.Code, error.Diagnostic.Kind));
    }

    [Fact]
    public async Task KvBytes_AfterAnAnswer_AreThoseOfTheKeptSession()
    {
        await using ConstantModel model = new();
        Assert.Equal(0, model.KvBytes);

        await Reply.Of(model, Prompt.FromIds(1), Greedy);

        Assert.Equal(7, model.KvBytes);
    }

    [Fact]
    public void TextAssets_Parts_AreBuiltOnceAndOnlyWhenAskedFor()
    {
        int built = 0;
        TextAssets assets = new(() => { built++; return HashModel.Bytes; }, _ => new Template());
        Assert.Equal(0, built);

        Assert.Same(assets.Tokenizer, assets.Tokenizer);
        Assert.Same(assets.ChatTemplate, assets.ChatTemplate);

        Assert.Equal(1, built);
        Assert.Contains(ByteTokenizer.Eos, assets.AllEndTokens);
    }

    private static HashModel Script(string text, TextAssets? assets = null) =>
        new(endless: false, text: assets) { Script = Encoding.UTF8.GetBytes(text), ScriptAt = 1 };

    private static async Task<string> CodeOf(Task task) => (await Assert.ThrowsAsync<ModelException>(() => task)).Diagnostic.Code;

    private sealed class Template : IChatTemplate
    {
        public IReadOnlyList<PromptSegment> Render(IReadOnlyList<ChatTurn> messages, bool addGenerationPrompt) =>
            [.. messages.SelectMany(m => new[] { new PromptSegment("<|user|>", true), new PromptSegment(m.Content, false) })];
    }

    private sealed class NanModel() : LogitsModel(new ModelInfo { Format = "test", FileBytes = 0 }, "test", 10, new TextAssets())
    {
        public override int Vocabulary => 5;

        public override IGenerationSession CreateSession(SessionOptions? options = null) => new Session();

        private sealed class Session : IGenerationSession
        {
            public int Length { get; private set; }

            public int ContextLength => 10;

            public long KvBytes => 0;

            public void Forward(ReadOnlySpan<int> tokens, Span<float> logits, CancellationToken cancellationToken = default)
            {
                Length += tokens.Length;
                logits.Fill(float.NaN);
            }

            public void Truncate(int length) => Length = length;

            public void Dispose()
            {
            }
        }
    }

    /// <summary>Every logit is 0; measures what its thread allocates between its calls.</summary>
    private sealed class ConstantModel() : LogitsModel(new ModelInfo { Format = "test", FileBytes = 0 }, "test", 1000, new TextAssets(() => HashModel.Bytes))
    {
        private const int From = 100;
        private const int To = 200;
        private long _start;

        public long AllocatedForAToken { get; private set; }

        public override int Vocabulary => 128;

        public override IGenerationSession CreateSession(SessionOptions? options = null) => new Session(this);

        private sealed class Session(ConstantModel model) : IGenerationSession
        {
            public int Length { get; private set; }

            public int ContextLength => 1000;

            public long KvBytes => 7;

            public void Forward(ReadOnlySpan<int> tokens, Span<float> logits, CancellationToken cancellationToken = default)
            {
                Length += tokens.Length;
                logits.Clear();
                if (Length == From)
                {
                    model._start = GC.GetAllocatedBytesForCurrentThread();
                }
                else if (Length == To)
                {
                    model.AllocatedForAToken = (GC.GetAllocatedBytesForCurrentThread() - model._start) / (To - From);
                }
            }

            public void Truncate(int length) => Length = length;

            public void Dispose()
            {
            }
        }
    }

    private sealed record Reply(IReadOnlyList<TextChunk> Chunks)
    {
        public string Text => string.Concat(Chunks.Select(c => c.Text));

        public IReadOnlyList<int> Ids => [.. Chunks.SelectMany(c => c.Ids)];

        public TextChunk Last => Chunks[^1];

        public TokenUsage Usage => Last.Usage!;

        public static async Task<Reply> Of(ILanguageModel model, Prompt prompt, GenerateOptions? options = null, CancellationToken? stop = null)
        {
            List<TextChunk> chunks = [];
            await foreach (TextChunk chunk in model.GenerateAsync(prompt, options, stop ?? Cancellation))
            {
                Assert.Null(chunks.LastOrDefault()?.FinishReason);
                chunks.Add(chunk);
            }

            Assert.NotNull(chunks[^1].FinishReason);
            Assert.NotNull(chunks[^1].Usage);
            return new Reply(chunks);
        }
    }
}
