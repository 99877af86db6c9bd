using LlmToolkit.Hub;
using LlmToolkit.Testing;
using LlmToolkit.Tests.EndToEnd;

namespace LlmToolkit.Tests.Hub.Heads;

/// <summary>A model on the Hub is judged as its copy on this disk is, and hardly a byte of its weights is fetched for that.</summary>
public sealed class RemoteVerdictTests
{
    private const long MostBytes = 2 << 20;

    private static readonly string[] s_kinds = ["models", "models-quantized", "pytorch", "gguf", "gguf-quantized", "gguf-container", "adapters"];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Every model of the conformance set: a folder, or a file.</summary>
    public static TheoryData<string> Models
    {
        get
        {
            TheoryData<string> rows = [];
            foreach (string kind in s_kinds)
            {
                string? folder = SharedData.Root is { } root ? Path.Combine(root, "conformance", kind) : null;
                string fixture = Path.Combine(SharedData.Fixtures, "conformance", kind);
                folder = folder is not null && Directory.Exists(folder) ? folder : Directory.Exists(fixture) ? fixture : null;
                foreach (string path in folder is null ? [] : Directory.EnumerateFileSystemEntries(folder).Order(StringComparer.Ordinal).Where(IsModel))
                {
                    rows.Add($"{kind}/{Path.GetFileName(path)}");
                }
            }

            return rows;
        }
    }

    [Theory]
    [MemberData(nameof(Models))]
    public async Task Model_IsJudgedAsItsCopy(string name)
    {
        string path = SharedData.Conformance(name.Split('/'));
        using TemporaryFolder home = new();
        await using FakeHub hub = await FakeHub.StartAsync(null, Token);
        string repository = "test/" + new string([.. Path.GetFileName(path).Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-')]).Trim('-').Replace("--", "-", StringComparison.Ordinal);
        hub.AddRepository(repository, Directory.Exists(path)
            ? Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories).ToDictionary(f => Path.GetRelativePath(path, f), File.ReadAllBytes)
            : new Dictionary<string, byte[]> { [Path.GetFileName(path)] = await File.ReadAllBytesAsync(path, Token) });
        HubClient Client() => new(new HubSettings { Endpoint = hub.Endpoint, Home = home.Path });
        ModelLoader remote = new() { Hub = Client };
        ModelLoader local = new();

        ValidationReport expected = await local.ValidateAsync(path, null, Token);
        ValidationReport actual = await remote.ValidateAsync(repository, null, Token);
        Assert.Equal((expected.Verdict, expected.Format, expected.Version), (actual.Verdict, actual.Format, actual.Version));
        Assert.Equal(expected.Findings.Select(f => f.Code), actual.Findings.Select(f => f.Code));
        Assert.DoesNotContain(actual.Findings, f => $"{f.File} {f.Message} {f.Evidence}".Contains("llmtk-heads-", StringComparison.Ordinal));

        using ModelDescription here = await local.DescribeAsync(path, null, Token);
        using ModelDescription there = await remote.DescribeAsync(repository, null, Token);
        Assert.Equal(Facts(here), Facts(there));
        Assert.Equal(here.Tensors.Select(Facts), there.Tensors.Select(Facts));

        long weights = hub.Requests.Where(r => r.Origin == FakeOrigin.Data).Sum(r => r.BytesSent);
        long size = here.Files.Sum(f => f.Length);
        TestContext.Current.TestOutputHelper?.WriteLine($"{name}: {weights / 2} bytes of {size} a look");
        // Two looks at it, and each of them is a look from the beginning.
        Assert.True(weights <= 2 * Math.Max(MostBytes, size / 200), $"{weights} bytes of {size} were fetched");
    }

    [Fact]
    public async Task LargeModel_CostsItsHeader()
    {
        string path = SharedData.Require("models", "smollm2-135m-instruct");
        using TemporaryFolder home = new();
        await using FakeHub hub = await FakeHub.StartAsync(null, Token);
        hub.AddRepository("test/smollm2", path);
        HubClient Client() => new(new HubSettings { Endpoint = hub.Endpoint, Home = home.Path });

        ModelForecast forecast = await new ModelLoader { Hub = Client }.ForecastAsync("test/smollm2", new LoadOptions { ContextLength = 2048 }, Token);

        Assert.Equal(ForecastVerdict.Runs, forecast.Verdict);
        Assert.True(forecast.Download!.MissingBytes > 90_000_000);
        Assert.NotNull(forecast.Download.Time);
        Assert.InRange(hub.Requests.Where(r => r.Origin == FakeOrigin.Data).Sum(r => r.BytesSent), 1, MostBytes);
        ModelForecast tight = await new ModelLoader { Hub = Client }.ForecastAsync("test/smollm2", new LoadOptions { MemoryBudget = 1 << 20 }, Token);
        Assert.Equal(ForecastVerdict.DoesNotRun, tight.Verdict);
        Assert.StartsWith("It does not run, because", tight.Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Address_IsJudgedByRanges_AndRefusedWithout()
    {
        string path = SharedData.Conformance("gguf", "llama.gguf");
        using TemporaryFolder home = new();
        await using FakeHub hub = await FakeHub.StartAsync(null, Token);
        hub.AddRepository("test/url", new Dictionary<string, byte[]> { ["llama.gguf"] = await File.ReadAllBytesAsync(path, Token) });
        // Another port than the endpoint's: a plain server, as far as this client knows.
        HubClient Client() => new(new HubSettings { Endpoint = new Uri("http://127.0.0.1:1"), Home = home.Path });
        ModelLoader loader = new() { Hub = Client };
        string address = new Uri(hub.Endpoint, "/test/url/resolve/main/llama.gguf").AbsoluteUri;

        ValidationReport report = await loader.ValidateAsync(address, null, Token);
        Assert.Equal(Verdict.Ok, report.Verdict);
        await using ILanguageModel model = await loader.LoadAsync(address, new LoadOptions { ContextLength = 64 }, null, Token);
        Assert.NotNull(model.Info);
        ModelException deep = await Assert.ThrowsAsync<ModelException>(() => loader.ValidateAsync(address, null, deep: true, null, Token));
        Assert.Equal("LT6072", deep.Diagnostic.Code);
    }

    private static bool IsModel(string path) =>
        Directory.Exists(path) || (Path.GetExtension(path) is ".gguf" or ".safetensors" or ".bin" or ".pt" or ".pth" && !Path.GetFileName(path).StartsWith("expected", StringComparison.Ordinal) && !Path.GetFileName(path).Contains("-of-", StringComparison.Ordinal));

    private static string Facts(ModelDescription description)
    {
        ModelInfo? info = description.Info;
        return info is null ? "none" : FormattableString.Invariant($"{info.Format} {info.Version} {info.Architecture} {info.License} {info.Parameters} {info.Quantization} {info.ContextLength} {info.EmbeddingLength} {info.Layers} {info.Heads} {info.KvHeads} {info.HeadDim} {info.Vocabulary} {info.KvBytesPerToken} {info.AdapterOf} {info.Tokenizer} {info.HasChatTemplate} {info.IsEncoder} {info.FileBytes} {info.CopiedBytes}");
    }

    private static string Facts(TensorInfo tensor) => FormattableString.Invariant($"{tensor.Name} {tensor.DType.Name} {tensor.Shape} {tensor.Offset} {tensor.Bytes} {tensor.File.Name}");
}
