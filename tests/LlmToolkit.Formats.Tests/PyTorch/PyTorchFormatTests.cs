using System.Buffers.Binary;
using System.IO.Compression;
using System.Runtime.InteropServices;
using LlmToolkit.Formats.PyTorch;
using LlmToolkit.Formats.PyTorch.Pickle;
using LlmToolkit.Formats.PyTorch.Zip;

namespace LlmToolkit.Tests.PyTorch;

public class PyTorchFormatTests
{
    private static readonly PyTorchFormat Format = new();

    [Theory]
    [InlineData(CompressionLevel.NoCompression, false)]
    [InlineData(CompressionLevel.Optimal, true)]
    public void Read_StoredAndDeflated_GivesTheValues(CompressionLevel level, bool copied)
    {
        using TorchFile folder = TorchFile.Create();
        ModelArtifact file = folder.Write(TorchFile.Zip(TorchFile.GoodPickle, level, entries: [("data/0", TorchFile.Four)]));
        using ModelContainer container = Format.Open(file);
        TensorInfo tensor = Assert.Single(container.Tensors);

        using TensorData data = container.Read(tensor);

        Assert.Equal([1, 2, 3, 4], Floats(data));
        Assert.Equal(copied, data.Copied);
        Assert.Equal(!copied, tensor.InPlace);
        Assert.Equal(4, container.Info.Parameters);
    }

    [Fact]
    public void Read_AfterTheContainerIsDisposed_KeepsTheValues()
    {
        using TorchFile folder = TorchFile.Create();
        ModelContainer container = Format.Open(folder.Write(TorchFile.GoodZip));
        using TensorData data = container.Read(container.Tensors[0]);

        container.Dispose();

        Assert.Equal([1, 2, 3, 4], Floats(data));
        Assert.Throws<ObjectDisposedException>(() => container.Read(container.Tensors[0]));
    }

    [Fact]
    public void Read_BigEndian_SwapsEveryElement()
    {
        byte[] swapped = TorchFile.Four;
        MemoryMarshal.Cast<byte, uint>(swapped.AsSpan()).ToArray().Select(BinaryPrimitives.ReverseEndianness).SelectMany(BitConverter.GetBytes).ToArray().CopyTo(swapped, 0);
        using TorchFile folder = TorchFile.Create();
        using ModelContainer container = Format.Open(folder.Write(TorchFile.Zip(TorchFile.GoodPickle, entries: [("byteorder", "big"u8.ToArray()), ("data/0", swapped)])));

        using TensorData data = container.Read(container.Tensors[0]);

        Assert.Equal([1, 2, 3, 4], Floats(data));
        Assert.True(container.Tensors[0].BigEndian);
        Assert.Equal("big", container.Info.ByteOrder);
    }

    [Theory]
    [InlineData("transposed", 0, new long[] { 2, 2 }, new long[] { 1, 2 }, new float[] { 1, 3, 2, 4 })]
    [InlineData("second column", 1, new long[] { 2 }, new long[] { 2 }, new float[] { 2, 4 })]
    [InlineData("last row, in place", 2, new long[] { 1, 2 }, new long[] { 7, 1 }, new float[] { 3, 4 })]
    [InlineData("expanded", 3, new long[] { 3 }, new long[] { 0 }, new float[] { 4, 4, 4 })]
    [InlineData("scalar", 2, new long[0], new long[0], new float[] { 3 })]
    [InlineData("empty", 99, new long[] { 0, 5 }, new long[] { 5, 1 }, new float[0])]
    [InlineData("three dimensions", 0, new long[] { 2, 1, 2 }, new long[] { 1, 9, 2 }, new float[] { 1, 3, 2, 4 })]
    public void Read_View_IsGathered(string name, int offset, long[] shape, long[] strides, float[] expected)
    {
        byte[] pickle = TorchFile.Pickle(p => TorchFile.Tensor(p.Op(PickleOp.EmptyDict).Text(name), offset: offset, shape: shape, strides: strides).Op(PickleOp.SetItem));
        using TorchFile folder = TorchFile.Create();
        foreach (CompressionLevel level in (CompressionLevel[])[CompressionLevel.NoCompression, CompressionLevel.Optimal])
        {
            using ModelContainer container = Format.Open(folder.Write(TorchFile.Zip(pickle, level, entries: [("data/0", TorchFile.Four)])));
            using TensorData data = container.Read(container.Tensors[0]);

            Assert.Equal(expected, Floats(data));
            Assert.Equal(shape, container.Tensors[0].Shape.ToArray());
        }
    }

    [Fact]
    public void Open_WideSizesAndFolders_AreRead()
    {
        using TorchFile folder = TorchFile.Create();
        using ModelContainer container = Format.Open(folder.Write(WideZip()));

        using TensorData data = container.Read(Assert.Single(container.Tensors));

        Assert.Equal([1, 2, 3, 4], Floats(data));
        Assert.Empty(container.Check());
    }

    [Fact]
    public void Open_StorageLongerThanSaid_Warns()
    {
        using TorchFile folder = TorchFile.Create();
        using ModelContainer container = Format.Open(folder.Write(TorchFile.Zip(TorchFile.GoodPickle, entries: [("data/0", [.. TorchFile.Four, 0])])));

        Diagnostic finding = Assert.Single(container.Check());

        Assert.Equal(("LT1235", Severity.Low), (finding.Code, finding.Severity));
    }

    [Fact]
    public void OpenStateDict_NestedAndWrapped_GivesTheModelsOwnNames()
    {
        byte[] pickle = TorchFile.Pickle(p =>
        {
            p.Op(PickleOp.EmptyDict).Op(PickleOp.Mark).Text("epoch").Integer(3).Text("optimizer").Op(PickleOp.EmptyDict).Integer(0);
            TorchFile.Tensor(p).Op(PickleOp.SetItem).Text("model").Op(PickleOp.EmptyDict).Op(PickleOp.Mark).Text("module._orig_mod.lm_head.weight");
            TorchFile.Tensor(p).Text("module._orig_mod.model.norm.weight");
            TorchFile.Tensor(p, shape: [4], strides: [1]).Op(PickleOp.SetItems).Op(PickleOp.SetItems);
        });
        using TorchFile folder = TorchFile.Create();
        ModelArtifact file = folder.Write(TorchFile.Zip(pickle, entries: [("data/0", TorchFile.Four)]));

        using ModelContainer all = Format.Open(file);
        using ModelContainer weights = PyTorchContainer.OpenStateDict(file);

        Assert.Equal(["optimizer.0", "model.module._orig_mod.lm_head.weight", "model.module._orig_mod.model.norm.weight"], all.Tensors.Select(t => t.Name));
        Assert.Equal(["lm_head.weight", "model.norm.weight"], weights.Tensors.Select(t => t.Name));
        Assert.Equal(3, all.Metadata.Int64("epoch"));
        Assert.Equal(8, all.Info.Parameters);
        using TensorData data = weights.Read(weights.Tensors[1]);
        Assert.Equal([1, 2, 3, 4], Floats(data));
    }

    [Fact]
    public void Open_Float8WithoutStorageClass_ReadsTypeFromTheCall()
    {
        byte[] pickle = TorchFile.Pickle(p =>
        {
            p.Op(PickleOp.EmptyDict).Text("w").Global("torch._utils", "_rebuild_tensor_v3").Op(PickleOp.Mark);
            TorchFile.Storage(p, "UntypedStorage", "0", 16, "torch.storage").Integer(4).Integers([2, 2]).Integers([2, 1]).Op(PickleOp.NewFalse);
            p.Global("collections", "OrderedDict").Op(PickleOp.EmptyTuple).Op(PickleOp.Reduce).Global("torch", "uint16").Op(PickleOp.Tuple).Op(PickleOp.Reduce).Op(PickleOp.SetItem);
        });
        using TorchFile folder = TorchFile.Create();
        using ModelContainer container = Format.Open(folder.Write(TorchFile.Zip(pickle, entries: [("data/0", TorchFile.Four)])));

        using TensorData data = container.Read(container.Tensors[0]);

        Assert.Equal(DTypes.U16, container.Tensors[0].DType);
        Assert.Equal(TorchFile.Four[8..], data.Row(0).ToArray().Concat(data.Row(1).ToArray()));
    }

    [Theory]
    [InlineData("lacks a shard", "b.bin is gone", "LT1242")]
    [InlineData("tensor in no shard", "index names more", "LT1243")]
    [InlineData("tensor in both", "doubled", "LT1244")]
    [InlineData("path in the index", "path", "LT1506")]
    [InlineData("name twice in the index", "twice", "LT1521")]
    [InlineData("no map", "empty", "LT1240")]
    public void Open_BadShards_SaysWhichPart(string name, string fault, string code)
    {
        using TorchFile folder = TorchFile.Create();
        folder.Write(Shard("one"), "a.bin");
        if (fault != "b.bin is gone")
        {
            folder.Write(Shard(fault == "doubled" ? "one" : "two"), "b.bin");
        }

        string index = fault switch
        {
            "index names more" => """{"weight_map": {"one": "a.bin", "two": "b.bin", "three": "b.bin"}}""",
            "path" => """{"weight_map": {"one": "a.bin", "two": "../b.bin"}}""",
            "twice" => """{"weight_map": {"one": "a.bin", "one": "b.bin"}}""",
            "empty" => """{"weight_map": {}}""",
            _ => """{"weight_map": {"one": "a.bin", "two": "b.bin"}}""",
        };
        ModelArtifact artifact = folder.Write(TorchFile.Latin1(index), "pytorch_model.bin.index.json");

        ModelException error = Assert.Throws<ModelException>(() => Format.Open(artifact));

        Assert.True(error.Diagnostic.Code == code, $"{name}: {error.Message}");
        Assert.NotEmpty(error.Diagnostic.Fixes);
    }

    [Fact]
    public void Open_ForeignTensorInShard_LeavesItOutAndWarns()
    {
        using TorchFile folder = TorchFile.Create();
        folder.Write(Shard("one"), "a.bin");
        folder.Write(Shard("two", "stray"), "b.bin");
        using ModelContainer container = Format.Open(folder.Write(TorchFile.Latin1("""{"weight_map": {"one": "a.bin", "two": "b.bin"}}"""), "pytorch_model.bin.index.json"));

        Assert.Equal(["one", "two"], container.Tensors.Select(t => t.Name));
        Diagnostic finding = Assert.Single(container.Check());
        Assert.Contains("stray", finding.Message, StringComparison.Ordinal);
        Assert.Equal(Severity.Medium, finding.Severity);
    }

    [Fact]
    public void Describe_CutFile_GivesTheTensorsThatAreWhole()
    {
        byte[] whole = File.ReadAllBytes(Path.Combine(SharedData.Conformance("models", "llama-bin"), "pytorch_model.bin"));
        using TorchFile folder = TorchFile.Create();
        using ModelDescription description = Format.Describe(folder.Write(whole[..(whole.Length / 2)]));

        Assert.Null(description.Container);
        Assert.Contains(description.Findings, f => f.Code == "LT1207");
        Diagnostic missing = Assert.Single(description.Findings, f => f.Code == "LT1214");
        Assert.Contains("% present", missing.Message, StringComparison.Ordinal);
        using ModelContainer complete = Format.Open(ModelArtifact.FromPath(Path.Combine(SharedData.Conformance("models", "llama-bin"), "pytorch_model.bin")));
        int readable = 0;
        foreach (TensorInfo tensor in description.Tensors)
        {
            Assert.True(complete.TryFind(tensor.Name, out TensorInfo? original));
            Assert.Equal(original.Shape, tensor.Shape);
            using TensorData? read = description.TryRead(tensor);
            Assert.Equal(tensor.Offset < 0, read is null);
            if (read is not null)
            {
                using TensorData expected = complete.Read(original);
                Assert.Equal(PyTorchConformanceTests.Hash(expected), PyTorchConformanceTests.Hash(read));
                readable++;
            }
        }

        Assert.InRange(readable, 1, complete.Tensors.Count - 1);
        Assert.Equal(complete.Tensors.Count, description.Tensors.Count);
        Assert.Equal(complete.Info.Parameters, description.Info!.Parameters);
    }

    [Fact]
    public void Describe_HostileFile_ListsNamesAndTensors()
    {
        byte[] pickle = TorchFile.Pickle(p =>
        {
            TorchFile.Tensor(p.Op(PickleOp.EmptyDict).Text("w")).Op(PickleOp.SetItem).Text("x").Global("posix", "system").Op(PickleOp.Mark).Text("true").Op(PickleOp.Tuple).Op(PickleOp.Reduce).Op(PickleOp.SetItem);
        });
        using TorchFile folder = TorchFile.Create();
        using ModelDescription description = Format.Describe(folder.Write(TorchFile.Zip(pickle, entries: [("data/0", TorchFile.Four)])));

        Assert.Null(description.Container);
        Assert.Equal(["posix.system"], description.Opaque);
        Diagnostic finding = Assert.Single(description.Findings);
        Assert.Equal(("LT1220", Severity.Critical), (finding.Code, finding.Severity));
        using TensorData? data = description.TryRead(Assert.Single(description.Tensors));
        Assert.Equal([1, 2, 3, 4], Floats(data!));
    }

    /// <summary>Plain data that training states carry beside their tensors, as Python 2 and 3 write it; built or left inert, never an obstacle.</summary>
    [Theory]
    [InlineData("ccollections\ndefaultdict\nc__builtin__\nlist\n\x85R")]
    [InlineData("ccollections\ndefaultdict\nN\x85R")]
    [InlineData("ccollections\nCounter\n}X\x01\0\0\0aK\x01s\x85R")]
    [InlineData("c__builtin__\nset\n]Na\x85R")]
    [InlineData("cbuiltins\nfrozenset\n]Na\x85R")]
    [InlineData("c__builtin__\nslice\nK\x01K\x02N\x87R")]
    [InlineData("c__builtin__\nxrange\nK\0K\x03K\x01\x87R")]
    [InlineData("c__builtin__\ncomplex\nG\0\0\0\0\0\0\0\0G\0\0\0\0\0\0\0\0\x86R")]
    [InlineData("c__builtin__\nbytearray\nX\x03\0\0\0xyzX\x07\0\0\0latin-1\x86R")]
    [InlineData("c_codecs\nencode\nX\x01\0\0\0aX\x06\0\0\0latin1\x86R")]
    [InlineData("cargparse\nNamespace\n)\x81}X\x02\0\0\0lrK\x01sb")]
    [InlineData("ctorch\nSize\nK\x01K\x02\x86\x85R")]
    [InlineData("ctorch\ndevice\nX\x04\0\0\0cudaK\0\x86R")]
    [InlineData("ctorch\nfloat16\n")]
    [InlineData("ctorch.serialization\n_get_layout\nX\x0d\0\0\0torch.strided\x85R")]
    [InlineData("cnumpy.core.multiarray\nscalar\ncnumpy\ndtype\nX\x02\0\0\0f8K\0K\x01\x87R(K\x03X\x01\0\0\0<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tbU\x08\0\0\0\0\0\0\0\0\x86R")]
    [InlineData("cdatetime\ndatetime\nU\x0a\x07\xe4\x01\x01\0\0\0\0\0\0\x85R")]
    [InlineData("cpathlib\nPosixPath\nX\x01\0\0\0a\x85R")]
    [InlineData("comegaconf.dictconfig\nDictConfig\n)\x81}b")]
    [InlineData("cpytorch_lightning.callbacks.model_checkpoint\nModelCheckpoint\n")]
    [InlineData("\x8a\x0d\0\0\0\0\0\0\0\0\0\0\0\0\x10")]
    public void Open_PlainDataBesideTensors_IsNoObstacle(string value)
    {
        byte[] good = TorchFile.GoodPickle;
        byte[] pickle = [.. good[..^1], .. TorchFile.Latin1("X\x05\0\0\0extra" + value + "s.")];
        using TorchFile folder = TorchFile.Create();

        using ModelDescription description = Format.Describe(folder.Write(TorchFile.Zip(pickle, entries: [("data/0", TorchFile.Four)])));

        Assert.True(description.Container is not null, string.Join('\n', description.Findings.Select(f => f.Message)));
        Assert.Equal("w", Assert.Single(description.Tensors).Name);
        Assert.Contains("torch._utils._rebuild_tensor_v2", description.Imports);
    }

    [Fact]
    public void Open_KeysThatAreTuplesOrClasses_AreNamedAsPythonShowsThem()
    {
        byte[] pickle = TorchFile.Pickle(p =>
        {
            TorchFile.Tensor(p.Op(PickleOp.EmptyDict).Op(PickleOp.Mark).Text("a").Integer(1).Op(PickleOp.Tuple)).Op(PickleOp.SetItem);
            TorchFile.Tensor(p.Global("torch", "float16")).Op(PickleOp.SetItem);
        });
        using TorchFile folder = TorchFile.Create();
        using ModelContainer container = Format.Open(folder.Write(TorchFile.Zip(pickle, entries: [("data/0", TorchFile.Four)])));

        Assert.Equal(["('a', 1)", "torch.float16"], container.Tensors.Select(t => t.Name));
    }

    [Fact]
    public void Describe_TextOf100MillionBytes_IsRefusedBeforeItIsDecoded()
    {
        byte[] pickle = [.. TorchFile.Latin1("\x80\x02X"), .. BitConverter.GetBytes(100_000_000), .. new byte[100_000_000], (byte)'.'];
        using TorchFile folder = TorchFile.Create();
        ModelArtifact artifact = folder.Write(TorchFile.Zip(pickle));
        long before = GC.GetAllocatedBytesForCurrentThread();
        using ModelDescription description = Format.Describe(artifact);

        Assert.Contains(description.Findings, f => f.Code == "LT1223");
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 32 << 20);
    }

    [Fact]
    public void Probe_Files_AreToldApart()
    {
        using TorchFile folder = TorchFile.Create();
        byte[] script = TorchFile.Zip(TorchFile.GoodPickle, entries: [("constants.pkl", [0x80, 2, (byte)')', (byte)'.']), ("code/m.py", [])]);

        Assert.Equal(1, Probe(folder.Write(TorchFile.GoodZip)).Score);
        Assert.Equal("torchscript", Probe(folder.Write(script)).Recognised);
        Assert.InRange(Probe(folder.Write(TorchFile.GoodZip[..200])).Score, 0.5, 0.9);
        Assert.InRange(Probe(folder.Write([0x80, 4, (byte)'N', (byte)'.'])).Score, 0.5, 0.9);
        Assert.InRange(Probe(folder.Write(TorchFile.Latin1("cposix\nsystem\n(S'x'\ntR."))).Score, 0.1, 0.5);
        Assert.Equal(0, Probe(folder.Write(TorchFile.Latin1("call me\nIshmael\n"))).Score);
        Assert.Equal(0, Probe(folder.Write("GGUF\u0003\0\0\0"u8.ToArray())).Score);
    }

    /// <summary>Sizes and offsets in zip64 fields, and entries of folders, as other archivers write them.</summary>
    private static byte[] WideZip()
    {
        List<byte> file = [];
        List<byte> directory = [];
        (string, byte[])[] entries = [("m/", []), ("m/data.pkl", TorchFile.GoodPickle), ("m/data/", []), ("m/data/0", TorchFile.Four)];
        foreach ((string name, byte[] content) in entries)
        {
            long header = file.Count;
            byte[] sums = [.. BitConverter.GetBytes(Crc32.Append(0, content)), 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF];
            byte[] sizes = [.. BitConverter.GetBytes((long)content.Length), .. BitConverter.GetBytes((long)content.Length)];
            byte[] common = [45, 0, 0, 0, 0, 0, 0, 0, 0, 0, .. sums, (byte)name.Length, 0];
            file.AddRange([.. "PK\u0003\u0004"u8, .. common, 20, 0, .. TorchFile.Latin1(name), 1, 0, 16, 0, .. sizes, .. content]);
            directory.AddRange([.. "PK\u0001\u0002"u8, 45, 0, .. common, 28, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, .. TorchFile.Latin1(name), 1, 0, 24, 0, .. sizes, .. BitConverter.GetBytes(header)]);
        }

        return [.. file, .. directory, .. "PK\u0005\u0006"u8, 0, 0, 0, 0, 4, 0, 4, 0, .. BitConverter.GetBytes(directory.Count), .. BitConverter.GetBytes(file.Count), 0, 0];
    }

    private static FormatMatch Probe(ModelArtifact artifact)
    {
        byte[] bytes = File.ReadAllBytes(artifact.Path);
        return Format.Probe(artifact, new ProbeBytes(bytes.AsSpan(0, Math.Min(bytes.Length, 4096)), bytes.AsSpan(Math.Max(0, bytes.Length - 65536))));
    }

    private static byte[] Shard(params string[] names) => TorchFile.Zip(
        TorchFile.Pickle(p =>
        {
            p.Op(PickleOp.EmptyDict).Op(PickleOp.Mark);
            foreach (string name in names)
            {
                TorchFile.Tensor(p.Text(name));
            }

            p.Op(PickleOp.SetItems);
        }),
        entries: [("data/0", TorchFile.Four)]);

    internal static float[] Floats(TensorData data)
    {
        List<float> values = [];
        for (long row = 0; row < data.Rows; row++)
        {
            values.AddRange(MemoryMarshal.Cast<byte, float>(data.Row(row)));
        }

        return [.. values];
    }
}
