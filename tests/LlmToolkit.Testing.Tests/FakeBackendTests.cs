using LlmToolkit.Testing;

namespace LlmToolkit.Tests;

public sealed class FakeBackendTests
{
    private static readonly ModelInfo Model = new() { Format = "gguf", FileBytes = 1 };

    private static readonly LoadPlan Plan = new() { Fits = [], Options = new LoadOptions(), Hardware = new HardwareInfo() };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task LoadAsync_Default_GivesAModelAndCounts()
    {
        FakeBackend backend = new();

        await using ILanguageModel model = await backend.LoadAsync(Plan, new LoadInput(), null, Cancellation);

        Assert.IsType<FakeModel>(model);
        Assert.Equal(1, backend.Loads);
        Assert.Same(Plan, backend.Plans[0]);
        Assert.True(backend.Diagnose().Usable);
        Assert.True(backend.Assess(Model, new HardwareInfo(), new LoadOptions()).Accepted);
    }

    [Fact]
    public void Assess_Refusal_IsTheReason()
    {
        FakeBackend backend = new() { Name = "other", Refusal = new BackendReason("LT0001", "no") };

        BackendFit fit = backend.Assess(Model, new HardwareInfo(), new LoadOptions());

        Assert.False(fit.Accepted);
        Assert.Equal(("other", "no"), (fit.Backend, fit.Reasons[0].Message));
    }

    [Fact]
    public async Task LoadAsync_Failure_IsThrown()
    {
        FakeBackend backend = new() { Failure = new ModelException(new Diagnostic { Code = "LT0001", Kind = FaultKind.DoesNotFit, Message = "full" }) };

        Assert.Same(backend.Failure, await Assert.ThrowsAsync<ModelException>(() => backend.LoadAsync(Plan, new LoadInput(), null, Cancellation)));
        Assert.Equal(1, backend.Loads);
    }
}
