using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using LlmToolkit.Formats.Foreign;
using LlmToolkit.Formats.PyTorch.Pickle;
using static LlmToolkit.Tests.PyTorch.TorchFile;

namespace LlmToolkit.Tests.PyTorch;

/// <summary>Pickles that name code are found wherever they hide, and nowhere else.</summary>
public class PickleScanTests
{
    /// <summary>What holds a payload, and where the finding says it lies.</summary>
    public static TheoryData<string, byte[], string> Hidden => new()
    {
        { "bare", HostileFileTests.Payload, "The pickle names posix.system (GLOBAL at offset 2)" },
        { "protocol 0", Latin1("cposix\nsystem\n(S'x'\ntR."), "posix.system" },
        { "protocol 0, broken behind the call", Latin1("cposix\nsystem\n(S'x'\ntR\xff\xfe"), "posix.system" },
        { "protocol 0, behind data", Latin1("I1\n0]p0\n0cposix\nsystem\n(S'x'\ntR."), "posix.system" },
        { "protocol 0, INST", Latin1("(S'x'\niposix\nsystem\n."), "posix.system" },
        { "zip without a folder", Archive(CompressionLevel.NoCompression, ("data.pkl", HostileFileTests.Payload)), "'data.pkl'" },
        { "packed zip, other name", Archive(CompressionLevel.Optimal, ("a.txt", "hello"u8.ToArray()), ("model.dat", HostileFileTests.Payload)), "'model.dat'" },
        { "zip in a zip", Archive(CompressionLevel.NoCompression, ("in.zip", Archive(CompressionLevel.Optimal, ("x/data.pkl", HostileFileTests.Payload)))), "'x/data.pkl'" },
        { "NumPy array of objects", Array("|O", HostileFileTests.Payload), "posix.system" },
        { "array of objects among others", Archive(CompressionLevel.NoCompression, ("a.npy", Array("<i8", new byte[8])), ("b.npy", Array("|O", HostileFileTests.Payload))), "'b.npy'" },
        { "gzip", Pack(s => new GZipStream(s, CompressionLevel.Optimal), HostileFileTests.Payload), "posix.system" },
        { "zlib, as joblib packs", Pack(s => new ZLibStream(s, CompressionLevel.Optimal), HostileFileTests.Payload), "posix.system" },
        { "tar, as the first torch", Tar(("storages", Latin1("\x80\x02K\0.")), ("pickle", HostileFileTests.Payload)), "'pickle'" },
        { "tar in gzip", Pack(s => new GZipStream(s, CompressionLevel.Optimal), Tar(("pickle", HostileFileTests.Payload))), "'pickle'" },
        { "TorchScript with a payload", Zip(GoodPickle, entries: [("constants.pkl", HostileFileTests.Payload)]), "constants.pkl" },
    };

    /// <summary>What holds none.</summary>
    public static TheoryData<string, byte[]> Harmless => new()
    {
        { "empty", [] },
        { "zeros", new byte[1000] },
        { "words", "cat\ndog\nemu\nfox\n"u8.ToArray() },
        { "words that read as a name and a STOP", "cat\nnap\nNN"u8.ToArray() },
        { "text with opcodes for letters", "Paris\nVienna\nIs there more?\n."u8.ToArray() },
        { "data alone", Latin1("\x80\x02}X\x01\0\0\0aK\x01s.") },
        { "array of numbers", Array("<i8", Latin1("\x80\x02}......")) },
        { "archive of texts", Archive(CompressionLevel.Optimal, ("a.txt", "cat\ndog\n"u8.ToArray())) },
        { "script of its own classes", Zip(Latin1("\x80\x02" + "c__torch__.net\nNet\n)\x81}b."), entries: [("constants.pkl", Latin1("\x80\x02)."))]) },
        { "cut gzip", Pack(s => new GZipStream(s, CompressionLevel.Optimal), new byte[100])[..15] },
    };

    [Theory, MemberData(nameof(Hidden))]
    public void HiddenCode_Payload_IsNamed(string name, byte[] file, string detail)
    {
        using TorchFile folder = Create();

        Diagnostic? found = ForeignFormats.HiddenCode(folder.Write(file, "some.file"));

        Assert.True(found is not null, name);
        Assert.Equal(("LT1220", Severity.Critical, FaultKind.Refused), (found.Code, found.Severity, found.Kind));
        Assert.Contains("posix.system", found.Message, StringComparison.Ordinal);
        Assert.Contains(detail, found.Message, StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Harmless))]
    public void HiddenCode_NoPayload_IsNull(string name, byte[] file)
    {
        using TorchFile folder = Create();

        Diagnostic? found = ForeignFormats.HiddenCode(folder.Write(file, "some.file"));

        Assert.True(found is null, $"{name}: {found?.Message}");
    }

    [Theory]
    [InlineData("cposix\nsystem\n(S'x'\ntR.", true)]
    [InlineData("(dp0\nS'a'\np1\nI1\ns.", true)]
    [InlineData("(lp0\nI1\naI2\naI3\naI4\naI5\naI6\naI7\naI8\na", true)]
    [InlineData("cat\ndog\nemu\n", false)]
    [InlineData("Version 3\n.", false)]
    [InlineData("", false)]
    [InlineData("{\"a\": 1}", false)]
    public void LooksLikeText_OpcodesAndWords_AreToldApart(string head, bool expected) => Assert.Equal(expected, PickleScan.LooksLikeText(Latin1(head)));

    [Fact]
    public void HiddenCode_BombsAndEndlessHeaders_EndSoon()
    {
        byte[] bomb = Pack(s => new GZipStream(s, CompressionLevel.Optimal), Latin1("\x80\x02" + string.Concat(Enumerable.Repeat("N0", 30_000_000))));
        byte[] headers = [.. Enumerable.Repeat<byte[]>([.. "PK\u0003\u0004"u8, .. new byte[26]], 200_000).SelectMany(h => h)];
        using TorchFile folder = Create();
        long start = Environment.TickCount64;

        Assert.Null(ForeignFormats.HiddenCode(folder.Write(bomb, "bomb")));
        Assert.Null(ForeignFormats.HiddenCode(folder.Write(headers, "headers")));

        Assert.InRange(Environment.TickCount64 - start, 0, 20_000);
    }

    private static byte[] Archive(CompressionLevel level, params (string Name, byte[] Content)[] entries)
    {
        using MemoryStream bytes = new();
        using (System.IO.Compression.ZipArchive zip = new(bytes, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach ((string name, byte[] content) in entries)
            {
                using Stream entry = zip.CreateEntry(name, level).Open();
                entry.Write(content);
            }
        }

        return bytes.ToArray();
    }

    private static byte[] Array(string type, byte[] content)
    {
        string header = $"{{'descr': '{type}', 'fortran_order': False, 'shape': (1,), }}".PadRight(117) + "\n";
        byte[] length = new byte[2];
        BinaryPrimitives.WriteUInt16LittleEndian(length, (ushort)header.Length);
        return [0x93, .. "NUMPY"u8, 1, 0, .. length, .. Encoding.ASCII.GetBytes(header), .. content];
    }

    private static byte[] Pack(Func<Stream, Stream> packer, byte[] content)
    {
        using MemoryStream packed = new();
        using (Stream stream = packer(packed))
        {
            stream.Write(content);
        }

        return packed.ToArray();
    }

    private static byte[] Tar(params (string Name, byte[] Content)[] members)
    {
        using MemoryStream bytes = new();
        foreach ((string name, byte[] content) in members)
        {
            byte[] head = new byte[512];
            Encoding.ASCII.GetBytes(name).CopyTo(head, 0);
            Encoding.ASCII.GetBytes(Convert.ToString(content.Length, 8).PadLeft(11, '0')).CopyTo(head, 124);
            "ustar"u8.CopyTo(head.AsSpan(257));
            bytes.Write(head);
            bytes.Write(content);
            bytes.Write(new byte[(512 - (content.Length % 512)) % 512]);
        }

        bytes.Write(new byte[1024]);
        return bytes.ToArray();
    }
}
