using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;
using LlmToolkit.Formats.PyTorch;
using LlmToolkit.Formats.PyTorch.Zip;
using LlmToolkit.Formats.Shared;

namespace LlmToolkit.Tests.PyTorch;

/// <summary>Files that torch.save wrote, and what torch.load says of them.</summary>
public class PyTorchConformanceTests
{
    private static readonly PyTorchFormat Format = new();

    public static TheoryData<string> Names => new(
        "nested-state-dict", "nested-state-dict-legacy", "training-checkpoint", "tied", "views", "dtypes", "dtype-float8", "module-state-dict", "saved-on-gpu", "numpy-inside", "sparse-coo", "whole-module");

    [Theory, MemberData(nameof(Names))]
    public void Open_OddFile_AnswersAsTorch(string name)
    {
        string folder = SharedData.Conformance("pytorch");
        using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, name + ".json")));
        ModelArtifact artifact = ModelArtifact.FromPath(Path.Combine(folder, json.RootElement.GetProperty("file").GetString()!));

        if (json.RootElement.GetProperty("expect").GetString() == "refuse")
        {
            ModelException error = Assert.Throws<ModelException>(() => Format.Open(artifact));
            Assert.Contains(json.RootElement.GetProperty("names").GetString()!, error.Message, StringComparison.Ordinal);
            Assert.NotEmpty(error.Diagnostic.Fixes);
            return;
        }

        using ModelDescription description = Format.Describe(artifact);
        Assert.NotNull(description.Container);
        CheckTensors(json.RootElement, description.Container);
        if (json.RootElement.TryGetProperty("opaque", out JsonElement opaque))
        {
            Assert.Equal(opaque.EnumerateArray().Select(o => o.GetString()!).Order(), description.Opaque.Order());
        }
    }

    [Fact]
    public void Conformance_Index_IsCoveredHere()
    {
        using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(SharedData.Conformance("pytorch"), "index.json")));

        Assert.Equal(json.RootElement.EnumerateArray().Select(e => e.GetProperty("name").GetString()!).Order(), Names.Select(n => n.Data).Order());
    }

    [Theory]
    [InlineData("llama-bin", "pytorch_model.bin")]
    [InlineData("llama-bin-sharded", "pytorch_model.bin.index.json")]
    [InlineData("llama-bin-sharded", "pytorch_model-00002-of-00002.bin")]
    public void Open_Model_GivesEveryStorageInPlace(string folder, string file)
    {
        string directory = SharedData.Conformance("models", folder);
        using ModelContainer container = Format.Open(ModelArtifact.FromPath(Path.Combine(directory, file)));

        Assert.Equal("pytorch", container.Info.Format);
        Assert.Null(container.Info.Architecture);
        Assert.Equal(NamingScheme.HuggingFace, container.Naming);
        Assert.Empty(container.Check());
        Assert.Contains(container.Tensors, t => t.Name == "model.embed_tokens.weight");
        Assert.Equal(container.Tensors.Sum(t => t.Shape.Elements), container.Info.Parameters);
        Dictionary<string, int> wanted = Entries(directory);
        foreach (TensorInfo tensor in container.Tensors)
        {
            using TensorData data = container.Read(tensor);
            Assert.False(data.Copied);
            Assert.True(wanted.Remove(Hash(data)), $"{tensor.Name} is no entry of its archive");
        }

        Assert.Empty(wanted);
    }

    /// <summary>Hashes of the storages, read by .NET's own zip reader.</summary>
    private static Dictionary<string, int> Entries(string directory)
    {
        Dictionary<string, int> hashes = [];
        foreach (string file in Directory.GetFiles(directory, "*.bin"))
        {
            using ZipArchive zip = ZipFile.OpenRead(file);
            foreach (ZipArchiveEntry entry in zip.Entries.Where(e => e.FullName.Contains("/data/", StringComparison.Ordinal)))
            {
                using Stream stream = entry.Open();
                hashes[Convert.ToHexStringLower(SHA256.HashData(stream))] = 1;
            }
        }

        return hashes;
    }

    private static void CheckTensors(JsonElement expected, ModelContainer container)
    {
        List<string> misses = [];
        JsonElement[] tensors = [.. expected.GetProperty("tensors").EnumerateArray()];
        Assert.Equal(tensors.Length, container.Tensors.Count);
        foreach (JsonElement wanted in tensors)
        {
            string name = string.Join('.', wanted.GetProperty("path").EnumerateArray().Select(p => p.ToString()));
            if (!container.TryFind(name, out TensorInfo? tensor))
            {
                misses.Add($"{name}: absent");
                continue;
            }

            long[] shape = [.. wanted.GetProperty("shape").EnumerateArray().Select(d => d.GetInt64())];
            using TensorData data = container.Read(tensor);
            string hash = Hash(data);
            if (!shape.SequenceEqual(tensor.Shape) || hash != wanted.GetProperty("sha256").GetString() || TorchName(tensor.DType) != wanted.GetProperty("dtype").GetString())
            {
                misses.Add($"{name}: {tensor.DType} {tensor.Shape} {hash}");
            }
        }

        Assert.True(misses.Count == 0, string.Join('\n', misses));
        if (expected.TryGetProperty("same_storage", out JsonElement groups))
        {
            foreach (JsonElement group in groups.EnumerateArray())
            {
                string[] storages = [.. group.EnumerateArray().Select(n => Storage(container, n.GetString()!)).Distinct()];
                Assert.Single(storages);
            }
        }
    }

    /// <summary>The entry of the archive that holds the tensor.</summary>
    private static string Storage(ModelContainer container, string name)
    {
        Assert.True(container.TryFind(name, out TensorInfo? tensor));
        MappedFile map = MappedFile.Open(tensor.File);
        try
        {
            return ZipDirectory.Read(map, tensor.File.Path).Entries.Single(e => tensor.Offset >= e.Offset && tensor.Offset < e.Offset + e.Bytes).Name;
        }
        finally
        {
            map.Release();
        }
    }

    internal static string Hash(TensorData data)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (long row = 0; row < data.Rows; row++)
        {
            hash.AppendData(data.Row(row));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static string TorchName(DType type) => PyTorchConstants.Types.First(t => t.DType == type).Name;

    [Fact]
    public void Describe_FolderOfPickledWeights_TellsWhatTheyName()
    {
        using ModelDescription folder = LlmToolkit.Formats.DefaultFormats.All.Single(f => f.Name == "huggingface").Describe(ModelArtifact.FromPath(SharedData.Conformance("models", "llama-bin-sharded")));

        Assert.NotNull(folder.Container);
        Assert.Contains("torch._utils._rebuild_tensor_v2", folder.Imports);
        Assert.Empty(folder.Opaque);
    }
}
