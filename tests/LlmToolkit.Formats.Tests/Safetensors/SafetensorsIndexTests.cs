using LlmToolkit.Formats.Safetensors;
using LlmToolkit.Formats.Tests.Shared;
using LlmToolkit.Tests;

namespace LlmToolkit.Formats.Tests.Safetensors;

public sealed class SafetensorsIndexTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> ForeignNames => new("../m.safetensors", "/etc/passwd", "..\\m.safetensors", "http://example.com/x", "C:\\x", "a\u0000.safetensors", "sub/m.safetensors", "..", "");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Open_AnyFileOfAShardedModel_IsTheWholeSet()
    {
        string folder = SharedData.Conformance("models", "llama3-rope");
        List<int> counts = [];
        foreach (string path in Directory.GetFiles(folder, "model*"))
        {
            using ModelContainer model = new SafetensorsFormat().Open(ModelArtifact.FromPath(path));
            counts.Add(model.Tensors.Count);
            Assert.Equal(4, model.Files.Count);
        }

        Assert.Equal(5, counts.Count);
        Assert.Single(counts.Distinct());
    }

    [Theory, MemberData(nameof(ForeignNames))]
    public void Open_IndexWithForeignName_IsRefused(string name)
    {
        string index = $"{{\"weight_map\":{{\"a\":{System.Text.Json.JsonSerializer.Serialize(name)}}}}}";

        ModelException error = Assert.Throws<ModelException>(() => Open(index));

        Assert.Equal(("LT1506", Severity.Critical), (error.Diagnostic.Code, error.Diagnostic.Severity));
    }

    [Theory]
    [InlineData("no map", "{}", "LT1120", "absent")]
    [InlineData("empty map", "{\"weight_map\":{}}", "LT1120", "no tensor")]
    [InlineData("file is a number", "{\"weight_map\":{\"a\":5}}", "LT1120", "Number")]
    [InlineData("missing shard", "{\"weight_map\":{\"a\":\"model-00001-of-00002.safetensors\",\"b\":\"gone.safetensors\"}}", "LT1121", "gone.safetensors")]
    [InlineData("tensor that is not there", "{\"weight_map\":{\"a\":\"model-00001-of-00002.safetensors\",\"z\":\"model-00001-of-00002.safetensors\"}}", "LT1122", "z")]
    [InlineData("tensor in another shard", "{\"weight_map\":{\"a\":\"model-00002-of-00002.safetensors\"}}", "LT1122", "a")]
    [InlineData("index is an array", "[]", "LT1522", "array")]
    [InlineData("tensor listed twice", "{\"weight_map\":{\"a\":\"x\",\"a\":\"y\"}}", "LT1521", "JSON")]
    public void Open_FaultyIndex_SaysWhat(string name, string index, string code, string detail)
    {
        ModelException error = Assert.Throws<ModelException>(() => Open(index));

        Assert.True(error.Diagnostic.Code == code, $"{name}: {error.Diagnostic.Code} {error.Message}");
        Assert.Contains(detail, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("8", true)]
    [InlineData("8.0", true)]
    [InlineData("9", false)]
    [InlineData("-1", false)]
    [InlineData("\"8\"", false)]
    [InlineData("1e400", false)]
    public void Open_TotalSize_IsComparedAndOnlyAdvice(string total, bool isRight)
    {
        using ModelContainer model = Open($"{{\"metadata\":{{\"total_size\":{total}}},\"weight_map\":{{\"a\":\"model-00001-of-00002.safetensors\",\"b\":\"model-00002-of-00002.safetensors\"}}}}");

        Assert.Equal(isRight ? null : Severity.Low, model.Check().SingleOrDefault(f => f.Code == "LT1125")?.Severity);
    }

    [Fact]
    public void Describe_ShardsMissing_TellsTheTensorsOfTheOthers()
    {
        Assert.Throws<ModelException>(() => Open("{\"weight_map\":{\"a\":\"model-00001-of-00002.safetensors\",\"b\":\"gone.safetensors\"}}"));
        foreach (string name in (string[])["model.safetensors.index.json", "model-00001-of-00002.safetensors"])
        {
            using ModelDescription description = new SafetensorsFormat().Describe(ModelArtifact.FromPath(Path.Combine(_folder.Path, name)));

            Assert.Null(description.Container);
            Assert.Equal("gone.safetensors", Assert.Single(description.Findings, f => f.Severity >= Severity.High).Evidence);
            Assert.Equal("a", Assert.Single(description.Tensors).Name);
            Assert.Null(description.Info!.Parameters);
            using TensorData? data = description.TryRead(description.Tensors[0]);
            Assert.NotNull(data);
        }
    }

    [Fact]
    public void Open_TensorInTwoShards_TakesTheListedOneAndWarns()
    {
        Shard("model-00001-of-00002.safetensors", ("a", 1), ("b", 2));
        Shard("model-00002-of-00002.safetensors", ("b", 3));
        string path = _folder.Write("model.safetensors.index.json", "{\"weight_map\":{\"a\":\"model-00001-of-00002.safetensors\",\"b\":\"model-00002-of-00002.safetensors\"}}");
        using ModelContainer model = new SafetensorsFormat().Open(ModelArtifact.FromPath(path));

        Assert.True(model.TryFind("b", out TensorInfo? b));
        Assert.Equal("model-00002-of-00002.safetensors", b.File.Name);
        Assert.Equal("LT1124", Assert.Single(model.Check()).Code);
    }

    [Fact]
    public void Open_ShardsWithoutIndex_MustBeAllAndDisjoint()
    {
        Shard("model-00001-of-00002.safetensors", ("a", 1));
        ModelException missing = Assert.Throws<ModelException>(() => new SafetensorsFormat().Open(ModelArtifact.FromPath(Path.Combine(_folder.Path, "model-00001-of-00002.safetensors"))));
        Assert.Contains("model-00002-of-00002.safetensors", missing.Message, StringComparison.Ordinal);

        Shard("model-00002-of-00002.safetensors", ("b", 1));
        using (ModelContainer model = new SafetensorsFormat().Open(ModelArtifact.FromPath(Path.Combine(_folder.Path, "model-00002-of-00002.safetensors"))))
        {
            Assert.Equal(["a", "b"], model.Tensors.Select(t => t.Name));
        }

        Shard("model-00002-of-00002.safetensors", ("a", 1));
        ModelException twice = Assert.Throws<ModelException>(() => new SafetensorsFormat().Open(ModelArtifact.FromPath(Path.Combine(_folder.Path, "model-00002-of-00002.safetensors"))));
        Assert.Equal("LT1123", twice.Diagnostic.Code);
    }

    [Fact]
    public void Open_ShardThatIsALinkOutOfTheFolder_IsRefused()
    {
        using TemporaryFolder other = new();
        Shard("real.safetensors", ("a", 1));
        File.Move(Path.Combine(_folder.Path, "real.safetensors"), Path.Combine(other.Path, "real.safetensors"));
        File.CreateSymbolicLink(Path.Combine(_folder.Path, "link.safetensors"), Path.Combine(other.Path, "real.safetensors"));

        ModelException error = Assert.Throws<ModelException>(() => Open("{\"weight_map\":{\"a\":\"link.safetensors\"}}"));

        Assert.Equal("LT1505", error.Diagnostic.Code);
    }

    [Fact]
    public void Open_LinksIntoTheBlobsOfTheHubCache_AreFine()
    {
        Shard("models--o--n/blobs/abc", ("a", 1));
        string snapshot = Path.Combine(_folder.Path, "models--o--n", "snapshots", "commit");
        Directory.CreateDirectory(snapshot);
        File.CreateSymbolicLink(Path.Combine(snapshot, "model-00001-of-00001.safetensors"), "../../blobs/abc");
        string index = _folder.Write("models--o--n/snapshots/commit/model.safetensors.index.json", "{\"weight_map\":{\"a\":\"model-00001-of-00001.safetensors\"}}");
        using ModelContainer model = new SafetensorsFormat().Open(ModelArtifact.FromPath(index));

        Assert.Single(model.Tensors);
    }

    private ModelContainer Open(string index)
    {
        Shard("model-00001-of-00002.safetensors", ("a", 1));
        Shard("model-00002-of-00002.safetensors", ("b", 1));
        return new SafetensorsFormat().Open(ModelArtifact.FromPath(_folder.Write("model.safetensors.index.json", index)));
    }

    private void Shard(string name, params (string Name, float Value)[] tensors)
    {
        using MemoryStream stream = new();
        using SafetensorsWriter writer = SafetensorsWriter.Create(stream);
        foreach ((string tensor, _) in tensors)
        {
            writer.Declare(tensor, DTypes.F32, [1]);
        }

        foreach ((_, float value) in tensors)
        {
            writer.Write([value]);
        }

        writer.Complete();
        _folder.Write(name, stream.ToArray());
    }
}
