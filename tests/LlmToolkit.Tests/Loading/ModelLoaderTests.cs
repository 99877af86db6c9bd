using LlmToolkit.Engine;
using LlmToolkit.Testing;

namespace LlmToolkit.Tests.Loading;

/// <summary>The stops one by one, on the model that is packed into the tool and on damaged ones.</summary>
public sealed class ModelLoaderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Stops_OneByOne_EndInTheSameTextAsTheWhole()
    {
        ModelLoader loader = new();

        Detection detection = await loader.DetectAsync(TemporaryFolder.PackedModel, Cancellation);
        Assert.Equal(("gguf", 1.0), (detection.Format, Math.Round(detection.Score)));

        using ModelContainer container = await loader.OpenAsync(TemporaryFolder.PackedModel, cancellationToken: Cancellation);
        Assert.Equal(("llama", 6, 192, 2048), (container.Info.Architecture, container.Info.Layers, container.Info.EmbeddingLength, container.Info.Vocabulary));

        using ModelDescription description = await loader.DescribeAsync(TemporaryFolder.PackedModel, cancellationToken: Cancellation);
        Assert.Empty(description.Findings);

        ValidationReport report = await loader.ValidateAsync(TemporaryFolder.PackedModel, cancellationToken: Cancellation);
        Assert.Equal(Verdict.Ok, report.Verdict);

        LoadPlan plan = loader.Plan(container.Info, new LoadOptions());
        Assert.Equal("managed", plan.Winner);
        Assert.Equal(plan.Winner, (await loader.PlanAsync(TemporaryFolder.PackedModel, cancellationToken: Cancellation)).Winner);

        await using ILanguageModel stepwise = await loader.LoadAsync(plan, container, null, Cancellation);
        container.Dispose();
        await using ILanguageModel whole = await loader.LoadAsync(TemporaryFolder.PackedModel, cancellationToken: Cancellation);

        string text = await TextOf(stepwise);
        Assert.NotEmpty(text);
        Assert.Equal(await TextOf(whole), text);
    }

    [Fact]
    public async Task LoadAsync_Progress_NamesTheStagesInOrder()
    {
        Stages stages = new();

        await using ILanguageModel model = await new ModelLoader().LoadAsync(TemporaryFolder.PackedModel, null, stages, Cancellation);

        Assert.Equal(["open", "validate", "plan", "load"], stages.Seen.Distinct());
    }

    [Theory]
    [InlineData("absent.gguf", "LT2001")]
    [InlineData("owner/name", "LT2002")]
    [InlineData("https://host/m.gguf", "LT6002")]
    [InlineData("http://host:8000/v1", "LT2004")]
    [InlineData("not a model", "LT2101")]
    [InlineData("unknown architecture", "LT4010")]
    public async Task TryLoadAsync_Failure_IsAValue(string source, string code)
    {
        string path = source switch
        {
            "not a model" => _folder.File("noise", [.. Enumerable.Range(1, 500).Select(i => (byte)(i * 91))]),
            "unknown architecture" => _folder.File("m.gguf", TinyGguf.Sound().Without("llama.").Set("general.architecture", "rwkv9").Build()),
            _ => source,
        };

        ModelLoader offline = new() { Hub = () => new LlmToolkit.Hub.HubClient(new LlmToolkit.Hub.HubSettings { Offline = true, Home = _folder.Path }) };
        LoadResult result = await offline.TryLoadAsync(path, cancellationToken: Cancellation);

        Assert.False(result.Success);
        Assert.Null(result.Model);
        Assert.Equal(code, result.Error!.Code);
    }

    [Fact]
    public async Task TryLoadAsync_Success_GivesTheModel()
    {
        LoadResult result = await new ModelLoader().TryLoadAsync(TemporaryFolder.PackedModel, cancellationToken: Cancellation);

        Assert.True(result.Success);
        Assert.Null(result.Error);
        await result.Model!.DisposeAsync();
    }

    [Fact]
    public async Task ValidateAllAsync_ManyPaths_KeepsTheirOrderAndTheirFaults()
    {
        string sound = _folder.File("sound.gguf", TinyGguf.Sound().Build());
        string cut = _folder.File("cut.gguf", TinyGguf.Sound().Build()[..^40]);
        string absent = Path.Combine(_folder.Path, "absent.gguf");
        string[] paths = [sound, absent, cut, sound, "a b", sound, cut, absent];

        List<BatchResult<ValidationReport>> results = await new ModelLoader().ValidateAllAsync(paths, cancellationToken: Cancellation).ToListAsync(Cancellation);

        Assert.Equal(paths, results.Select(r => r.Source));
        Assert.Equal([Verdict.Ok, null, Verdict.Refused, Verdict.Ok, null, Verdict.Ok, Verdict.Refused, null], results.Select(r => r.Value?.Verdict));
        Assert.Equal(["LT2001", "LT2003", "LT2001"], results.Where(r => r.Error is not null).Select(r => r.Error!.Code));
    }

    /// <summary>What the first backend's load fails with, and whether the second one is tried.</summary>
    [Theory]
    [InlineData(FaultKind.Unsupported, true)]
    [InlineData(FaultKind.DoesNotFit, true)]
    [InlineData(FaultKind.Refused, false)]
    [InlineData(FaultKind.Unexpected, false)]
    public async Task LoadAsync_BackendFails_TakesTheNextOnlyWhereItCanCure(FaultKind kind, bool next)
    {
        FakeBackend first = new() { Name = "first", Failure = Failure("first", kind) };
        FakeBackend second = new() { Name = "second" };
        ModelLoader loader = new(With(first, second));

        LoadResult result = await loader.TryLoadAsync(_folder.File("m.gguf", TinyGguf.Sound().Build()), cancellationToken: Cancellation);

        Assert.Equal((1, next ? 1 : 0, next), (first.Loads, second.Loads, result.Success));
        Assert.Equal(next ? null : "first", result.Error?.Message);
    }

    [Fact]
    public async Task LoadAsync_EveryBackendFails_ThrowsTheLastFailure()
    {
        ModelLoader loader = new(With(
            new FakeBackend { Name = "first", Failure = Failure("first", FaultKind.Unsupported) },
            new FakeBackend { Name = "second", Failure = Failure("second", FaultKind.DoesNotFit) }));

        LoadResult result = await loader.TryLoadAsync(_folder.File("m.gguf", TinyGguf.Sound().Build()), cancellationToken: Cancellation);

        Assert.Equal(("second", FaultKind.DoesNotFit), (result.Error!.Message, result.Error.Kind));
    }

    [Fact]
    public async Task LoadAsync_NamedBackend_IsNeverReplaced()
    {
        FakeBackend named = new() { Name = "named", Failure = Failure("named", FaultKind.Unsupported) };
        FakeBackend other = new() { Name = "other" };
        ModelLoader loader = new(With(other, named));

        LoadResult result = await loader.TryLoadAsync(_folder.File("m.gguf", TinyGguf.Sound().Build()), new LoadOptions { Backend = "named" }, cancellationToken: Cancellation);

        Assert.Equal((1, 0, "named"), (named.Loads, other.Loads, result.Error!.Message));
    }

    [Fact]
    public async Task LoadAsync_PlanWithoutWinner_SaysWhy()
    {
        ModelLoader loader = new(With(new FakeBackend { Name = "a", Refusal = new BackendReason("TEST", "It does not like it.", "Ask again.", FaultKind.Unsupported) }));

        LoadResult result = await loader.TryLoadAsync(_folder.File("m.gguf", TinyGguf.Sound().Build()), cancellationToken: Cancellation);

        Assert.Equal(("TEST", "It does not like it."), (result.Error!.Code, result.Error.Message));
        Assert.Contains("Ask again.", result.Error.Fixes);
    }

    [Fact]
    public async Task LoadAsync_Cancelled_Throws() =>
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => new ModelLoader().LoadAsync(TemporaryFolder.PackedModel, cancellationToken: new CancellationToken(canceled: true)));

    [Fact]
    public async Task Architectures_OfAUser_AreAskedBeforeTheBuiltInOnes()
    {
        byte[] renamed = TinyGguf.Sound().Without("llama.").Set("general.architecture", "fable").Set("fable.block_count", 1).Set("fable.embedding_length", 8).Build();
        string path = _folder.File("m.gguf", renamed);
        ToolkitRegistry registry = new();
        ModelLoader loader = new(registry);
        Assert.Null((await loader.PlanAsync(path, cancellationToken: Cancellation)).Winner);

        // Added after the backend was made, and taken all the same.
        Architecture llama = Architecture.BuiltIn.First(a => a.GgufNames.Contains("llama"));
        registry.Architectures.Add(Architecture.Like(llama, ["fable"], []));

        Assert.Equal("managed", (await loader.PlanAsync(path, cancellationToken: Cancellation)).Winner);
    }

    public void Dispose() => _folder.Dispose();

    private static ToolkitRegistry With(params IModelBackend[] backends)
    {
        ToolkitRegistry registry = new();
        registry.Backends.Clear();
        foreach (IModelBackend backend in backends)
        {
            registry.Backends.Add(backend);
        }

        return registry;
    }

    private static ModelException Failure(string message, FaultKind kind) => new(new Diagnostic { Code = "TEST", Message = message, Kind = kind });

    private static async Task<string> TextOf(ILanguageModel model) =>
        string.Concat(await model.GenerateAsync("Once upon a time", new GenerateOptions { Temperature = 0, MaxTokens = 12 }, Cancellation).Select(c => c.Text).ToListAsync(Cancellation));

    private sealed class Stages : IProgress<LoadProgress>
    {
        public List<string> Seen { get; } = [];

        public void Report(LoadProgress value) => Seen.Add(value.Stage);
    }
}
