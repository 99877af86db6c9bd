using LlmToolkit.Engine.Model;
using LlmToolkit.Tests;

namespace LlmToolkit.Engine.Tests.Model;

/// <summary>What a sequence promises: however its tokens arrive, and whoever computes beside it, the answer is the same.</summary>
public sealed class SessionTests
{
    private const double Tolerance = 1e-4;

    public static TheoryData<ConformanceModel> Models { get; } =
    [
        new ConformanceModel("llama", false), new ConformanceModel("mistral", false), new ConformanceModel("mixtral", false), new ConformanceModel("gemma3", false), new ConformanceModel("phi3", true), new ConformanceModel("gpt2", false), new ConformanceModel("gpt-neox", true), new ConformanceModel("qwen3", true),
    ];

    [Theory, MemberData(nameof(Models))]
    public void Forward_ByTokenChunkOrAll_GivesTheSameLogits(ConformanceModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        using DecoderModel engine = model.Load();
        int[] ids = Ids(engine, 100);
        using DecoderState whole = engine.CreateState();
        float[] expected = engine.Run(whole, ids, ids.Length);
        foreach (int step in (int[])[1, 2, 3, 5, 17, 64])
        {
            using DecoderState state = engine.CreateState();
            List<float> logits = [];
            for (int from = 0; from < ids.Length; from += step)
            {
                ReadOnlySpan<int> some = ids.AsSpan(from, Math.Min(step, ids.Length - from));
                logits.AddRange(engine.Run(state, some, some.Length));
            }

            double distance = ModelSteps.Distance(logits.ToArray(), expected);
            Assert.True(distance <= Tolerance, $"{model}, {step} at a time: {distance:g3}");
        }
    }

    [Theory, MemberData(nameof(Models))]
    public void Forward_TwoSessionsInTurns_AreEachAsIfAlone(ConformanceModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        using DecoderModel engine = model.Load();
        int[] left = Ids(engine, 40);
        int[] right = [.. Ids(engine, 47).Skip(7).Reverse()];
        (List<float> a, List<float> b) = (Alone(left), Alone(right));
        using DecoderState first = engine.CreateState();
        using DecoderState second = engine.CreateState();
        (List<float> inTurnsA, List<float> inTurnsB) = ([], []);
        for (int i = 0; i < left.Length; i++)
        {
            inTurnsA.AddRange(engine.Run(first, left.AsSpan(i, 1), 1));
            inTurnsB.AddRange(engine.Run(second, right.AsSpan(i, 1), 1));
        }

        Assert.Equal(a, inTurnsA);
        Assert.Equal(b, inTurnsB);

        List<float> Alone(int[] ids)
        {
            using DecoderState state = engine.CreateState();
            return [.. ids.SelectMany(id => engine.Run(state, [id], 1))];
        }
    }

    [Theory, MemberData(nameof(Models))]
    public void Truncate_ThenOtherTokens_EqualsAFreshRun(ConformanceModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        using DecoderModel engine = model.Load();
        int[] ids = Ids(engine, 60);
        using DecoderState state = engine.CreateState();
        engine.Run(state, ids, 0);
        state.Truncate(21);
        int[] other = [.. ids.AsSpan(30, 20)];
        float[] ours = engine.Run(state, other, other.Length);
        using DecoderState fresh = engine.CreateState();
        float[] expected = engine.Run(fresh, [.. ids.AsSpan(0, 21), .. other], other.Length);
        Assert.Equal(41, state.Length);
        Assert.InRange(ModelSteps.Distance(ours, expected), 0, Tolerance);
    }

    [Theory, MemberData(nameof(Models))]
    public void Forward_AnyNumberOfWorkers_GivesTheSameBits(ConformanceModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        float[] one = Run(1);
        Assert.All((int[])[2, 3, 5], workers => Assert.Equal(one, Run(workers)));

        float[] Run(int workers)
        {
            using DecoderModel engine = model.Load(threads: workers);
            using DecoderState state = engine.CreateState();
            int[] ids = Ids(engine, 40);
            return [.. engine.Run(state, ids.AsSpan(0, 37), 37), .. ids.Skip(37).SelectMany(id => engine.Run(state, [id], 1))];
        }
    }

    [Fact]
    public void Forward_FromManyThreads_TakesTurns()
    {
        using DecoderModel engine = new ConformanceModel("llama", false).Load();
        int[] ids = Ids(engine, 30);
        float[] expected = Run();
        float[][] all = new float[6][];
        Parallel.For(0, all.Length, i => all[i] = Run());
        Assert.All(all, logits => Assert.Equal(expected, logits));

        float[] Run()
        {
            using DecoderState state = engine.CreateState();
            return [.. ids.SelectMany(id => engine.Run(state, [id], 1))];
        }
    }

    [Fact]
    public void CreateState_Ten_AddCachesAndNoWeights()
    {
        using DecoderModel engine = new ConformanceModel("llama", false).Load();
        (long mapped, long copied) = (engine.MappedBytes, engine.CopiedBytes);
        List<DecoderState> states = [.. Enumerable.Range(0, 10).Select(_ => engine.CreateState(64))];
        foreach (DecoderState state in states)
        {
            engine.Run(state, Ids(engine, 5), 1);
        }

        Assert.Equal((mapped, copied), (engine.MappedBytes, engine.CopiedBytes));
        Assert.All(states, s => Assert.Equal(3L * 2 * (16 + 16) * 64 * sizeof(float), s.Bytes));
        states.ForEach(s => s.Dispose());
    }

    [Fact]
    public void Forward_Cancelled_KeepsFinishedChunksAndGoesOn()
    {
        using DecoderModel engine = new ConformanceModel("llama3-rope", false).Load(context: 2048);
        using DecoderState state = engine.CreateState();
        int[] ids = Ids(engine, 1500);
        using CancellationTokenSource stop = new();
        stop.Cancel();
        Assert.Throws<OperationCanceledException>(() => engine.Forward(state, ids, new float[engine.Recipe.Vocabulary], stop.Token));
        Assert.Equal(0, state.Length % DecoderModel.ChunkRows);
        float[] logits = engine.Run(state, ids.AsSpan(state.Length), 1);
        using DecoderState fresh = engine.CreateState();
        Assert.InRange(ModelSteps.Distance(logits, engine.Run(fresh, ids, 1)), 0, Tolerance);
    }

    [Fact]
    public async Task Forward_CancelledOnTheWay_StopsBetweenChunks()
    {
        using DecoderModel engine = new ConformanceModel("llama3-rope", false).Load(context: 16384);
        using DecoderState state = engine.CreateState();
        int[] ids = Ids(engine, 16000);
        using CancellationTokenSource stop = new();
        Task forward = Task.Run(() => engine.Forward(state, ids, [], stop.Token), TestContext.Current.CancellationToken);
        SpinWait.SpinUntil(() => state.Length > 0 || forward.IsCompleted);
        await stop.CancelAsync();
        await forward.ContinueWith(_ => { }, TaskScheduler.Default);
        Assert.SkipWhen(forward.IsCompletedSuccessfully, "The machine was too slow to cancel in time.");
        Assert.IsAssignableFrom<OperationCanceledException>(forward.Exception?.InnerException ?? new OperationCanceledException());
        Assert.InRange(state.Length, DecoderModel.ChunkRows, ids.Length - 1);
        Assert.Equal(0, state.Length % DecoderModel.ChunkRows);

        state.Truncate(5);
        float[] logits = engine.Run(state, ids.AsSpan(5, 20), 1);
        using DecoderState fresh = engine.CreateState();
        Assert.InRange(ModelSteps.Distance(logits, engine.Run(fresh, ids.AsSpan(0, 25), 1)), 0, Tolerance);
    }

    [Fact]
    public void Forward_OneToken_AllocatesNothing()
    {
        using DecoderModel engine = new ConformanceModel("mixtral", false).Load();
        using DecoderState state = engine.CreateState();
        float[] logits = new float[engine.Recipe.Vocabulary];
        int[] id = [5];
        Step(10);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Step(64);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Step(int times)
        {
            for (int i = 0; i < times; i++)
            {
                engine.Forward(state, id, logits, CancellationToken.None);
            }
        }
    }

    [Fact]
    public void Forward_TooMany_SaysTheContext()
    {
        using DecoderModel engine = new ConformanceModel("llama", false).Load(context: 16);
        using DecoderState state = engine.CreateState();
        engine.Run(state, Ids(engine, 10), 1);
        ModelException error = Assert.Throws<ModelException>(() => engine.Run(state, Ids(engine, 7), 1));
        Assert.Equal("LT4030", error.Diagnostic.Code);
        Assert.Contains("7 token(s) after 10", error.Message, StringComparison.Ordinal);
        Assert.Equal(10, state.Length);
        Assert.Equal(16, state.Capacity);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(512)]
    [InlineData(int.MaxValue)]
    public void Forward_IdOutside_IsRefused(int id)
    {
        using DecoderModel engine = new ConformanceModel("llama", false).Load();
        using DecoderState state = engine.CreateState();
        ModelException error = Assert.Throws<ModelException>(() => engine.Run(state, [1, id], 1));
        Assert.Equal("LT4031", error.Diagnostic.Code);
        Assert.Contains("0 to 511", error.Message, StringComparison.Ordinal);
        Assert.Equal(0, state.Length);
    }

    [Fact]
    public void Load_ContextBeyondLearnedPositions_IsRefusedOnlyWhenAsked()
    {
        using ModelContainer container = ConformanceModel.Open(new ConformanceModel("gpt2", false).Path);
        Architecture gpt2 = new EngineBackend().Find(container);
        ModelException error = Assert.Throws<ModelException>(() => DecoderModel.Load(container, gpt2, new EngineSettings(257, KvType.F16, 1, false, ContextAsked: true) { AloneBelow = 0 }));
        Assert.Equal("LT4032", error.Diagnostic.Code);
        using DecoderModel cut = DecoderModel.Load(container, gpt2, new EngineSettings(257, KvType.F16, 1, false) { AloneBelow = 0 });
        Assert.Equal(256, cut.Settings.Context);
    }

    private static int[] Ids(DecoderModel engine, int count)
    {
        Random random = new(7);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(engine.Recipe.Vocabulary))];
    }
}
