using LlmToolkit.Formats.PyTorch;
using LlmToolkit.Formats.PyTorch.Pickle;

namespace LlmToolkit.Tests.PyTorch;

/// <summary>The form before torch 1.6.</summary>
public class LegacyFileTests
{
    private static readonly PyTorchFormat Format = new();

    [Fact]
    public void Read_WindowOfAStorage_BeginsWhereTheWindowDoes()
    {
        using TorchFile folder = TorchFile.Create();
        using ModelContainer container = Format.Open(folder.Write(Legacy(window: 1)));

        using TensorData data = container.Read(container.Tensors[0]);

        Assert.Equal([2, 3], PyTorchFormatTests.Floats(data));
        Assert.False(data.Copied);
        Assert.Equal("1001", container.Info.Version);
    }

    /// <summary>torch.save takes any pickle protocol; each writes the magic number in another way.</summary>
    [Theory]
    [InlineData("L119547037146038801333356L\n.")]
    [InlineData("\x80\x03\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.")]
    [InlineData("\x80\x04\x95\x0d\0\0\0\0\0\0\0\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.")]
    public void Open_MagicOfAnotherProtocol_IsTheOlderForm(string magic)
    {
        byte[] file = [.. TorchFile.Latin1(magic), .. Legacy(window: 1)[PyTorchConstants.LegacyMagic.Length..]];
        using TorchFile folder = TorchFile.Create();
        ModelArtifact artifact = folder.Write(file);
        using ModelContainer container = Format.Open(artifact);

        using TensorData data = container.Read(container.Tensors[0]);

        Assert.Equal([2, 3], PyTorchFormatTests.Floats(data));
        Assert.Equal(1, Format.Probe(artifact, new ProbeBytes(file, [])).Score);
    }

    [Fact]
    public void Open_BytesBehindTheStorages_WarnsOnly()
    {
        using TorchFile folder = TorchFile.Create();
        using ModelContainer container = Format.Open(folder.Write([.. Legacy(window: 1), 1, 2, 3]));

        Diagnostic finding = Assert.Single(container.Check());
        Assert.Equal(("LT1215", Severity.Medium), (finding.Code, finding.Severity));
    }

    [Theory]
    [InlineData("window outside", 3, 4, 0, "LT1222", "window")]
    [InlineData("other count", 1, 5, 0, "LT1222", "5 elements")]
    [InlineData("cut", 1, 4, 4, "LT1214", "198 bytes of 202")]
    public void Open_Damaged_SaysWhere(string name, int window, long count, int cut, string code, string detail)
    {
        using TorchFile folder = TorchFile.Create();
        byte[] file = Legacy(window, count);
        ModelException error = Assert.Throws<ModelException>(() => Format.Open(folder.Write(file[..^cut])));

        Assert.True(error.Diagnostic.Code == code, $"{name}: {error.Message}");
        Assert.Contains(detail, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_WholeModule_NamesTheClass()
    {
        byte[] file =
        [
            .. Begin(),
            .. TorchFile.Pickle(p => p.Op(PickleOp.Mark).Text("module").Global("my.model", "Net").Text("net.py").Text("class Net: pass").Op(PickleOp.Tuple).Op(PickleOp.BinPersId)),
            .. TorchFile.Pickle(p => p.Op(PickleOp.EmptyList)),
        ];
        using TorchFile folder = TorchFile.Create();
        ModelException error = Assert.Throws<ModelException>(() => Format.Open(folder.Write(file)));

        Assert.Equal("LT1220", error.Diagnostic.Code);
        Assert.Contains("my.model.Net", error.Message, StringComparison.Ordinal);
    }

    /// <summary>Two floats through a window of a storage of four.</summary>
    private static byte[] Legacy(int window, long count = 4) =>
    [
        .. Begin(),
        .. TorchFile.Pickle(p =>
        {
            p.Op(PickleOp.EmptyDict).Text("w").Global("torch._utils", "_rebuild_tensor").Op(PickleOp.Mark);
            p.Op(PickleOp.Mark).Text("storage").Global("torch", "FloatStorage").Text("94").Text("cpu").Integer(4);
            p.Op(PickleOp.Mark).Text("95").Integer(window).Integer(2).Op(PickleOp.Tuple).Op(PickleOp.Tuple).Op(PickleOp.BinPersId);
            p.Integer(0).Integers([2]).Integers([1]).Op(PickleOp.Tuple).Op(PickleOp.Reduce).Op(PickleOp.SetItem);
        }),
        .. TorchFile.Pickle(p => p.Op(PickleOp.EmptyList).Text("94").Op(PickleOp.Append)),
        .. BitConverter.GetBytes(count),
        .. TorchFile.Four,
    ];

    private static byte[] Begin() =>
    [
        .. PyTorchConstants.LegacyMagic,
        .. TorchFile.Pickle(p => p.Integer(1001)),
        .. TorchFile.Pickle(p => p.Op(PickleOp.EmptyDict).Text("little_endian").Op(PickleOp.NewTrue).Op(PickleOp.SetItem)),
    ];
}
