using LlmToolkit.Testing;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace LlmToolkit.Tests.Hosting;

public sealed class LlmToolkitServicesTests
{
    private readonly List<string> _loads = [];
    private readonly List<FakeModel> _models = [];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AddModel_Clients_LoadOnceAndWhenFirstUsed()
    {
        await using ServiceProvider services = Services(b => b.AddModel("chat", "a.gguf", o => o.Load = new LoadOptions { ContextLength = 77 }));
        IChatClient client = services.GetRequiredService<IChatClient>();
        HostedModel hosted = services.GetRequiredKeyedService<HostedModel>("chat");
        Assert.Empty(_loads);
        Assert.False(hosted.IsLoaded);

        ChatResponse[] answers = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => client.GetResponseAsync("Hi", null, Cancellation)));

        Assert.All(answers, a => Assert.Equal(("ok", "chat"), (a.Text, a.ModelId)));
        Assert.Equal(["a.gguf 77"], _loads);
        Assert.True(hosted.IsLoaded);
    }

    [Fact]
    public async Task AddModel_Several_ByKeyAndTheFirstWithout()
    {
        await using ServiceProvider services = Services(b => b.AddModel("chat", "a.gguf").AddModel("embed", "b.gguf"));

        await services.GetRequiredKeyedService<IEmbeddingGenerator<string, Embedding<float>>>("embed").GenerateAsync(["x"], null, Cancellation);
        Assert.Equal(["b.gguf "], _loads);

        Assert.Same(services.GetRequiredKeyedService<IChatClient>("chat"), services.GetRequiredService<IChatClient>());
        Assert.NotSame(services.GetRequiredKeyedService<IChatClient>("embed"), services.GetRequiredService<IChatClient>());
        Assert.NotNull(services.GetRequiredService<IEmbeddingGenerator<string, Embedding<float>>>());
    }

    [Fact]
    public async Task AddModel_GenerateOptions_AreTheClientsDefaults()
    {
        await using ServiceProvider services = Services(b => b.AddModel("chat", "a.gguf", o => o.Generate = new GenerateOptions { MaxTokens = 1 }));

        Assert.Equal("o", (await services.GetRequiredService<IChatClient>().GetResponseAsync("Hi", null, Cancellation)).Text);
    }

    [Fact]
    public async Task AddModel_NoLoadingOfItsOwn_TakesTheModelLoaderWithTheRegistry()
    {
        string file = SharedData.Conformance("gguf", "llama.gguf");
        FakeBackend backend = new();
        await using ServiceProvider services = new ServiceCollection()
            .AddLlmToolkit(o => o.Registry.Backends.Add(backend))
            .AddModel("chat", file, o => o.Load = new LoadOptions { Backend = "fake" })
            .Services.BuildServiceProvider();

        ChatResponse answer = await services.GetRequiredService<IChatClient>().GetResponseAsync("Hi", null, Cancellation);

        Assert.Equal("Hello!", answer.Text);
        Assert.Equal(1, backend.Loads);
    }

    [Fact]
    public async Task Dispose_Provider_DisposesTheModel()
    {
        ServiceProvider services = Services(b => b.AddModel("chat", "a.gguf"));
        await services.GetRequiredService<IChatClient>().GetResponseAsync("Hi", null, Cancellation);

        await services.DisposeAsync();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => _models[0].AsChatClient().GetResponseAsync("Hi", null, Cancellation));
    }

    [Fact]
    public async Task GetAsync_FailedLoad_IsTriedAgain()
    {
        int calls = 0;
        await using HostedModel hosted = new("x", _ => calls++ == 0 ? throw new InvalidOperationException("disk") : Task.FromResult<ILanguageModel>(new FakeModel("ok")));

        await Assert.ThrowsAsync<InvalidOperationException>(async () => await hosted.GetAsync(Cancellation));

        Assert.NotNull(await hosted.GetAsync(Cancellation));
        Assert.Equal(2, calls);
    }

    [Fact]
    public async Task GetAsync_OneCallerGivesUp_TheLoadGoesOnForOthers()
    {
        TaskCompletionSource<ILanguageModel> load = new();
        await using HostedModel hosted = new("x", _ => load.Task);
        using CancellationTokenSource stop = new();
        Task<ILanguageModel> first = hosted.GetAsync(stop.Token).AsTask();
        Task<ILanguageModel> second = hosted.GetAsync(Cancellation).AsTask();

        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        load.SetResult(new FakeModel("ok"));

        Assert.NotNull(await second);
    }

    [Fact]
    public async Task DisposeAsync_LoadInWork_IsCancelled()
    {
        HostedModel hosted = new("x", async stop =>
        {
            await Task.Delay(Timeout.Infinite, stop);
            return new FakeModel("never");
        });
        Task<ILanguageModel> waiting = hosted.GetAsync(Cancellation).AsTask();

        await hosted.DisposeAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await hosted.GetAsync(Cancellation));
        hosted.Dispose();
    }

    [Fact]
    public void Options_Invalid_SayWhatIsMissing()
    {
        using ServiceProvider services = new ServiceCollection().AddLlmToolkit(o => o.Registry = null!).AddModel("chat", "").Services.BuildServiceProvider();

        OptionsValidationException model = Assert.Throws<OptionsValidationException>(() => services.GetRequiredService<IOptionsMonitor<HostedModelOptions>>().Get("chat"));
        Assert.Contains("\"chat\" has no Source", model.Message, StringComparison.Ordinal);
        OptionsValidationException toolkit = Assert.Throws<OptionsValidationException>(() => services.GetRequiredService<IOptions<LlmToolkitOptions>>().Value);
        Assert.Contains("Registry is null", toolkit.Message, StringComparison.Ordinal);
    }

    private ServiceProvider Services(Action<LlmToolkitBuilder> models)
    {
        ServiceCollection services = new();
        models(services.AddLlmToolkit(o => o.Loading = (_, source, load, _) =>
        {
            _loads.Add($"{source} {load.ContextLength}");
            _models.Add(new FakeModel("ok"));
            return Task.FromResult<ILanguageModel>(_models[^1]);
        }));
        return services.BuildServiceProvider();
    }
}
