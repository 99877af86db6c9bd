using LlmToolkit.Hub;
using LlmToolkit.Testing;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;

// The examples are shown without the tests' cancellation tokens.
#pragma warning disable xUnit1051

namespace LlmToolkit.Tests.Readme;

/// <summary>The README's examples: the house tests copy the marked lines, these tests run them on the model that the product carries.</summary>
public sealed class ReadmeExamples
{
    private static string ModelPath => Path.Combine(SharedData.Repository, "src", "LlmToolkit.Cli", "Models", "tiny-stories-q8_0.gguf");

    [Fact]
    public async Task Load_Generate()
    {
        string path = ModelPath;
        using StringWriter output = new();
        Console.SetOut(output);

        // example load
        await using ILanguageModel model = await new ModelLoader().LoadAsync(path);
        await foreach (TextChunk chunk in model.GenerateAsync("Once upon a time", new GenerateOptions { MaxTokens = 60 }))
        {
            Console.Write(chunk.Text);
        }
        // example end

        Assert.NotEmpty(output.ToString());
    }

    [Fact]
    public async Task Chat_Answers()
    {
        string path = ModelPath;

        // example chat
        await using ILanguageModel model = await new ModelLoader().LoadAsync(path);
        using IChatClient chat = model.AsChatClient();
        ChatResponse answer = await chat.GetResponseAsync("Tell me a story about a fox.");
        // example end

        Assert.NotEmpty(answer.Text);
        Assert.True(answer.Usage!.OutputTokenCount > 0);
    }

    [Fact]
    public async Task Hosting_Resolves()
    {
        string path = ModelPath;

        // example hosting
        ServiceCollection services = new();
        services.AddLlmToolkit().AddModel("stories", path);
        await using ServiceProvider provider = services.BuildServiceProvider();
        IChatClient chat = provider.GetRequiredService<IChatClient>();
        // example end

        Assert.NotEmpty((await chat.GetResponseAsync("Tell me a story.", new ChatOptions { MaxOutputTokens = 8 })).Text);
    }

    [Fact]
    public async Task FakeHub_ServesAndBreaks()
    {
        byte[] weights = await File.ReadAllBytesAsync(ModelPath);
        string cache = Directory.CreateTempSubdirectory("llmtk-readme-").FullName;

        // example fakehub
        await using FakeHub hub = await FakeHub.StartAsync();
        hub.AddRepository("owner/stories", new Dictionary<string, byte[]> { ["stories.gguf"] = weights });
        hub.Fault(new FakeFault { Kind = FakeFaultKind.Reset, Origin = FakeOrigin.Data, At = 100_000, Times = 1 });

        ModelLoader loader = new() { Hub = () => new HubClient(new HubSettings { Endpoint = hub.Endpoint, Home = cache }) };
        await using ILanguageModel model = await loader.LoadAsync("owner/stories");  // goes on where the line broke
        // example end

        Assert.Equal(weights.Length, hub.Requests.Where(r => r.Origin == FakeOrigin.Data).Sum(r => r.BytesSent));
        Directory.Delete(cache, recursive: true);
    }

    [Fact]
    public async Task Path_StopByStop()
    {
        string path = ModelPath;

        // example path
        ModelLoader loader = new();
        Detection detection = await loader.DetectAsync(path);            // gguf, score, reason
        ValidationReport report = await loader.ValidateAsync(path);      // ok, or findings with fixes
        using ModelContainer container = await loader.OpenAsync(path);   // mapped and valid
        LoadPlan plan = loader.Plan(container.Info, new LoadOptions());  // the winner, the losers, every reason
        await using ILanguageModel model = await loader.LoadAsync(plan, container);
        // example end

        Assert.Equal("gguf", detection.Format);
        Assert.Equal(Verdict.Ok, report.Verdict);
        Assert.Equal(512, model.ContextLength);
    }
}
