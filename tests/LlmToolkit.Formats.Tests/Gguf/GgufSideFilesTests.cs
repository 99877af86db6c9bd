using LlmToolkit.Formats.Gguf;
using LlmToolkit.Formats.Tests.Shared;
using static LlmToolkit.Formats.Tests.Gguf.GgufFile;

namespace LlmToolkit.Formats.Tests.Gguf;

/// <summary>What is GGUF and no whole model: side files, pieces, joined parts, appended bytes, other versions.</summary>
public sealed class GgufSideFilesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    /// <summary>A file, what it is called, and whether something here can use it.</summary>
    public static TheoryData<string, byte[], string, bool> SideFiles => new()
    {
        { "LoRA by its type", new GgufFile().Key("general.architecture", "llama").Key("general.type", "adapter").Key("general.base_model.0.name", "Base 7B").Tensor("x", [4], 0, 16).Build(), "a LoRA adapter for Base 7B", true },
        { "LoRA by its key", new GgufFile().Key("general.architecture", "llama").Key("adapter.type", "lora").Tensor("x", [4], 0, 16).Build(), "a LoRA adapter for llama", true },
        { "LoRA by its tensors", new GgufFile().Tensor("blk.0.attn_q.weight.lora_a", [4], 0, 16).Tensor("blk.0.attn_q.weight.lora_b", [4], 0, 16).Build(), "a LoRA adapter", true },
        { "projector", new GgufFile().Key("general.architecture", "clip").Tensor("v.patch_embd.weight", [4], 0, 16).Build(), "mmproj", false },
        { "importance matrix by its tensors", new GgufFile().Tensor("blk.0.attn_q.weight.in_sum2", [4], 0, 16).Tensor("blk.0.attn_q.weight.counts", [1], 0, 4).Build(), "imatrix", false },
        { "control vector", new GgufFile().Key("general.architecture", "controlvector").Key("controlvector.model_hint", "llama").Tensor("direction.1", [4], 0, 16).Build(), "a control vector for llama", false },
        { "control vector by its tensors", new GgufFile().Tensor("direction.1", [4], 0, 16).Build(), "a control vector", false },
        { "image model", new GgufFile().Key("general.architecture", "qwen_image").Tensor("x", [4], 0, 16).Build(), "qwen_image", false },
        { "image model without an architecture", new GgufFile().Tensor("double_blocks.0.img_attn.qkv.weight", [4], 0, 16).Build(), "a diffusion model", false },
        { "vocabulary", new GgufFile().Key("general.architecture", "llama").Key("tokenizer.ggml.tokens", 9, [.. U32(8), .. U64(1), .. Text("a")]).Build(), "a vocabulary without weights", true },
    };

    [Theory, MemberData(nameof(SideFiles))]
    public void Check_SideFile_IsCalledByName(string name, byte[] file, string what, bool isUsable)
    {
        using ModelContainer opened = new GgufFormat().Open(_folder.ArtifactOf("m.gguf", file));

        Diagnostic finding = Assert.Single(opened.Check(), f => f.Code == "LT1026");
        Assert.True(finding.Message.Contains(what, StringComparison.Ordinal), $"{name}: {finding.Message}");
        Assert.Equal((isUsable ? Severity.Medium : Severity.High, FaultKind.Unsupported), (finding.Severity, finding.Kind));
        Assert.NotEmpty(finding.Fixes);
    }

    [Fact]
    public void Open_PartsJoinedByCat_SaysSo()
    {
        byte[] first = new GgufFile().Key("split.no", 2, 0, 0).Key("split.count", 2, 2, 0).Tensor("a", [8], 0, 32).Build();
        byte[] second = new GgufFile().Key("split.no", 2, 1, 0).Key("split.count", 2, 2, 0).Tensor("b", [8], 0, 32).Build();

        ModelException error = Assert.Throws<ModelException>(() => new GgufFormat().Open(_folder.ArtifactOf("m.gguf", [.. first, .. second])));

        Assert.Equal("LT1028", error.Diagnostic.Code);
        Assert.Contains("llama-gguf-split --merge", string.Join('\n', error.Diagnostic.Fixes), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("m.gguf.part1of3", true, "piece 1 of 3")]
    [InlineData("m.gguf.part2of3", false, "piece 2 of 3")]
    [InlineData("m.gguf-split-b", false, "piece 2 of a GGUF")]
    [InlineData("m.Q4_K_M.gguf.002", false, "piece 2 of a GGUF")]
    [InlineData("m.gguf.ab", false, "piece 2 of a GGUF")]
    public void Describe_PieceOfACutFile_TellsToJoin(string name, bool isFirst, string detail)
    {
        byte[] file = Sound().Build();
        ModelArtifact artifact = _folder.ArtifactOf(name, isFirst ? file[..^60] : file[^60..]);

        Assert.True(new GgufFormat().Probe(artifact, new ProbeBytes(File.ReadAllBytes(artifact.Path), [])).Score > 0);
        Diagnostic finding = Assert.Single(Findings(artifact), f => f.Code == "LT1029");
        Assert.Contains(detail, finding.Message, StringComparison.Ordinal);
        Assert.Contains("cat ", finding.Fixes[0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("m.gguf.gz")]
    [InlineData("m.gguf.bak")]
    [InlineData("m.gguf")]
    [InlineData("m.bin")]
    public void Probe_OtherNames_AreNoPieces(string name) =>
        Assert.Equal(0, new GgufFormat().Probe(_folder.ArtifactOf(name, [1, 2, 3, 4]), new ProbeBytes([1, 2, 3, 4], [])).Score);

    [Fact]
    public void Open_WholeFileNamedLikeAPiece_IsAModel()
    {
        using ModelContainer opened = new GgufFormat().Open(_folder.ArtifactOf("m.gguf.1", Sound().Build()));

        Assert.Empty(opened.Check());
    }

    [Theory]
    [InlineData(31, false, null)]
    [InlineData(100, false, Severity.Low)]
    [InlineData(100, true, Severity.Medium)]
    public void Open_BytesBehindTheTensors_AreToldAndIgnored(int count, bool isZip, Severity? expected)
    {
        byte[] behind = new byte[count];
        if (isZip)
        {
            "PK\u0005\u0006"u8.CopyTo(behind.AsSpan(count - 22));
        }

        using ModelContainer opened = new GgufFormat().Open(_folder.ArtifactOf("m.gguf", [.. Sound().Build(), .. behind]));

        Assert.Equal(expected, opened.Check().SingleOrDefault(f => f.Code == "LT1030")?.Severity);
        Assert.Equal(2, opened.Tensors.Count);
    }

    [Fact]
    public void Open_AnyBytesBehindAlignmentOne_AreIgnored()
    {
        for (int count = 0; count < 8; count++)
        {
            byte[] file = new GgufFile { Alignment = 1 }.Key("general.alignment", 1).Tensor("a", [1], 24, 1).Build();
            using ModelContainer opened = new GgufFormat().Open(_folder.ArtifactOf($"{count}.gguf", [.. file, .. new byte[count]]));

            Assert.Single(opened.Tensors);
        }
    }

    [Theory]
    [InlineData(4u, "4")]
    [InlineData(0x04000000u, "4")]
    [InlineData(uint.MaxValue, "4294967295")]
    public void Describe_NewerVersionOfAnotherLayout_IsUnsupportedNotRefused(uint version, string shown)
    {
        byte[] file = Sound().Build();
        U32(version).CopyTo(file, 4);
        file.AsSpan(8, 16).Fill(0x7F);
        using ModelDescription description = new GgufFormat().Describe(_folder.ArtifactOf("m.gguf", file));

        Assert.Equal(("gguf-v3", shown), (description.CompatibilityMode, description.Info!.Version));
        Assert.NotEmpty(description.Findings);
        Assert.All(description.Findings.Where(f => f.Severity >= Severity.High), f => Assert.Equal(FaultKind.Unsupported, f.Kind));
    }

    [Fact]
    public void Describe_VersionZero_IsRefused()
    {
        byte[] file = Sound().Build();
        file[4] = 0;
        using ModelDescription description = new GgufFormat().Describe(_folder.ArtifactOf("m.gguf", file));

        Assert.Null(description.CompatibilityMode);
        Assert.Equal(FaultKind.Refused, Assert.Single(description.Findings, f => f.Code == "LT1003").Kind);
    }

    [Fact]
    public void Open_PartsInCapitals_AreFound()
    {
        byte[] Part(byte no) => new GgufFile().Key("split.no", 2, no, 0).Key("split.count", 2, 2, 0).Tensor($"t{no}", [8], 0, 32).Build();
        _folder.Write("M-00001-OF-00002.GGUF", Part(0));
        using ModelContainer opened = new GgufFormat().Open(_folder.ArtifactOf("M-00002-OF-00002.GGUF", Part(1)));

        Assert.Equal(["t0", "t1"], opened.Tensors.Select(t => t.Name));
    }

    public void Dispose() => _folder.Dispose();

    private static IReadOnlyList<Diagnostic> Findings(ModelArtifact artifact)
    {
        try
        {
            using ModelDescription description = new GgufFormat().Describe(artifact);
            return description.Findings;
        }
        catch (ModelException e)
        {
            return [e.Diagnostic];
        }
    }
}
