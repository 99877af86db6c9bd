using BenchmarkDotNet.Attributes;
using LlmToolkit.Loading;

namespace LlmToolkit.Benchmarks.Formats;

/// <summary>From a path to an open container: what <c>llmtk inspect</c> waits for, and each model of a folder that is scanned. The file is in the page cache.</summary>
[MemoryDiagnoser]
public class OpenBench
{
    private readonly ModelLoader _loader = new();
    private string _path = "";

    /// <summary>One of each container.</summary>
    [Params("gguf", "safetensors", "pytorch")]
    public string Container { get; set; } = "";

    /// <summary>Finds the file.</summary>
    [GlobalSetup]
    public void Setup() => _path = Container switch
    {
        "gguf" => Product.Model,
        "safetensors" => Product.Fixture("models", "llama"),
        _ => Product.Fixture("models", "llama-bin-sharded"),
    };

    /// <summary>Reads the first bytes and asks every format.</summary>
    [Benchmark]
    public string Detect() => FormatDetector.Detect(ModelArtifact.FromPath(_path), _loader.Registry.Formats).Format;

    /// <summary>Checks the header, maps the files, gathers the facts.</summary>
    [Benchmark]
    public async Task<int> Open()
    {
        using ModelContainer container = await _loader.OpenAsync(_path).ConfigureAwait(false);
        return container.Tensors.Count;
    }

    /// <summary>Opens and applies every check.</summary>
    [Benchmark]
    public async Task<Verdict> Validate() => (await _loader.ValidateAsync(_path).ConfigureAwait(false)).Verdict;
}
