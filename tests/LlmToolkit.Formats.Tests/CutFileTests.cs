using System.Globalization;
using System.Text;
using LlmToolkit.Formats.PyTorch;
using LlmToolkit.Formats.PyTorch.Pickle;
using LlmToolkit.Formats.Tests.Gguf;
using LlmToolkit.Formats.Tests.Shared;
using LlmToolkit.Tests.PyTorch;

namespace LlmToolkit.Formats.Tests;

/// <summary>Of a file that is cut anywhere, everything that its bytes still tell is told, nothing else, and how much is missing.</summary>
public sealed class CutFileTests : IDisposable
{
    private const int Tensors = 20;
    private const int Elements = 128;

    private readonly TemporaryFolder _folder = new();

    public static IEnumerable<TheoryDataRow<string, string, int>> Cuts =>
        from container in (string[])["gguf", "safetensors", "pytorch", "pytorch-legacy"]
        from part in (string[])["header", "data"]
        from percent in (int[])[10, 50, 90]
        select new TheoryDataRow<string, string, int>(container, part, percent);

    [Theory, MemberData(nameof(Cuts))]
    public void Describe_CutFile_TellsWhatIsThere(string container, string part, int percent)
    {
        (string format, string name, byte[] whole, int header) = Make(container);
        int length = part == "header" ? header * percent / 100 : header + ((whole.Length - header) * percent / 100);
        using ModelDescription complete = Describe(format, "whole-" + name, whole);
        Assert.NotNull(complete.Container);

        using ModelDescription cut = Describe(format, name, whole[..length]);

        Assert.Null(cut.Container);
        Assert.Equal((format, length), (cut.Info?.Format, cut.Info?.FileBytes ?? 0));
        Assert.Contains(cut.Findings, f => f.Severity >= Severity.High && f.Kind == FaultKind.Refused);
        Assert.All(cut.Findings, f => Assert.Contains(f.Code[..4], (string[])["LT10", "LT11", "LT12"]));
        List<TensorInfo> expected = [.. complete.Tensors.Take(cut.Tensors.Count)];
        Assert.Equal(expected.Select(t => (t.Name, t.DType, t.Shape, t.Bytes)), cut.Tensors.Select(t => (t.Name, t.DType, t.Shape, t.Bytes)));
        foreach ((TensorInfo known, TensorInfo original) in cut.Tensors.Zip(complete.Tensors))
        {
            using TensorData? values = cut.TryRead(known);
            Assert.Equal(original.Offset + original.Bytes <= length && known.Offset >= 0, values is not null);
            if (values is not null)
            {
                using TensorData right = complete.TryRead(original)!;
                Assert.Equal(PyTorchConformanceTests.Hash(right), PyTorchConformanceTests.Hash(values));
            }
        }

        if (part == "header")
        {
            Assert.Null(cut.Info!.Parameters);
            return;
        }

        Assert.Equal(Tensors, cut.Tensors.Count);
        Assert.Equal(Tensors * Elements, cut.Info!.Parameters);
        int readable = cut.Tensors.Count(t => cut.TryRead(t) is { } read && Release(read));
        Assert.InRange(readable, 1, Tensors);
        Assert.True(readable == Tensors || cut.Findings.Any(f => f.Message.Contains("% present", StringComparison.Ordinal) && f.Message.Contains(length.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("gguf")]
    [InlineData("safetensors")]
    [InlineData("pytorch")]
    [InlineData("pytorch-legacy")]
    public void Describe_EveryCut_ThrowsNothingElse(string container)
    {
        (string format, string name, byte[] whole, int _) = Make(container);
        int known = 0;
        for (int length = 0; length < whole.Length; length += length < 256 ? 1 : 97)
        {
            try
            {
                using ModelDescription cut = Describe(format, name, whole[..length]);
                Assert.Null(cut.Container);
                Assert.True(cut.Tensors.Count >= known || container == "pytorch-legacy", $"{length} bytes tell {cut.Tensors.Count} tensors, fewer bytes told {known}");
                known = cut.Tensors.Count;
            }
            catch (ModelException)
            {
                Assert.True(length < 64, $"nothing was told of {length} bytes");
            }
        }

        Assert.Equal(Tensors, known);
    }

    [Fact]
    public void Describe_GgufOfSixBytes_LeavesOutWhatIsNotThere()
    {
        using ModelDescription cut = Describe("gguf", "model.gguf", GgufFile.Sound().Build()[..6]);

        Assert.NotNull(cut.Info);
        Assert.Equal(("gguf", null, null, null), (cut.Info.Format, cut.Info.Version, cut.Info.ByteOrder, cut.Info.Parameters));
        Assert.Equal(6, cut.Info.FileBytes);
    }

    public void Dispose() => _folder.Dispose();

    private static bool Release(TensorData data)
    {
        data.Dispose();
        return true;
    }

    private ModelDescription Describe(string format, string name, byte[] bytes) => DefaultFormats.All.Single(f => f.Name == format).Describe(_folder.ArtifactOf(name, bytes));

    private static (string Format, string Name, byte[] Bytes, int Header) Make(string container) => container switch
    {
        "gguf" => Gguf(),
        "safetensors" => Safetensors(),
        "pytorch" => Torch(),
        _ => Legacy(),
    };

    private static string Name(int i) => $"model.layers.{i:D2}.weight";

    private static (string, string, byte[], int) Gguf()
    {
        GgufFile file = new GgufFile().Key("general.architecture", "llama").Key("general.name", "cut").Key("llama.block_count", 2);
        for (int i = 0; i < Tensors; i++)
        {
            file.Tensor(Name(i), [16, 8], 0, Elements * 4);
        }

        byte[] bytes = file.Build();
        return ("gguf", "model.gguf", bytes, bytes.Length - (Tensors * Elements * 4));
    }

    private static (string, string, byte[], int) Safetensors()
    {
        string members = string.Join(',', Enumerable.Range(0, Tensors).Select(i => $"\"{Name(i)}\":{{\"dtype\":\"F32\",\"shape\":[8,16],\"data_offsets\":[{i * 512},{(i + 1) * 512}]}}"));
        byte[] header = Encoding.UTF8.GetBytes($"{{\"__metadata__\":{{\"format\":\"pt\"}},{members}}}");
        return ("safetensors", "model.safetensors", [.. BitConverter.GetBytes((ulong)header.Length), .. header, .. Values(Tensors * Elements * 4)], 8 + header.Length);
    }

    private static (string, string, byte[], int) Torch()
    {
        List<TensorData> tensors = [];
        for (int i = 0; i < Tensors; i++)
        {
            NativeBuffer buffer = new(Elements * 4);
            Values(Elements * 4).CopyTo(buffer.Span(0, Elements * 4));
            buffer.Span(0, 1)[0] = (byte)i;
            tensors.Add(new TensorData(new TensorInfo { Name = Name(i), DType = DTypes.F32, Shape = [8, 16], File = new ArtifactFile("memory", 512), Offset = 0, Bytes = 512 }, buffer.Address, buffer));
            buffer.Release();
        }

        using MemoryStream stream = new();
        PyTorchWriter.Write(stream, tensors);
        tensors.ForEach(t => t.Dispose());
        byte[] bytes = stream.ToArray();
        return ("pytorch", "model.pt", bytes, bytes.AsSpan(4).IndexOf("PK\u0003\u0004"u8) + 4);
    }

    private static (string, string, byte[], int) Legacy()
    {
        byte[] root = TorchFile.Pickle(p =>
        {
            p.Op(PickleOp.EmptyDict);
            for (int i = 0; i < Tensors; i++)
            {
                p.Text(Name(i)).Global("torch._utils", "_rebuild_tensor").Op(PickleOp.Mark);
                p.Op(PickleOp.Mark).Text("storage").Global("torch", "FloatStorage").Text($"{i}").Text("cpu").Integer(Elements).Op(PickleOp.None).Op(PickleOp.Tuple).Op(PickleOp.BinPersId);
                p.Integer(0).Integers([8, 16]).Integers([16, 1]).Op(PickleOp.Tuple).Op(PickleOp.Reduce).Op(PickleOp.SetItem);
            }
        });
        byte[] keys = TorchFile.Pickle(p =>
        {
            p.Op(PickleOp.EmptyList);
            for (int i = 0; i < Tensors; i++)
            {
                p.Text($"{i}").Op(PickleOp.Append);
            }
        });
        byte[] head =
        [
            .. PyTorchConstants.LegacyMagic,
            .. TorchFile.Pickle(p => p.Integer(1001)),
            .. TorchFile.Pickle(p => p.Op(PickleOp.EmptyDict).Text("little_endian").Op(PickleOp.NewTrue).Op(PickleOp.SetItem)),
            .. root,
        ];
        byte[] storages = [.. Enumerable.Range(0, Tensors).SelectMany(_ => (byte[])[.. BitConverter.GetBytes((long)Elements), .. Values(Elements * 4)])];
        return ("pytorch", "model.pth", [.. head, .. keys, .. storages], head.Length);
    }

    private static byte[] Values(int count)
    {
        byte[] bytes = new byte[count];
        for (int i = 0; i < count; i++)
        {
            bytes[i] = (byte)(i % 61);
        }

        return bytes;
    }
}
