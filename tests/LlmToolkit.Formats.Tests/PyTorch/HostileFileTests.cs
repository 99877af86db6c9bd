using System.IO.Compression;
using LlmToolkit.Formats.PyTorch;
using LlmToolkit.Formats.PyTorch.Pickle;
using static LlmToolkit.Tests.PyTorch.TorchFile;

namespace LlmToolkit.Tests.PyTorch;

/// <summary>For every refusal, the bytes that cause it.</summary>
public class HostileFileTests
{
    private static readonly PyTorchFormat Format = new();

    /// <summary>A pickle inside an otherwise good archive: name, opcodes, code, a part of the message.</summary>
    public static TheoryData<string, byte[], string, string> Pickles => new()
    {
        { "GLOBAL posix.system", Latin1("\x80\x02" + "cposix\nsystem\nX\x01\0\0\0a\x85R."), "LT1220", "posix.system" },
        { "GLOBAL, never called", Latin1("\x80\x02}cos\nsystem\n0."), "LT1220", "os.system" },
        { "STACK_GLOBAL", Latin1("\x80\x04\x8c\x08" + "builtins\x8c\x04" + "eval\x93."), "LT1220", "builtins.eval" },
        { "STACK_GLOBAL through the memo", Latin1("\x80\x04\x8c\x02os\x94\x8c\x06system\x94" + "00h\0h\x01\x93."), "LT1220", "os.system" },
        { "STACK_GLOBAL with old strings", Latin1("\x80\x04U\x02osS'system'\n\x93."), "LT1220", "os.system" },
        { "name with dots in a listed module", Latin1("\x80\x04\x8c\x07pathlib\x8c\x09os.system\x93."), "LT1220", "pathlib.os.system" },
        { "listed module, other name", Latin1("\x80\x02" + "ccollections\nnamedtuple\n."), "LT1220", "collections.namedtuple" },
        { "inert module, nested name", Latin1("\x80\x02" + "ctransformers.training_args\nos.system\n."), "LT1220", "os.system" },
        { "torch.storage._load_from_bytes", Latin1("\x80\x02" + "ctorch.storage\n_load_from_bytes\n."), "LT1220", "torch.storage._load_from_bytes" },
        { "Python 2's name of builtins", Latin1("\x80\x02" + "c__builtin__\neval\n."), "LT1220", "__builtin__.eval" },
        { "INST", Latin1("\x80\x02(S'x'\niposix\nsystem\n."), "LT1220", "posix.system" },
        { "INST of a listed global", Latin1("\x80\x02(icollections\nOrderedDict\n."), "LT1221", "INST" },
        { "OBJ", Latin1("\x80\x02(ccollections\nOrderedDict\no."), "LT1221", "OBJ on collections.OrderedDict" },
        { "OBJ, then POP", Latin1("\x80\x02}(ccollections\nOrderedDict\no0."), "LT1221", "OBJ" },
        { "NEWOBJ_EX", Latin1("\x80\x04" + "ccollections\nOrderedDict\n)}\x92."), "LT1221", "NEWOBJ_EX" },
        { "EXT1", Latin1("\x80\x02\x82\x01."), "LT1221", "EXT1" },
        { "PERSID", Latin1("\x80\x02Pabc\n."), "LT1221", "PERSID" },
        { "NEXT_BUFFER", Latin1("\x80\x05\x97."), "LT1221", "NEXT_BUFFER" },
        { "payload, then garbage", Latin1("\x80\x02" + "cos\nsystem\n\xfe\xfe"), "LT1220", "os.system" },
        { "control characters in a name", Latin1("\x80\x02" + "cos\x1b[31m\nsystem\n."), "LT1220", "os\\u001b[31m.system" },
        { "STACK_GLOBAL of a computed name", Latin1("\x80\x04\x8c\x02os" + "c_codecs\nencode\n\x8c\x06system\x8c\x06latin1\x86R\x93."), "LT1221", "STACK_GLOBAL" },
        { "STACK_GLOBAL of bytes", Latin1("\x80\x04" + "C\x02osC\x06system\x93."), "LT1221", "STACK_GLOBAL" },
        { "NEWOBJ of what is not listed", Latin1("\x80\x02" + "csubprocess\nPopen\nX\x01\0\0\0a\x85\x81."), "LT1220", "subprocess.Popen (GLOBAL at offset 2)" },
        { "OBJ of what is not listed", Latin1("\x80\x02(cposix\nsystem\nX\x01\0\0\0ao."), "LT1220", "posix.system (GLOBAL at offset 3)" },
        { "BUILD on a class", Latin1("\x80\x02" + "ctypes\nFunctionType\n}b."), "LT1220", "types.FunctionType" },
        { "BUILD that patches a listed class", Latin1("\x80\x02" + "ctorch\nTensor\n}X\x0c\0\0\0__setstate__cos\nsystem\nsb."), "LT1220", "os.system" },
        { "call, then DUP and POP", Latin1("\x80\x02" + "cos\nsystem\nX\x01\0\0\0a\x85R20" + "0}."), "LT1220", "os.system" },
        { "memo overwritten", Latin1("\x80\x04\x8c\x0b" + "collectionsq\0" + "0\x8c\x02osq\0" + "0h\0\x8c\x06system\x93."), "LT1220", "os.system" },
        { "pickle in bytes, loaded", Latin1("\x80\x04" + "c_pickle\nloads\nC\x12" + "cos\nsystem\n(S'x'\ntR" + "\x85R."), "LT1220", "_pickle.loads" },
        { "defaultdict with a factory", Latin1("\x80\x02" + "ccollections\ndefaultdict\ncos\ngetpid\n\x85R."), "LT1220", "os.getpid" },
        { "defaultdict of a number", Latin1("\x80\x02" + "ccollections\ndefaultdict\nK\x01\x85R."), "LT1222", "collections.defaultdict" },
        { "function of an inert module", Latin1("\x80\x02" + "ctransformers.trainer_utils\nget_last_checkpoint\n."), "LT1220", "get_last_checkpoint" },
        { "module that begins like an inert one", Latin1("\x80\x02" + "comegaconf.dictconfig2\nDictConfig\n."), "LT1220", "omegaconf.dictconfig2.DictConfig" },
        { "EXT2", Latin1("\x80\x02\x83\x01\0."), "LT1221", "EXT2" },
        { "EXT4", Latin1("\x80\x02\x84\x01\0\0\0."), "LT1221", "EXT4" },
        { "READONLY_BUFFER", Latin1("\x80\x05\x98."), "LT1221", "READONLY_BUFFER" },
        { "no STOP", Latin1("\x80\x02N"), "LT1206", "an opcode" },
        { "bytes behind STOP", Latin1("\x80\x02N.N"), "LT1222", "1 bytes follow" },
        { "protocol 9", Latin1("\x80\x09N."), "LT1222", "protocol 9" },
        { "unknown opcode", Latin1("\x80\x02\xfe."), "LT1222", "0xFE" },
        { "empty stack", Latin1("\x80\x02" + "0."), "LT1222", "stack is empty" },
        { "value below a mark", Latin1("\x80\x02N(a."), "LT1222", "below a mark" },
        { "no mark", Latin1("\x80\x02t."), "LT1222", "mark is missing" },
        { "memo never set", Latin1("\x80\x02h\x07."), "LT1222", "memo 7" },
        { "memo index over the limit", Latin1("\x80\x02Nr\xff\xff\xff\x7f."), "LT1223", "memo index" },
        { "memo index as long text", Latin1("\x80\x02Np99999999999999999999\n."), "LT1222", "memo index" },
        { "string over the end", Latin1("\x80\x02X\xff\xff\xff\xff" + "a."), "LT1206", "4294967295 bytes" },
        { "string of 2^64 bytes", Latin1("\x80\x04\x8d\xff\xff\xff\xff\xff\xff\xff\xff" + "a."), "LT1206", "a string" },
        { "int of 2 GiB", Latin1("\x80\x02\x8b\xff\xff\xff\x7f" + "a."), "LT1223", "length of an int" },
        { "int of negative length", Latin1("\x80\x02\x8b\xff\xff\xff\xff" + "a."), "LT1222", "-1" },
        { "int of 100,000 digits", Latin1("I" + new string('9', 100_000) + "\n."), "LT1223", "digits" },
        { "frame over the end", Latin1("\x80\x04\x95\xff\0\0\0\0\0\0\0N."), "LT1206", "a frame" },
        { "frame that ends inside a string", Latin1("\x80\x04\x95\x04\0\0\0\0\0\0\0X\x04\0\0\0abcd."), "LT1222", "end of its frame" },
        { "frame inside a frame", Latin1("\x80\x04\x95\x0b\0\0\0\0\0\0\0\x95\0\0\0\0\0\0\0\0NN."), "LT1222", "inside a frame" },
        { "line without end", Latin1("S'abc"), "LT1206", "line feed" },
        { "name that is not UTF-8", Latin1("c\xff\xfe\n\xff\n."), "LT1222", "UTF-8" },
        { "bad escape", Latin1("V\\ud8\n."), "LT1222", "escape" },
        { "key that is a list", Latin1("\x80\x02}]Ns."), "LT1222", "hashed" },
        { "key without value", Latin1("\x80\x02}(NNNu."), "LT1222", "without a value" },
        { "append to a dict", Latin1("\x80\x02}Na."), "LT1222", "no list" },
        { "BUILD on an int", Latin1("\x80\x02K\x01}b."), "LT1222", "no state" },
        { "REDUCE on an int", Latin1("\x80\x02K\x01)R."), "LT1222", "no global" },
        { "OrderedDict of ints", Latin1("\x80\x02" + "ccollections\nOrderedDict\n]K\x01" + "a\x85R."), "LT1222", "list of pairs" },
        { "persistent id of text", Latin1("\x80\x02X\x01\0\0\0aQ."), "LT1222", "no tuple" },
        { "persistent id of another kind", Latin1("\x80\x02X\x01\0\0\0a\x85Q."), "LT1222", "persistent id" },
        { "rebuild of nothing", Latin1("\x80\x02" + "ctorch._utils\n_rebuild_tensor_v2\nK\x01\x85R."), "LT1222", "_rebuild_tensor_v2" },
        { "item set in a tensor", Pickle(p => Tensor(p).Text("k").Text("v").Op(PickleOp.SetItem)), "LT1222", "no dict" },
        { "unknown storage class", Pickle(p => Tensor(p, "EvilStorage")), "LT1220", "torch.EvilStorage" },
        { "no tensor", Latin1("\x80\x02}."), "LT1232", "a dict of 0" },
        { "storage of a negative count", Pickle(p => Tensor(p, count: -4)), "LT1222", "-4 elements" },
        { "storage longer than its entry", Pickle(p => Tensor(p, count: 5)), "LT1231", "'0' has 16" },
        { "storage of 2^62 elements", Pickle(p => Tensor(p, count: 1L << 62)), "LT1222", "4611686018427387904" },
        { "storage that is missing", Pickle(p => Tensor(p, key: "77")), "LT1231", "'77'" },
        { "storage key as a path", Pickle(p => Tensor(p, key: "../../x")), "LT1231", "not in the file" },
        { "device meta", Pickle(p => Tensor(p, location: "meta")), "LT1230", "meta" },
        { "quantized storage", Pickle(p => Tensor(p, "QInt8Storage")), "LT1230", "QInt8Storage" },
        { "offset behind the storage", Pickle(p => Tensor(p, offset: 1)), "LT1231", "needs 20 bytes" },
        { "negative offset", Pickle(p => Tensor(p, offset: -1)), "LT1231", "offset -1" },
        { "shape too large", Pickle(p => Tensor(p, shape: [1000, 1000], strides: [1000, 1])), "LT1231", "needs 4000000 bytes" },
        { "negative size", Pickle(p => Tensor(p, shape: [-2, 2])), "LT1231", "size -2" },
        { "sizes that overflow", Pickle(p => Tensor(p, shape: [1L << 32, 1L << 32], strides: [1, 1])), "LT1231", "63 bits" },
        { "stride that overflows", Pickle(p => Tensor(p, strides: [long.MaxValue, 1])), "LT1231", "needs" },
        { "negative stride", Pickle(p => Tensor(p, strides: [-2, 1])), "LT1231", "stride -2" },
        { "sizes and strides of other rank", Pickle(p => Tensor(p, strides: [1])), "LT1231", "2 sizes and 1 strides" },
        { "stride 0 over 2^40", Pickle(p => Tensor(p, shape: [1L << 40], strides: [0])), "LT1231", "repeats" },
    };

    /// <summary>Bytes that are wrong outside the pickle.</summary>
    public static TheoryData<string, byte[], string, string> Archives => new()
    {
        { "empty file", [], "LT1503", "0 bytes" },
        { "noise", [1, 2, 3, 4, 0xFF], "LT1201", "01 02 03 04" },
        { "web page", Latin1("<!DOCTYPE html><html>"), "LT1404", "web page" },
        { "bare pickle", Latin1("\x80\x02N."), "LT1202", "bare pickle" },
        { "bare pickle with a payload", Latin1("cposix\nsystem\n(S'x'\ntR."), "LT1220", "posix.system" },
        { "cut", GoodZip[..^40], "LT1207", "end record" },
        { "bytes before the archive", [0x50, 0x4B, 3, 4, .. GoodZip], "LT1208", "malformed" },
        { "bytes behind the archive", [.. GoodZip, 0], "LT1207", "end record" },
        { "encrypted", Flag(GoodZip, 0x01), "LT1209", "encrypted" },
        { "other flags", Flag(GoodZip, 0x20), "LT1209", "0x0020" },
        { "other name in the local header", Replace(GoodZip, "some model/data.pkl", "some model/data.pkX"), "LT1208", "another name" },
        { "damaged pickle", Replace(GoodZip, "cpu", "gpu"), "LT1211", "CRC-32" },
        { "two of one name", Zip(GoodPickle, entries: [("data/0", Four), ("data/0", Four)]), "LT1208", "occurs twice" },
        { "name that leaves the folder", Zip(GoodPickle, entries: [("../../x", Four), ("data/0", Four)]), "LT1208", "leave its folder" },
        { "name with backslashes", Zip(GoodPickle, entries: [("a\\b", Four)]), "LT1208", "leave its folder" },
        { "bomb", Zip(new byte[64 << 20], CompressionLevel.Optimal), "LT1210", "67108864" },
        { "no pickle", Replace(GoodZip, "some model/data.pkl", "some model/date.pkl", all: true), "LT1205", "data.pkl" },
        { "TorchScript", Zip(GoodPickle, entries: [("constants.pkl", Four)]), "LT1204", "TorchScript" },
        { "version 99", Zip(GoodPickle, entries: [("data/0", Four), ("version", "99\n"u8.ToArray())]), "LT1213", "99" },
        { "byte order of neither kind", Zip(GoodPickle, entries: [("data/0", Four), ("byteorder", "middle"u8.ToArray())]), "LT1208", "middle" },
        { "payload in another entry", Zip(GoodPickle, entries: [("data/0", Four), ("other.pkl", Payload)]), "LT1220", "in 'some model/other.pkl' names posix.system" },
        { "payload in another entry, packed", Zip(GoodPickle, CompressionLevel.Optimal, entries: [("data/0", Four), ("x/y.bin", Payload)]), "LT1220", "in 'some model/x/y.bin' names posix.system" },
        { "payload as a storage", Zip(GoodPickle, entries: [("data/0", Four), ("data/1", Payload)]), "LT1220", "in 'some model/data/1' names posix.system" },
        { "payload without a folder", Zip(Payload, root: "."), "LT1220", "posix.system" },
        { "legacy, payload in the keys", [.. LegacyHead, .. Latin1("\x80\x02}."), .. Payload], "LT1220", "posix.system" },
        { "legacy, payload behind the end", [.. LegacyHead, .. GoodLegacy, .. Payload], "LT1220", "posix.system" },
        { "legacy, zip behind the end", [.. LegacyHead, .. GoodLegacy, .. GoodZip], "LT1215", "like a zip" },
        { "legacy of protocol 4, payload", [.. Latin1("\x80\x04\x95\x0d\0\0\0\0\0\0\0"), .. PyTorchConstants.LegacyMagic[2..], .. LegacyHead[PyTorchConstants.LegacyMagic.Length..], .. Payload], "LT1220", "posix.system" },
        { "two bare pickles, payload in the second", [.. Latin1("\x80\x02N."), .. Payload], "LT1220", "posix.system" },
        { "pickle of protocol 0 that begins with data", Latin1("(dp0\nS'a'\np1\ncposix\nsystem\np2\n(S'x'\np3\ntp4\nRp5\ns."), "LT1220", "posix.system" },
        { "legacy, cut behind the magic", [.. PyTorchConstants.LegacyMagic, .. Latin1("\x80\x02M\xe9\x03.")], "LT1206", "an opcode" },
        { "legacy, other protocol", [.. PyTorchConstants.LegacyMagic, .. Latin1("\x80\x02K\x01.")], "LT1213", "'1'" },
    };

    /// <summary>Would run <c>posix.system("x")</c>.</summary>
    internal static byte[] Payload => Latin1("\x80\x02" + "cposix\nsystem\nX\x01\0\0\0x\x85R.");

    /// <summary>The first three pickles of the older form.</summary>
    private static byte[] LegacyHead => [.. PyTorchConstants.LegacyMagic, .. Latin1("\x80\x02M\xe9\x03.\x80\x02}X\x0d\0\0\0little_endian\x88s.")];

    /// <summary>The rest of it: a tensor, its storage's key, and the storage.</summary>
    private static byte[] GoodLegacy => [.. GoodPickle, .. Latin1("\x80\x02]X\x01\0\0\0" + "0a."), .. BitConverter.GetBytes(4L), .. Four];

    [Theory, MemberData(nameof(Pickles))]
    public void Open_HostilePickle_IsRefused(string name, byte[] pickle, string code, string detail) =>
        Check(name, Zip(pickle, entries: [("data/0", Four)]), code, detail);

    [Theory, MemberData(nameof(Archives))]
    public void Open_HostileArchive_IsRefused(string name, byte[] file, string code, string detail) => Check(name, file, code, detail);

    [Theory]
    [InlineData("a million marks")]
    [InlineData("100,000 nested tuples")]
    [InlineData("100,000 nested lists")]
    [InlineData("doubling by the memo, without tensors")]
    [InlineData("doubling by the memo, with a tensor")]
    [InlineData("four million dicts")]
    [InlineData("list that holds itself")]
    public void Describe_PickleMadeToExhaust_EndsWithAFinding(string name)
    {
        byte[] pickle = name switch
        {
            "a million marks" => Latin1("\x80\x02" + new string('(', 1_000_000) + "N."),
            "100,000 nested tuples" => Latin1("\x80\x02)" + new string('\x85', 100_000) + "."),
            "100,000 nested lists" => Latin1("\x80\x02" + new string(']', 100_000) + new string('a', 99_999) + "."),
            "doubling by the memo, without tensors" => Doubling(p => p.Integer(1)),
            "doubling by the memo, with a tensor" => Doubling(p => Tensor(p)),
            "four million dicts" => Latin1("\x80\x02" + new string('}', 4_000_000) + "."),
            _ => Latin1("\x80\x02]q\0h\0a."),
        };
        using TorchFile folder = Create();

        using ModelDescription description = Format.Describe(folder.Write(Zip(pickle, entries: [("data/0", Four)])));

        Assert.Null(description.Container);
        Assert.NotEmpty(description.Findings);
    }

    [Fact]
    public void Describe_Mutations_ThrowNothingButModelException()
    {
        string folder = SharedData.Conformance("pytorch");
        byte[][] seeds = [GoodZip, Zip(GoodPickle, CompressionLevel.Optimal, entries: [("data/0", Four)]), .. ((string[])["views.pt", "numpy-inside.pt", "nested-state-dict-legacy.pth"]).Select(f => File.ReadAllBytes(Path.Combine(folder, f)))];
        Random random = new(20251125);
        using TorchFile files = Create();
        List<string> misses = [];
        for (int i = 0; i < 1000; i++)
        {
            byte[] file = Mutate(seeds[i % seeds.Length], random);
            try
            {
                Exercise(files.Write(file));
            }
            catch (ModelException)
            {
                // Right: refused.
            }
            catch (Exception error)
            {
                misses.Add($"{i}: {error.GetType().Name} {error.StackTrace?.Split('\n')[0]}");
            }
        }

        Assert.True(misses.Count == 0, string.Join('\n', misses.Take(20)));
    }

    [Fact]
    public void Describe_PickleMutations_ThrowNothingButModelException()
    {
        byte[][] seeds = [.. Pickles.Select(row => row.Data.Item2).Where(p => p.Length < 2000), GoodPickle];
        Random random = new(5);
        using TorchFile files = Create();
        List<string> misses = [];
        for (int i = 0; i < 2000; i++)
        {
            byte[] file = Zip(Mutate(seeds[i % seeds.Length], random), entries: [("data/0", Four)]);
            try
            {
                Exercise(files.Write(file));
            }
            catch (ModelException)
            {
                // Right: refused.
            }
            catch (Exception error)
            {
                misses.Add($"{i}: {error.GetType().Name} {error.StackTrace?.Split('\n')[0]}");
            }
        }

        Assert.True(misses.Count == 0, string.Join('\n', misses.Take(20)));
    }

    internal static void Exercise(ModelArtifact artifact)
    {
        using ModelDescription description = Format.Describe(artifact);
        foreach (TensorInfo tensor in description.Tensors.Take(50))
        {
            using TensorData? data = description.TryRead(tensor);
        }

        _ = description.Metadata?.Entries.Count();
    }

    private static void Check(string name, byte[] file, string code, string detail)
    {
        using TorchFile folder = Create();
        ModelArtifact artifact = folder.Write(file);

        ModelException error = Assert.Throws<ModelException>(() => Format.Open(artifact));

        Assert.True(error.Diagnostic.Code == code, $"{name}: {error.Diagnostic.Code} {error.Message}");
        Assert.Contains(detail, error.Message, StringComparison.Ordinal);
        Assert.NotEmpty(error.Diagnostic.Fixes);
        Assert.True(error.Message.All(c => !char.IsControl(c)), $"{name}: a control character in the message");
    }

    private static byte[] Doubling(Action<PickleWriter> leaf)
    {
        PickleWriter pickle = new();
        pickle.Op(PickleOp.EmptyList);
        leaf(pickle);
        pickle.Op(PickleOp.Append);
        for (int i = 0; i < 60; i++)
        {
            // A tuple of the value twice.
            pickle.Op(PickleOp.Dup).Op(PickleOp.Tuple2);
        }

        return pickle.Finish();
    }

    private static byte[] Mutate(byte[] seed, Random random)
    {
        byte[] file = [.. seed];
        int changes = random.Next(1, 6);
        for (int i = 0; i < changes && file.Length > 2; i++)
        {
            int at = random.Next(file.Length);
            switch (random.Next(5))
            {
                case 0: file[at] = (byte)random.Next(256); break;
                case 1: file[at] ^= (byte)(1 << random.Next(8)); break;
                case 2: file = [.. file[..at], .. file[Math.Min(file.Length, at + random.Next(1, 9))..]]; break;
                case 3: file = [.. file[..at], .. file.AsSpan(at, Math.Min(8, file.Length - at)), .. file[at..]]; break;
                default: file = random.Next(20) == 0 ? file[..at] : file; break;
            }
        }

        return file;
    }

    /// <summary>Sets flag bits in both headers of the first entry.</summary>
    private static byte[] Flag(byte[] zip, byte bits)
    {
        byte[] changed = [.. zip];
        changed[6] |= bits;
        changed[changed.AsSpan().IndexOf("PK\u0001\u0002"u8) + 8] |= bits;
        return changed;
    }

    private static byte[] Replace(byte[] file, string old, string made, bool all = false)
    {
        byte[] changed = [.. file];
        int from = 0;
        int at;
        while ((at = changed.AsSpan(from).IndexOf(Latin1(old))) >= 0)
        {
            Latin1(made).CopyTo(changed, from + at);
            from += at + 1;
            if (!all)
            {
                break;
            }
        }

        return changed;
    }
}
