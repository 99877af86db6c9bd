using System.IO.Compression;
using LlmToolkit.Formats.PyTorch;

namespace LlmToolkit.Tests.PyTorch;

public class PyTorchWriterTests
{
    private static readonly PyTorchFormat Format = new();

    [Fact]
    public void Write_EveryType_ReadsBack()
    {
        using TorchFile folder = TorchFile.Create();
        List<TensorData> tensors = [.. PyTorchConstants.Types.Select(t => t.DType).Distinct().Where(t => !t.IsBlock).Select(t => Make($"layer.{t.Name}", t, [3, 5]))];
        tensors.Add(Make("scalar", DTypes.F32, []));
        tensors.Add(Make("empty", DTypes.F32, [0, 4]));
        tensors.Add(Make("large index \"ü\"", DTypes.U8, [70_000]));
        using MemoryStream stream = new();
        PyTorchWriter.Write(stream, tensors);

        using ModelContainer container = Format.Open(folder.Write(stream.ToArray()));

        Assert.Equal(tensors.Select(t => (t.Info.Name, t.Info.DType, t.Info.Shape)), container.Tensors.Select(t => (t.Name, t.DType, t.Shape)));
        foreach (TensorData written in tensors)
        {
            Assert.True(container.TryFind(written.Info.Name, out TensorInfo? info));
            using TensorData read = container.Read(info);
            Assert.Equal(PyTorchConformanceTests.Hash(written), PyTorchConformanceTests.Hash(read));
            Assert.False(read.Copied);
            written.Dispose();
        }
    }

    [Fact]
    public void Write_TiedTensors_StayOneStorage()
    {
        using TorchFile folder = TorchFile.Create();
        NativeBuffer buffer = new(64);
        buffer.Span(0, 64).Clear();
        TensorInfo info = new() { Name = "embed", DType = DTypes.F32, Shape = [4, 4], File = new ArtifactFile("memory", 64), Offset = 0, Bytes = 64 };
        using TensorData embedding = new(info, buffer.Address, buffer);
        using TensorData head = new(info with { Name = "head" }, buffer.Address, buffer);
        buffer.Release();
        using MemoryStream stream = new();
        PyTorchWriter.Write(stream, [embedding, head]);

        using ModelContainer container = Format.Open(folder.Write(stream.ToArray()));

        Assert.Equal(container.Tensors[0].Offset, container.Tensors[1].Offset);
        Assert.Equal(16, container.Info.Parameters);
    }

    [Fact]
    public void Write_Archive_HasTheRecordsOfTorchsOwn()
    {
        string[] torch = Records(File.ReadAllBytes(Path.Combine(SharedData.Conformance("models", "llama-bin"), "pytorch_model.bin")));
        using TensorData tensor = Make("w", DTypes.F32, [2, 2]);
        using MemoryStream stream = new();
        PyTorchWriter.Write(stream, [tensor], "pytorch_model");
        byte[] file = stream.ToArray();

        // torch adds data/1 … and a hash of the content, which no reader looks at.
        Assert.Equal(torch.Where(n => !n.StartsWith("data/", StringComparison.Ordinal) && n != ".data/serialization_id"), Records(file).Where(n => n != "data/0"));
        using TorchFile folder = TorchFile.Create();
        using ModelContainer container = Format.Open(folder.Write(file));
        Assert.Equal(0, container.Tensors[0].Offset % 64);
    }

    [Fact]
    public void Write_BlockType_IsRefused()
    {
        using TensorData tensor = Make("w", DTypes.Q8_0, [1, 32]);
        ModelException error = Assert.Throws<ModelException>(() => PyTorchWriter.Write(Stream.Null, [tensor]));

        Assert.Equal("LT1250", error.Diagnostic.Code);
    }

    private static string[] Records(byte[] file)
    {
        using ZipArchive zip = new(new MemoryStream(file));
        return [.. zip.Entries.Select(e => e.FullName[(e.FullName.IndexOf('/', StringComparison.Ordinal) + 1)..])];
    }

    private static TensorData Make(string name, DType type, TensorShape shape)
    {
        long bytes = type.Bytes(shape.Elements);
        NativeBuffer buffer = new(bytes);
        Random random = new(7);
        random.NextBytes(buffer.Span(0, (int)bytes));
        TensorInfo info = new() { Name = name, DType = type, Shape = shape, File = new ArtifactFile("memory", bytes), Offset = 0, Bytes = bytes };
        TensorData data = new(info, buffer.Address, buffer);
        buffer.Release();
        return data;
    }
}
