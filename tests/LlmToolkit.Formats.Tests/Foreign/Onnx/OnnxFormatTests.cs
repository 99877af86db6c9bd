using LlmToolkit.Formats.Foreign;
using LlmToolkit.Formats.Foreign.Onnx;
using LlmToolkit.Formats.Tests.Shared;
using static LlmToolkit.Formats.Tests.Foreign.Onnx.OnnxBytes;

namespace LlmToolkit.Formats.Tests.Foreign.Onnx;

public sealed class OnnxFormatTests : IDisposable
{
    private const string NotLoaded = "LT1419";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>Sound tensors: shape, type, values in each of the ways they may be written.</summary>
    public static TheoryData<string, byte[]> Sound => new()
    {
        { "raw", Tensor([4], 1, Bytes(9, new byte[16])) },
        { "scalar", Tensor([], 7, Bytes(9, new byte[8])) },
        { "empty", Tensor([0, 3], 1) },
        { "packed shape", Join(Bytes(1, 2, 2), Number(2, 1), Text(8, "w"), Bytes(9, new byte[16])) },
        { "packed floats", Tensor([3], 1, Bytes(4, new byte[12])) },
        { "single floats", Tensor([1], 1, [(4 << 3) | 5, 0, 0, 0, 0]) },
        { "packed integers", Tensor([3], 7, Bytes(7, 1, 0x80, 1, 2)) },
        { "bytes as integers", Tensor([2], 2, Number(5, 1), Number(5, 255)) },
        { "doubles", Tensor([2], 11, Bytes(10, new byte[16])) },
        { "complex", Tensor([1], 14, Bytes(4, new byte[8])) },
        { "unsigned", Tensor([1], 13, Number(11, 5)) },
        { "4 bits, odd", Tensor([3], 21, Bytes(9, new byte[2])) },
        { "4 bits as integers", Tensor([3], 22, Bytes(5, 1, 2)) },
        { "2 bits", Tensor([5], 25, Bytes(9, new byte[2])) },
        { "texts", Tensor([2], 8, Text(6, "a"), Text(6, "b")) },
        { "field of a newer version", Tensor([1], 1, Bytes(9, new byte[4]), Bytes(900, 1, 2, 3)) },
    };

    /// <summary>Faulty tensors and the codes of their findings.</summary>
    public static TheoryData<string, string, byte[]> Faulty => new()
    {
        { "no type", "LT1438", Tensor([1], 0, Bytes(9, new byte[4])) },
        { "no such type", "LT1438", Tensor([1], 27, Bytes(9, new byte[4])) },
        { "negative type", "LT1438", Tensor([1], -1, Bytes(9, new byte[4])) },
        { "negative dimension", "LT1438", Tensor([-4], 1, Bytes(9, new byte[16])) },
        { "product wraps", "LT1438", Tensor([1L << 32, 1L << 32], 1, Bytes(9)) },
        { "product wraps to the right size", "LT1438", Tensor([1L << 62, 4, 4], 1, Bytes(9, new byte[16])) },
        { "bytes do not fit", "LT1438", Tensor([long.MaxValue], 11, Bytes(9)) },
        { "raw too short", "LT1438", Tensor([5], 1, Bytes(9, new byte[16])) },
        { "raw too long", "LT1438", Tensor([3], 1, Bytes(9, new byte[16])) },
        { "no values", "LT1438", Tensor([3], 1) },
        { "raw and typed", "LT1438", Tensor([1], 1, Bytes(9, new byte[4]), Bytes(4, new byte[4])) },
        { "values in the wrong field", "LT1438", Tensor([1], 1, Number(7, 1)) },
        { "values in two fields", "LT1438", Tensor([1], 1, Bytes(4, new byte[4]), Number(7, 1)) },
        { "raw texts", "LT1438", Tensor([1], 8, Bytes(9, 1)) },
        { "too many dimensions", "LT1432", Tensor([.. Enumerable.Repeat(1L, 65)], 1, Bytes(9, new byte[4])) },
    };

    public static TheoryData<string> Outside =>
    [
        "../secret.bin", "a/../../secret.bin", "/etc/passwd", "..\\secret.bin", "http://169.254.169.254/x", "file:///etc/passwd", "/dev/zero", "", ".", "./w.bin", "a//w.bin", "w.bin/",
        "w.bin\0../secret.bin", "C:w.bin", "C:\\w.bin", "\\\\server\\share", "//server/share", "w\n.bin", "nul", "COM1.bin", ".. /w.bin", ".../w.bin", "w.bin.", "~/../w.bin", "\u0085",
    ];

    [Theory, MemberData(nameof(Sound))]
    public void Describe_SoundTensor_IsOnlyUnsupported(string name, byte[] tensor)
    {
        using ModelDescription description = Describe(Model(tensor));

        Assert.True(description.Findings.Count == 1, $"{name}: {string.Join("; ", description.Findings.Select(f => f.Message))}");
        Assert.Equal((NotLoaded, FaultKind.Unsupported), (description.Findings[0].Code, description.Findings[0].Kind));
    }

    [Theory, MemberData(nameof(Faulty))]
    public void Describe_FaultyTensor_IsRefused(string name, string code, byte[] tensor)
    {
        using ModelDescription inGraph = Describe(Model(tensor));
        using ModelDescription inAttribute = Describe(Model(8, 17, [Join(Text(4, "Constant"), Bytes(5, Join(Text(1, "value"), Bytes(5, tensor))))], []));
        using ModelDescription inSubgraph = Describe(Model(8, 17, [Join(Text(4, "If"), Bytes(5, Join(Text(1, "then_branch"), Bytes(6, Bytes(5, tensor)))))], []));
        using ModelDescription inFunction = Describe(Model(8, 17, [], [], Bytes(25, Join(Text(1, "f"), Bytes(7, Bytes(5, Bytes(10, tensor)))))));

        foreach (ModelDescription description in (ModelDescription[])[inGraph, inAttribute, inSubgraph, inFunction])
        {
            Assert.True(description.Findings.Count == 1 && description.Findings[0].Code == code, $"{name}: {string.Join("; ", description.Findings.Select(f => f.Code + " " + f.Message))}");
            Assert.Equal(FaultKind.Refused, description.Findings[0].Kind);
        }
    }

    [Fact]
    public void Describe_Model_TellsItsFacts()
    {
        _folder.Write("weights/w.bin", [9, 9, 9, 9, 1, 0, 0, 0, 2, 0, 0, 0]);
        byte[] external = Join(Number(1, 2), Number(2, 6), Text(8, "outside"), External("weights/w.bin", ("offset", "4"), ("length", "8"), ("checksum", "0")));
        byte[] inside = Tensor([1, 2], 1, Bytes(9, 0, 0, 128, 63, 0, 0, 0, 64));
        using ModelDescription description = Describe(Model(8, 17, [], [inside, external], Bytes(14, Join(Text(1, "license"), Text(2, "MIT")))));

        Assert.Equal(NotLoaded, Assert.Single(description.Findings).Code);
        Assert.Equal(("onnx", "IR 8, opset 17", "g", 4), (description.Info!.Format, description.Info.Version, description.Info.Name, description.Info.Parameters));
        Assert.Equal(["w", "outside"], description.Tensors.Select(t => t.Name));
        Assert.Equal(["model.onnx", "w.bin"], description.Files.Select(f => f.Name));
        Assert.Equal((4, 8), (description.Tensors[1].Offset, description.Tensors[1].Bytes));
        Assert.Equal("MIT", description.Metadata!.Text("metadata_props.license"));
        Assert.Equal("test", description.Metadata!.Text("producer_name"));
        Assert.Equal(17, description.Metadata!.Int64("opset_import.ai.onnx"));
        using TensorData values = description.TryRead(description.Tensors[1])!;
        Assert.Equal([1, 0, 0, 0, 2, 0, 0, 0], values.Row(0).ToArray());
        using TensorData own = description.TryRead(description.Tensors[0])!;
        Assert.Equal([0, 0, 128, 63, 0, 0, 0, 64], own.Row(0).ToArray());
        Assert.Equal(NotLoaded, Assert.Throws<ModelException>(() => OnnxFormat.Instance.Open(description.Artifact)).Diagnostic.Code);
    }

    [Theory, MemberData(nameof(Outside))]
    public void Describe_LocationOutsideTheFolder_IsRefused(string location)
    {
        _folder.Write("w.bin", new byte[16]);
        _folder.Write("a/x", []);

        using ModelDescription description = Describe(Model(Tensor([4], 1, External(location))));

        Assert.Equal(("LT1439", Severity.Critical), (Assert.Single(description.Findings).Code, description.Findings[0].Severity));
    }

    [Theory]
    [InlineData("offset", "-16")]
    [InlineData("offset", "abc")]
    [InlineData("offset", "")]
    [InlineData("offset", " 0")]
    [InlineData("offset", "1")]
    [InlineData("offset", "1099511627776")]
    [InlineData("offset", "9223372036854775807")]
    [InlineData("offset", "18446744073709551615")]
    [InlineData("length", "3")]
    [InlineData("length", "17")]
    [InlineData("length", "-1")]
    [InlineData("location", "w.bin")]
    public void Describe_ExternalRange_MustFitTheFile(string key, string value)
    {
        _folder.Write("w.bin", new byte[16]);

        using ModelDescription description = Describe(Model(Tensor([4], 1, External("w.bin", (key, value)))));

        Assert.Equal("LT1440", Assert.Single(description.Findings).Code);
    }

    [Fact]
    public void Describe_LinksAndPipes_AreRefusedAndTheHubCacheIsNot()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Links and pipes of Linux.");
        byte[] model = Model(Tensor([4], 1, External("w.bin")));
        string secret = _folder.Write("secret.bin", new byte[16]);
        string Code(Action<string> make)
        {
            string folder = Directory.CreateDirectory(Path.Combine(_folder.Path, Guid.NewGuid().ToString("N"))).FullName;
            make(Path.Combine(folder, "w.bin"));
            File.WriteAllBytes(Path.Combine(folder, "model.onnx"), model);
            using ModelDescription description = OnnxFormat.Instance.Describe(ModelArtifact.FromPath(Path.Combine(folder, "model.onnx")));
            return string.Join(' ', description.Findings.Select(f => f.Code));
        }

        Assert.Equal("LT1441", Code(_ => { }));
        Assert.Equal("LT1442", Code(p => File.CreateSymbolicLink(p, secret)));
        Assert.Equal("LT1442", Code(p =>
        {
            File.WriteAllBytes(p + "2", new byte[16]);
            File.CreateSymbolicLink(p, "w.bin2");
        }));
        Assert.Equal("LT1442", Code(p => Directory.CreateDirectory(p)));
        Assert.Equal("LT1442", Code(p => Run("ln", secret, p)));
        Assert.Equal("LT1442", Code(p => Run("mkfifo", p)));

        string blob = _folder.Write("models--o--n/blobs/abc", new byte[16]);
        string snapshot = Path.GetDirectoryName(_folder.Write("models--o--n/snapshots/c0/onnx/model.onnx", model))!;
        File.CreateSymbolicLink(Path.Combine(snapshot, "w.bin"), Path.GetRelativePath(snapshot, blob));
        using ModelDescription cached = OnnxFormat.Instance.Describe(ModelArtifact.FromPath(Path.Combine(snapshot, "model.onnx")));
        Assert.Equal(NotLoaded, Assert.Single(cached.Findings).Code);
    }

    [Fact]
    public void Describe_LinkedFolderInsideTheFolder_DoesNotLeadOut()
    {
        _folder.Write("secret.bin", new byte[16]);
        _folder.Write("m/model.onnx", Model(Tensor([4], 1, External("d/secret.bin"))));
        Directory.CreateSymbolicLink(Path.Combine(_folder.Path, "m", "d"), "..");

        using ModelDescription description = OnnxFormat.Instance.Describe(ModelArtifact.FromPath(Path.Combine(_folder.Path, "m", "model.onnx")));

        Assert.Equal("LT1442", Assert.Single(description.Findings).Code);
    }

    [Fact]
    public void Describe_EveryKindOfField_IsTaken()
    {
        byte[] attribute = Join(Text(1, "a"), [(2 << 3) | 5, 0, 0, 0, 0], Number(3, -1), Text(4, "s"), Bytes(7, new byte[8]), Bytes(8, 1, 2), Number(8, 3), Text(9, "x"), Number(20, 1), Text(21, "r"));
        byte[] type = Bytes(1, Join(Number(1, 1), Bytes(2, Join(Bytes(1, Number(1, -1)), Bytes(1, Text(2, "batch"))))));
        byte[] value = Join(Text(1, "in"), Bytes(2, type), Text(3, "doc"));
        byte[] sequence = Join(Text(1, "seq"), Bytes(2, Bytes(4, Bytes(1, Bytes(5, Join(Number(1, 7), Bytes(2, type)))))));
        byte[] sparse = Join(Bytes(1, Tensor([1], 1, Bytes(9, new byte[4]))), Bytes(2, Tensor([1], 7, Bytes(9, new byte[8]))), Number(3, 5));
        byte[] graph = Join(Bytes(1, Join(Text(4, "Add"), Bytes(5, attribute))), Text(2, "g"), Bytes(11, value), Bytes(12, sequence), Bytes(14, Join(Text(1, "q"), Bytes(2, Text(1, "k")))), Bytes(15, sparse), Bytes(16, Text(1, "k")));
        using ModelDescription description = Describe(Join(
            Number(1, 10), Text(2, "p"), Text(3, "1"), Text(4, "d"), Number(5, 3), Text(6, "doc"), Bytes(7, graph), Bytes(8, Number(2, 21)), Bytes(20, Bytes(2, Text(2, "algorithm"))), Bytes(26, 1, 2, 3)));

        Assert.True(description.Findings.Count == 1, string.Join("; ", description.Findings.Select(f => f.Message)));
    }

    [Fact]
    public void Describe_MissingDataFiles_AreNamedOnce()
    {
        byte[] T(string name, string file) => Join(Number(1, 4), Number(2, 1), Text(8, name), External(file));
        using ModelDescription description = Describe(Model(T("a", "x.bin"), T("b", "y.bin"), T("c", "x.bin")));

        Diagnostic finding = Assert.Single(description.Findings);
        Assert.Equal("LT1441", finding.Code);
        Assert.Contains("x.bin, y.bin", finding.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("shared", 0, 0, null)]
    [InlineData("beside", 0, 16, null)]
    [InlineData("overlapping", 0, 8, "LT1444")]
    public void Describe_TensorsOfOneDataFile_MayBeSharedButNotOverlap(string name, int first, int second, string? code)
    {
        _folder.Write("w.bin", new byte[32]);
        byte[] T(string tensor, int offset) => Join(Number(1, 4), Number(2, 1), Text(8, tensor), External("w.bin", ("offset", $"{offset}")));
        using ModelDescription description = Describe(Model(T("a", first), T("b", second)));

        Assert.Equal(code, description.Findings.FirstOrDefault(f => f.Code != NotLoaded)?.Code);
        Assert.True(description.Findings.Any(f => f.Code == NotLoaded), name);
    }

    /// <summary>Whole files that are no ONNX, and the code.</summary>
    public static TheoryData<string, string, byte[]> Broken => new()
    {
        { "cut", "LT1430", Model(Tensor([4], 1, Bytes(9, new byte[16])))[..^5] },
        { "length of 63 bits", "LT1430", [0x3A, .. Varint(long.MaxValue)] },
        { "length past its message", "LT1430", [.. Number(1, 8), 0x3A, 2, 0x0A, 5] },
        { "long varint", "LT1430", [0x08, .. Enumerable.Repeat((byte)0xFF, 11)] },
        { "66 bits", "LT1430", [0x08, .. Enumerable.Repeat((byte)0xFF, 9), 2] },
        { "groups", "LT1430", [.. Enumerable.Repeat((byte)0x3B, 1000)] },
        { "form 6", "LT1430", [.. Number(1, 8), 0x3E, 0] },
        { "field 0", "LT1430", [.. Number(1, 8), 0x02, 0] },
        { "graph as a number", "LT1430", [.. Number(1, 8), .. Number(7, 1)] },
        { "version as bytes", "LT1430", Bytes(1, 1, 2) },
        { "two graphs", "LT1430", [.. Model(), .. Bytes(7)] },
        { "packed floats of 3 bytes", "LT1430", Model(Tensor([1], 1, Bytes(4, 1, 2, 3))) },
        { "packed varints cut", "LT1430", Model(Tensor([1], 7, Bytes(7, 0x80))) },
        { "no graph", "LT1433", [.. Number(1, 8), .. Bytes(8, Number(2, 17))] },
        { "no version", "LT1433", [.. Bytes(7), .. Bytes(8, Number(2, 17))] },
        { "no opset", "LT1433", [.. Number(1, 8), .. Bytes(7)] },
        { "version 999", "LT1434", Model(999, 17, [], []) },
        { "opset 999", "LT1434", Model(8, 999, [], []) },
        { "negative version", "LT1434", Model(-1, 17, [], []) },
        { "library that is not imported", "LT1436", Model(8, 17, [Join(Text(4, "RunShell"), Text(7, "evil.domain"))], []) },
        { "two of one name", "LT1443", Model(Tensor([1], 1, Bytes(9, new byte[4])), Tensor([1], 1, Bytes(9, new byte[4]))) },
    };

    [Theory, MemberData(nameof(Broken))]
    public void Describe_BrokenFile_IsRefused(string name, string code, byte[] file)
    {
        using ModelDescription description = Describe(file);

        Assert.True(description.Findings[0].Code == code, $"{name}: {description.Findings[0].Code} {description.Findings[0].Message}");
        Assert.Equal(FaultKind.Refused, description.Findings[0].Kind);
        Assert.DoesNotContain(description.Findings, f => f.Code == NotLoaded);
    }

    [Theory]
    [InlineData("ir", "LT1435")]
    [InlineData("opset", "LT1435")]
    [InlineData("custom", "LT1437")]
    [InlineData("known", null)]
    public void Describe_SoundButNotForUs_IsUnsupported(string what, string? code)
    {
        using ModelDescription description = Describe(what switch
        {
            "ir" => Model(OnnxModel.KnownVersion + 1, 17, [], []),
            "opset" => Model(8, OnnxModel.KnownOpset + 1, [], []),
            "custom" => Model(8, 17, [Join(Text(4, "Op"), Text(7, "my.ops"))], [], Bytes(8, Join(Text(1, "my.ops"), Number(2, 1)))),
            _ => Model(8, 17, [Join(Text(4, "Attention"), Text(7, "com.microsoft")), Join(Text(4, "Add"), Text(7, "ai.onnx"))], [], Bytes(8, Join(Text(1, "com.microsoft"), Number(2, 1)))),
        });

        Assert.All(description.Findings, f => Assert.Equal(FaultKind.Unsupported, f.Kind));
        Assert.Equal(code, description.Findings.FirstOrDefault(f => f.Code != NotLoaded)?.Code);
    }

    [Theory]
    [InlineData(30, true)]
    [InlineData(40, false)]
    [InlineData(3000, false)]
    public void Describe_SubgraphsInOneAnother_EndAtALimit(int depth, bool isSound)
    {
        byte[] graph = [];
        for (int i = 0; i < depth; i++)
        {
            graph = Bytes(1, Join(Text(4, "If"), Bytes(5, Join(Text(1, "then_branch"), Bytes(6, graph)))));
        }

        using ModelDescription description = Describe(Join(Number(1, 8), Bytes(7, graph), Bytes(8, Number(2, 17))));

        Assert.Equal(isSound ? NotLoaded : "LT1432", description.Findings[0].Code);
    }

    [Fact]
    public void Describe_RandomMutations_ThrowNothingAndEnd()
    {
        _folder.Write("w.bin", new byte[16]);
        byte[] seed = Model(8, 17, [Join(Text(4, "If"), Bytes(5, Join(Text(1, "t"), Bytes(6, Bytes(5, Tensor([2], 7, Bytes(7, 1, 2)))))))], [Tensor([4], 1, External("w.bin", ("offset", "0"))), Join(Number(1, 1), Number(2, 1), Text(8, "v"), Bytes(9, new byte[4]))]);
        Random random = new(7);
        for (int i = 0; i < 3000; i++)
        {
            byte[] bytes = seed[..(random.Next(8) == 0 ? random.Next(1, seed.Length) : seed.Length)];
            for (int n = random.Next(4); n >= 0; n--)
            {
                bytes[random.Next(bytes.Length)] = random.Next(3) == 0 ? (byte)0xFF : (byte)random.Next(256);
            }

            using ModelDescription description = Describe(bytes);
            Assert.NotEmpty(description.Findings);
            foreach (TensorInfo tensor in description.Tensors)
            {
                description.TryRead(tensor)?.Dispose();
            }

            _ = description.Metadata!.Entries.Count(e => e.Value.Value is null);
        }
    }

    [Fact]
    public void Recognise_Folders_AreDescribedByTheirMainFile()
    {
        _folder.Write("config.json", "{}");
        _folder.Write("onnx/model.onnx", Model(Tensor([4], 1, Bytes(9, new byte[16]))));
        _folder.Write("onnx/model_quantized.onnx", Model());
        ForeignMatch match = ForeignFormats.Recognise(_folder.Artifact, default)!;
        using ModelDescription description = match.Format!.Describe(_folder.Artifact);

        Assert.Equal("onnx", match.Name);
        Assert.Equal("model.onnx", description.Files[0].Name);
        Assert.Equal(["LT1445", NotLoaded], description.Findings.Select(f => f.Code));
    }

    private ModelDescription Describe(byte[] model) => OnnxFormat.Instance.Describe(_folder.ArtifactOf("model.onnx", model));

    private static void Run(string program, params string[] arguments)
    {
        using System.Diagnostics.Process process = System.Diagnostics.Process.Start(program, arguments);
        process.WaitForExit();
    }
}
