using LlmToolkit.Formats;

namespace LlmToolkit.Tests.Loading.Catalog;

public sealed class ModelCatalogTests : IDisposable
{
    private static readonly byte[] s_gguf = TinyGguf.Sound().Build();
    private readonly TemporaryFolder _folder = new();
    private readonly TemporaryFolder _kept = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ListAsync_Tree_SetsAndDirectoriesAreOneModelEach()
    {
        _folder.File("a.gguf", s_gguf);
        _folder.File("README.md", "# models");
        _folder.File("settings.json", "{}");
        _folder.File("notes", "plain words");
        _folder.File("firmware.bin", 1, 2, 3, 0, 4, 5, 6, 7);
        _folder.File("blobs/sha256-0123", s_gguf);
        _folder.File("pointer.safetensors", "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12345\n");
        _folder.File("split/m-00001-of-00002.gguf", s_gguf);
        _folder.File("split/m-00002-of-00002.gguf", s_gguf);
        _folder.BareWeights("shards/model-00001-of-00002.safetensors");
        _folder.BareWeights("shards/model-00002-of-00002.safetensors");
        _folder.File("shards/model.safetensors.index.json", "{\"weight_map\":{\"w\":\"model-00001-of-00002.safetensors\"}}");
        _folder.BareWeights("hub/model.safetensors");
        _folder.File("hub/config.json", "{\"model_type\":\"llama\"}");
        _folder.File("hub/modules.json", "[]");
        _folder.File("hub/1_Pooling/config.json", "{\"pooling_mode_cls_token\":true}");
        _folder.File("hub/model-Q8_0.gguf", s_gguf);
        _folder.BareWeights("adapter/adapter_model.safetensors");
        _folder.File("adapter/adapter_config.json", "{\"base_model_name_or_path\":\"base\"}");
        _folder.File("program/config.json", "{\"port\":8080}");
        _folder.File("waiting/config.json", "{\"model_type\":\"llama\",\"architectures\":[\"LlamaForCausalLM\"]}");
        _folder.BareWeights("pipeline/text_encoder/model.safetensors");
        _folder.File("pipeline/text_encoder/config.json", "{}");
        _folder.File("pipeline/model_index.json", "{}");
        _folder.File(".cache/hidden.gguf", s_gguf);

        CatalogEntry[] entries = await ListAsync();

        Assert.Equal(
            """
            a.gguf gguf
            pointer.safetensors git-lfs-pointer
            adapter huggingface
            blobs/sha256-0123 gguf
            hub huggingface
            hub/model-Q8_0.gguf gguf
            shards/model.safetensors.index.json safetensors
            split/m-00001-of-00002.gguf gguf
            waiting huggingface
            """.ReplaceLineEndings("\n"),
            string.Join('\n', entries.Where(e => !e.Path.EndsWith("pipeline", StringComparison.Ordinal)).Select(e => $"{Relative(e)} {e.Recognised ?? e.Format}")));
        Assert.Equal("base", entries.Single(e => Relative(e) == "adapter").Info!.AdapterOf);
        Assert.DoesNotContain(entries, e => Relative(e).StartsWith("pipeline/", StringComparison.Ordinal));
        Assert.Equal(Verdict.Refused, entries.Single(e => e.Recognised is "git-lfs-pointer").Report.Verdict);
        Assert.Equal(Verdict.Ok, entries[0].Report.Verdict);
        Assert.Equal(s_gguf.Length, entries[0].Bytes);
    }

    [Fact]
    public async Task ListAsync_Links_EndAndLeaveTheTreeForOneFolderAlone()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Links need rights on Windows.");
        using TemporaryFolder outside = new();
        outside.File("far.gguf", s_gguf);
        outside.File("below/farther.gguf", s_gguf);
        _folder.File("sub/near.gguf", s_gguf);
        Directory.CreateSymbolicLink(Path.Combine(_folder.Path, "sub", "loop"), _folder.Path);
        Directory.CreateSymbolicLink(Path.Combine(_folder.Path, "twice"), Path.Combine(_folder.Path, "sub"));
        Directory.CreateSymbolicLink(Path.Combine(_folder.Path, "out"), outside.Path);
        File.CreateSymbolicLink(Path.Combine(_folder.Path, "broken.gguf"), Path.Combine(_folder.Path, "absent"));

        CatalogEntry[] entries = await ListAsync();

        Assert.Equal(["broken.gguf", "out/far.gguf", "sub/near.gguf"], entries.Select(Relative));
        Assert.Equal(Verdict.Refused, entries[0].Report.Verdict);
    }

    [Fact]
    public async Task ListAsync_Depth_StopsThere()
    {
        _folder.File("0.gguf", s_gguf);
        _folder.File("a/1.gguf", s_gguf);
        _folder.File("a/b/2.gguf", s_gguf);

        Assert.Equal(["0.gguf", "a/1.gguf"], (await ListAsync(new CatalogOptions { MaxDepth = 1 })).Select(Relative));
        Assert.Throws<ArgumentOutOfRangeException>(() => new CatalogOptions { MaxDepth = -1 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new CatalogOptions { Concurrency = 0 });
        await Assert.ThrowsAsync<ModelException>(async () => await new ModelCatalog(null, MetadataCache.None).ListAsync(Path.Combine(_folder.Path, "absent"), cancellationToken: Cancellation).ToArrayAsync(Cancellation));
    }

    [Fact]
    public async Task ListAsync_Again_ReadsNoFile()
    {
        Counting counting = new();
        ToolkitRegistry registry = new();
        registry.Formats.Add(counting);
        _folder.File("a.gguf", s_gguf);
        _folder.File("b.bin", 9, 9, 9, 0);
        _folder.BareWeights("hub/model.safetensors");
        _folder.File("hub/config.json", "{\"model_type\":\"llama\"}");
        ModelCatalog catalog = new(registry, Cache());

        CatalogEntry[] cold = await catalog.ListAsync(_folder.Path, cancellationToken: Cancellation).ToArrayAsync(Cancellation);
        int probes = counting.Probes;
        CatalogEntry[] warm = await new ModelCatalog(registry, Cache()).ListAsync(_folder.Path, cancellationToken: Cancellation).ToArrayAsync(Cancellation);

        Assert.Equal(3, probes);
        Assert.Equal(probes, counting.Probes);
        Assert.Equal([false, false], cold.Select(e => e.FromCache));
        Assert.Equal([true, true], warm.Select(e => e.FromCache));
        Assert.Equal(cold.Select(Facts), warm.Select(Facts));
    }

    [Theory]
    [InlineData("touched")]
    [InlineData("longer")]
    [InlineData("other bytes, time put back")]
    [InlineData("replaced by a file of the same size and time")]
    [InlineData("a file more in its directory")]
    [InlineData("another registry")]
    public async Task ListAsync_Changed_IsReadAgain(string how)
    {
        string path = _folder.File("hub/model.safetensors", await File.ReadAllBytesAsync(_folder.BareWeights("w.safetensors"), Cancellation));
        string config = _folder.File("hub/config.json", "{\"model_type\":\"llama\"}");
        File.Delete(Path.Combine(_folder.Path, "w.safetensors"));
        _ = await ListAsync();
        Assert.True((await ListAsync()).Single().FromCache);

        DateTime time = File.GetLastWriteTimeUtc(config);
        ToolkitRegistry registry = new();
        switch (how)
        {
            case "touched": File.SetLastWriteTimeUtc(path, time.AddSeconds(1)); break;
            case "longer": await File.AppendAllTextAsync(config, " ", Cancellation); break;
            case "other bytes, time put back":
                Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows tells no time of change.");
                await File.WriteAllTextAsync(config, "{\"model_type\":\"qwen2\"}", Cancellation);
                File.SetLastWriteTimeUtc(config, time);
                break;
            case "replaced by a file of the same size and time":
                Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows tells no inode.");
                string beside = _folder.File("new", "{\"model_type\":\"qwen2\"}");
                File.SetLastWriteTimeUtc(beside, time);
                File.Move(beside, config, overwrite: true);
                break;
            case "a file more in its directory": _folder.File("hub/README.md", "---\nlicense: mit\n---\n"); break;
            default: registry.Formats.Add(new Counting()); break;
        }

        CatalogEntry again = (await new ModelCatalog(registry, Cache()).ListAsync(_folder.Path, cancellationToken: Cancellation).ToArrayAsync(Cancellation)).Single();

        Assert.False(again.FromCache);
        Assert.True(how != "other bytes, time put back" || again.Info!.Architecture == "qwen2");
    }

    [Fact]
    public async Task FindAsync_AnyPart_IsTheSet()
    {
        string first = _folder.File("m-00001-of-00002.gguf", s_gguf);
        string second = _folder.File("m-00002-of-00002.gguf", s_gguf);
        string alone = _folder.File("a.gguf", s_gguf);
        ModelCatalog catalog = new(null, Cache());

        Assert.False((await catalog.FindAsync(alone, Cancellation)).FromCache);
        Assert.True((await catalog.FindAsync(alone, Cancellation)).FromCache);
        Assert.False((await catalog.FindAsync(second, Cancellation)).FromCache);
        await File.AppendAllTextAsync(first, " ", Cancellation);
        Assert.False((await catalog.FindAsync(second, Cancellation)).FromCache);
        await Assert.ThrowsAsync<ModelException>(() => catalog.FindAsync(Path.Combine(_folder.Path, "absent"), Cancellation));
    }

    public void Dispose()
    {
        _folder.Dispose();
        _kept.Dispose();
    }

    private static string Facts(CatalogEntry entry) =>
        $"{entry.Path} {entry.Format} {entry.Score} {entry.Reason} {entry.Recognised} {entry.Bytes} {entry.Report.Verdict} {string.Join(' ', entry.Report.Findings.Select(f => $"{f.Code} {f.Severity} {f.Message} {string.Join(' ', f.Fixes)}"))} "
        + $"{entry.Info?.Architecture} {entry.Info?.Parameters} {entry.Info?.KvBytesPerToken} {entry.Info?.Tokenizer} {string.Join(' ', entry.Info?.BytesByType ?? new Dictionary<string, long>())}".Replace("System.Collections.Generic.", "", StringComparison.Ordinal);

    private string Relative(CatalogEntry entry) => Path.GetRelativePath(_folder.Path, entry.Path).Replace('\\', '/');

    private MetadataCache Cache() => new(_kept.Path);

    private async Task<CatalogEntry[]> ListAsync(CatalogOptions? options = null) =>
        await new ModelCatalog(null, Cache()).ListAsync(_folder.Path, options, cancellationToken: Cancellation).ToArrayAsync(Cancellation);

    /// <summary>Claims nothing, and counts how often it was asked: each time a file's first bytes were read.</summary>
    private sealed class Counting : IModelFormat
    {
        private int _probes;

        public int Probes => _probes;

        public string Name => "counting";

        public string Summary => "counts";

        public FormatMatch Probe(ModelArtifact artifact, ProbeBytes bytes)
        {
            Interlocked.Increment(ref _probes);
            return FormatMatch.None;
        }

        public ModelContainer Open(ModelArtifact artifact) => throw new NotSupportedException();

        public ModelDescription Describe(ModelArtifact artifact) => throw new NotSupportedException();
    }
}
