using System.Buffers.Binary;
using System.Text;
using LlmToolkit.Formats.Foreign;
using LlmToolkit.Formats.Tests.Gguf;
using LlmToolkit.Formats.Tests.Shared;

namespace LlmToolkit.Formats.Tests.Properties;

/// <summary>Inputs that once broke a rule, cut down to what it needs.</summary>
public sealed class FoundByFuzzingTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>Open accepted the file, Read threw ArgumentException.</summary>
    [Fact]
    public void Gguf_EmptyTensorBehindTheEnd_IsRead() => ReadAll("gguf", new GgufFile().Tensor("a", [4], 0, 16).Tensor("b", [0, 4], 0, 0, offset: 1 << 20).Build());

    /// <summary>Open accepted the file, Read threw OverflowException over the bytes of a row.</summary>
    [Fact]
    public void Gguf_EmptyTensorWithEndlessRows_IsRead() => ReadAll("gguf", new GgufFile().Tensor("a", [1UL << 61, 0], 0, 0).Build());

    [Fact]
    public void Safetensors_EmptyTensorWithEndlessRows_IsRead()
    {
        byte[] json = Encoding.UTF8.GetBytes("""{"a":{"dtype":"F64","shape":[0,4611686018427387904],"data_offsets":[0,0]}}""");
        byte[] length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, json.Length);
        ReadAll("safetensors", [.. length, .. json]);
    }

    /// <summary>Each signature within a name began a name of its own: 64 KiB of them became 384 MiB.</summary>
    [Fact]
    public void Zip_SignaturesWithinNames_AreNoNames()
    {
        byte[] entry = new byte[46];
        "PK\u0001\u0002"u8.CopyTo(entry);
        BinaryPrimitives.WriteUInt16LittleEndian(entry.AsSpan(28), 0x0201);
        byte[] tail = [.. Enumerable.Repeat(entry, 1 << 10).SelectMany(e => e)];
        long before = GC.GetAllocatedBytesForCurrentThread();

        Assert.Equal("zip", new ZipArchive().Recognise(_folder.ArtifactOf("f", [1]), new ProbeBytes("PK\u0003\u0004"u8, tail))?.Name);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4 << 20);
    }

    /// <summary>InvalidOperationException: the half pair stood behind a bare NaN, which has the text parsed a second time.</summary>
    [Fact]
    public void Json_HalfASurrogatePairBehindNaN_IsRefused() =>
        Assert.Equal("LT1521", Assert.Throws<ModelException>(() => LlmToolkit.Formats.Shared.JsonLimits.Parse("{\"a\":NaN,\"b\":\"\\ud800\"}"u8.ToArray(), "config.json")).Diagnostic.Code);

    private void ReadAll(string format, byte[] bytes)
    {
        using ModelContainer container = DefaultFormats.All.First(f => f.Name == format).Open(_folder.ArtifactOf("f", bytes));
        foreach (TensorInfo tensor in container.Tensors)
        {
            using TensorData data = container.Read(tensor);
            Assert.True(data.RowBytes == 0 || data.RowBytes * data.Rows == tensor.Bytes);
        }
    }
}
