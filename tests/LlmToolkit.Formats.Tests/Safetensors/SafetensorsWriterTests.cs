using LlmToolkit.Formats.Safetensors;
using LlmToolkit.Formats.Tests.Shared;
using LlmToolkit.Tests;

namespace LlmToolkit.Formats.Tests.Safetensors;

public sealed class SafetensorsWriterTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Write_RowByRow_ReadsBackByBothReaders()
    {
        string path = Path.Combine(_folder.Path, "out.safetensors");
        using (SafetensorsWriter writer = SafetensorsWriter.Create(path))
        {
            writer.SetMetadata("logits_offset.0", "7");
            writer.Declare("logits.0", DTypes.F32, [2, 3]);
            writer.Declare("greedy.0", DTypes.I64, [2]);
            writer.Declare("none", DTypes.F32, [0, 4]);
            writer.Write([1f, 2f, 3f]);
            writer.Write([4f, 5f, 6f]);
            writer.Write([-1L, long.MaxValue]);
            Assert.False(File.Exists(path), "a half file must not bear the name");
            writer.Complete();
        }

        ReferenceTensors reference = new(path);
        Assert.Equal([1, 2, 3, 4, 5, 6], reference.Floats("logits.0"));
        Assert.Equal([-1, long.MaxValue], reference.Int64s("greedy.0"));
        Assert.Equal("7", reference.Metadata["logits_offset.0"]);
        using ModelContainer model = new SafetensorsFormat().Open(ModelArtifact.FromPath(path));
        Assert.Equal(["logits.0", "greedy.0", "none"], model.Tensors.Select(t => t.Name));
        Assert.Equal(0, model.Tensors[0].Offset % 8);
        Assert.Single(Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void Dispose_BeforeComplete_LeavesTheOldFile()
    {
        string path = _folder.Write("out.safetensors", "old");
        using (SafetensorsWriter writer = SafetensorsWriter.Create(path))
        {
            writer.Declare("a", DTypes.F32, [2]);
            writer.Write([1f]);
        }

        Assert.Equal("old", File.ReadAllText(path));
        Assert.Single(Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void Calls_OutOfOrder_AreRefused()
    {
        using MemoryStream stream = new();
        using SafetensorsWriter writer = SafetensorsWriter.Create(stream);
        writer.Declare("a", DTypes.F32, [2]);

        Assert.Throws<ArgumentException>(() => writer.Declare("a", DTypes.F32, [2]));
        Assert.Throws<ArgumentException>(() => writer.Declare("q", DTypes.Q8_0, [32]));
        Assert.Throws<InvalidOperationException>(() => writer.Write([1f, 2f, 3f]));
        writer.Write([1f]);
        Assert.Throws<InvalidOperationException>(() => writer.Declare("b", DTypes.F32, [2]));
        Assert.Throws<InvalidOperationException>(writer.Complete);
        writer.Write([2f]);
        writer.Complete();
        Assert.Throws<InvalidOperationException>(() => writer.Write([3f]));
    }

    [Fact]
    public void Complete_NothingDeclared_IsTheSmallestFile()
    {
        using MemoryStream stream = new();
        using (SafetensorsWriter writer = SafetensorsWriter.Create(stream))
        {
            writer.Complete();
        }

        Assert.Equal([8, 0, 0, 0, 0, 0, 0, 0, 0x7B, 0x7D, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20], stream.ToArray());
    }
}
