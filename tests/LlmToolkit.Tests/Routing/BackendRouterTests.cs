using LlmToolkit.Routing;

namespace LlmToolkit.Tests.Routing;

public sealed class BackendRouterTests
{
    private static readonly ModelInfo s_model = new() { Format = "gguf", FileBytes = 1, Architecture = "llama", ContextLength = 4096 };
    private static readonly HardwareInfo s_machine = new() { Cores = 2, TotalMemory = 8L << 30, AvailableMemory = 4L << 30 };

    /// <summary>Backends as <c>name:speed</c>, a refusing one with its obstacle behind <c>!</c>; the wish; the winner and the fallbacks.</summary>
    [Theory]
    [InlineData("a:Cpu", null, "a", "")]
    [InlineData("a:Cpu b:Cpu", null, "a", "b")]
    [InlineData("b:Cpu a:Cpu", null, "b", "a")]
    [InlineData("a:Cpu b:Gpu", null, "b", "a")]
    [InlineData("a:Slow b:Cpu c:Gpu d:Remote", null, "d", "c,b,a")]
    [InlineData("a:Cpu b:Gpu!Unsupported", null, "a", "")]
    [InlineData("a:Cpu!Unsupported b:Slow", null, "b", "")]
    [InlineData("a:Cpu b:Gpu", "a", "a", "")]
    [InlineData("a:Cpu b:Gpu", "b", "b", "")]
    [InlineData("a:Cpu!Unsupported b:Gpu", "a", null, "")]
    [InlineData("a:Cpu!DoesNotFit b:Gpu!Unsupported", null, null, "")]
    [InlineData("", null, null, "")]
    public void Plan_Facts_GiveWinnerAndFallbacks(string backends, string? wish, string? winner, string fallbacks)
    {
        LoadPlan plan = BackendRouter.Plan(s_model, s_machine, new LoadOptions { Backend = wish }, Parse(backends));

        Assert.Equal((winner, fallbacks), (plan.Winner, string.Join(',', plan.Fallbacks)));
        Assert.Equal(Parse(backends).Select(b => b.Name).Order(), plan.Fits.Select(f => f.Backend).Order());
        Assert.Equal(winner, plan.Fits.FirstOrDefault(f => f.Accepted)?.Backend);
    }

    [Fact]
    public void Plan_Twice_IsTheSame()
    {
        IModelBackend[] backends = [.. Parse("a:Cpu b:Gpu c:Gpu!Unsupported d:Slow")];

        LoadPlan first = BackendRouter.Plan(s_model, s_machine, new LoadOptions(), backends);
        LoadPlan second = BackendRouter.Plan(s_model, s_machine, new LoadOptions(), backends);

        Assert.Equal(first.Fits.Select(f => f.Backend), second.Fits.Select(f => f.Backend));
        Assert.Equal(first.Fallbacks, second.Fallbacks);
        Assert.Equal(s_machine, first.Hardware);
    }

    [Fact]
    public void Plan_Losers_KeepEveryReason()
    {
        LoadPlan plan = BackendRouter.Plan(s_model, s_machine, new LoadOptions { Backend = "a" }, Parse("a:Cpu b:Gpu c:Cpu!Unsupported"));

        Assert.Equal(["LT4102"], plan.Fits.Single(f => f.Backend == "b").Reasons.Select(r => r.Code));
        Assert.Equal(["TEST"], plan.Fits.Single(f => f.Backend == "c").Reasons.Select(r => r.Code));
        Assert.Empty(plan.Fits[0].Reasons);
    }

    [Fact]
    public void Plan_UnknownWish_NamesThoseThatExist()
    {
        Diagnostic error = Assert.Throws<ModelException>(() => BackendRouter.Plan(s_model, s_machine, new LoadOptions { Backend = "cuda" }, Parse("a:Cpu b:Gpu"))).Diagnostic;

        Assert.Equal(("LT4101", FaultKind.Usage), (error.Code, error.Kind));
        Assert.Contains("a, b", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, 2048, 2048)]
    [InlineData(512, null, 512)]
    [InlineData(null, null, 4096)]
    public void Plan_Context_IsTheWinnersThenTheWishThenTheModels(int? wish, int? estimate, int expected)
    {
        MemoryEstimate? memory = estimate is { } context ? new MemoryEstimate { Context = context } : null;
        Fake backend = new("a", SpeedClass.Cpu, null, memory);

        Assert.Equal(expected, BackendRouter.Plan(s_model, s_machine, new LoadOptions { ContextLength = wish }, [backend]).Context);
    }

    [Fact]
    public void BackendsFor_Model_AreThoseThatAccept() =>
        Assert.Equal(["b", "a"], BackendRouter.BackendsFor(s_model, s_machine, Parse("a:Cpu b:Gpu c:Gpu!Unsupported")));

    [Theory]
    [InlineData("a:Cpu!DoesNotFit", FaultKind.DoesNotFit, ErrorCategory.Memory)]
    [InlineData("a:Cpu!DoesNotFit b:Cpu!Unsupported", FaultKind.Unsupported, ErrorCategory.Backend)]
    [InlineData("", FaultKind.Unsupported, ErrorCategory.Backend)]
    public void NoBackend_Plan_SaysWhatIsInTheWay(string backends, FaultKind kind, ErrorCategory category)
    {
        LoadPlan plan = BackendRouter.Plan(s_model, s_machine, new LoadOptions(), Parse(backends));
        Diagnostic error = RoutingErrors.NoBackend("m", plan).Diagnostic;

        Assert.Equal((kind, category), (error.Kind, error.Category));
        Assert.NotEmpty(error.Fixes);
    }

    private static IEnumerable<IModelBackend> Parse(string backends)
    {
        foreach (string text in backends.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] parts = text.Split(':', '!');
            yield return new Fake(parts[0], Enum.Parse<SpeedClass>(parts[1]), parts.Length > 2 ? Enum.Parse<FaultKind>(parts[2]) : null, null);
        }
    }

    private sealed class Fake(string name, SpeedClass speed, FaultKind? obstacle, MemoryEstimate? memory) : IModelBackend
    {
        public string Name => name;

        public BackendStatus Diagnose() => new(true, "", []);

        public BackendFit Assess(ModelInfo model, HardwareInfo hardware, LoadOptions options) => new()
        {
            Backend = name,
            Accepted = obstacle is null,
            SpeedClass = speed,
            Memory = memory,
            Reasons = obstacle is null ? [] : [new BackendReason("TEST", "It cannot.", "Make it.", obstacle)],
        };

        public Task<ILanguageModel> LoadAsync(LoadPlan plan, LoadInput input, IProgress<LoadProgress>? progress, CancellationToken cancellationToken) =>
            throw new InvalidOperationException("Planning loads nothing.");
    }
}
