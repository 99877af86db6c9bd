using LlmToolkit.Formats.Gguf;
using LlmToolkit.Formats.Tests.Shared;
using static LlmToolkit.Formats.Tests.Gguf.GgufFile;

namespace LlmToolkit.Formats.Tests.Gguf;

public sealed class GgufHeaderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string, byte[], string, string> Refused => new()
    {
        { "empty file", [], "LT1503", "0 bytes" },
        { "one byte", "G"u8.ToArray(), "LT1002", "4 bytes needed at offset 0, 1 left" },
        { "zip file (PyTorch)", [0x50, 0x4B, 3, 4, 0, 0, 0, 0], "LT1000", "0x04034B50" },
        { "ggjt file of 2023", "tjgg\u0003\0\0\0"u8.ToArray(), "LT1001", "tjgg" },
        { "web page", "<!DOCTYPE html><html>"u8.ToArray(), "LT1404", "web page" },
        { "server's error", "{\"error\":\"Repository not found\"}"u8.ToArray(), "LT1450", "Repository not found" },
        { "LFS pointer", "version https://git-lfs.github.com/spec/v1\noid sha256:aa\nsize 4661211808\n"u8.ToArray(), "LT1403", "4661211808" },
        { "zeros", new byte[64], "LT1418", "64 zero bytes" },
        { "magic only", "GGUF"u8.ToArray(), "LT1002", "the version" },
        { "cut after the version", [.. "GGUF"u8, 3, 0, 0, 0], "LT1002", "the number of tensors" },
        { "version 0", new GgufFile { Version = 0 }.Build(), "LT1003", "version 0" },
        { "version 4", new GgufFile { Version = 4 }.Build(), "LT1003", "version 4 is newer" },
        { "2^64-1 tensors", new GgufFile { TensorCount = ulong.MaxValue }.Build(), "LT1004", "18446744073709551615" },
        { "2^40 keys", new GgufFile { KeyCount = 1UL << 40 }.Build(), "LT1004", "1099511627776" },
        { "one key more than there are", new GgufFile { KeyCount = 2 }.Key("a", 1).Build(), "LT1004", "The number of metadata keys is 2" },
        { "key length 2^64-1", new GgufFile().RawKey([.. U64(ulong.MaxValue), .. new byte[16]]).Build(), "LT1004", "key 1 of 1" },
        { "key length past the end", new GgufFile().RawKey([.. U64(1000), .. new byte[16]]).Build(), "LT1002", "key 1 of 1" },
        { "empty key", new GgufFile().Key("", 1).Build(), "LT1005", "offset 24" },
        { "duplicate key", new GgufFile().Key("a", 1).Key("a", 2).Build(), "LT1006", "\"a\"" },
        { "value type 13", new GgufFile().Key("a", 13, new byte[16]).Build(), "LT1007", "type 13" },
        { "string length past the end", new GgufFile().Key("a", 8, U64(1UL << 30)).Build(), "LT1002", "\"a\"" },
        { "array of 2^61", new GgufFile().Key("a", 9, [.. U32(10), .. U64(1UL << 61), .. new byte[32]]).Build(), "LT1004", "2305843009213693952" },
        { "array of strings that ends early", new GgufFile().Key("a", 9, [.. U32(8), .. U64(2), .. U64(100), .. new byte[8]]).Build(), "LT1002", "an element of \"a\"" },
        { "arrays nested five deep", new GgufFile().Key("a", 9, [.. Nest(5)]).Build(), "LT1008", "more than 4 deep" },
        { "alignment 0", Sound().Key("general.alignment", 0).Build(), "LT1009", "u32 0" },
        { "alignment 13", Sound().Key("general.alignment", 13).Build(), "LT1009", "u32 13" },
        { "alignment as i32", Sound().Key("general.alignment", 5, U32(32)).Build(), "LT1009", "i32 32" },
        { "alignment not followed", Sound().Key("general.alignment", 1024).Build(), "LT1015", "alignment 1024" },
        { "duplicate tensor", new GgufFile().Tensor("t", [4], 0, 16).Tensor("t", [4], 0, 16).Build(), "LT1010", "\"t\"" },
        { "five dimensions", new GgufFile().Tensor("t", [1, 1, 1, 1, 4], 0, 16).Build(), "LT1011", "5 dimensions" },
        { "2^32-1 dimensions", new GgufFile().Tensor("t", [4], 0, 16, dimensions: uint.MaxValue).Build(), "LT1011", "4294967295" },
        { "negative dimension", new GgufFile().Tensor("t", [ulong.MaxValue], 0, 16).Build(), "LT1012", "18446744073709551615" },
        { "2^16 to the fourth", new GgufFile().Tensor("t", [1 << 16, 1 << 16, 1 << 16, 1 << 16], 0, 16).Build(), "LT1012", "63 bits" },
        { "bytes past 2^63", new GgufFile().Tensor("t", [1UL << 31, 1UL << 31], 27, 16).Build(), "LT1012", "I64" },
        { "2^62 by 2^62 by 0", new GgufFile().Tensor("t", [0, 1UL << 62, 1UL << 62], 0, 0).Build(), "LT1012", "63 bits" },
        { "type 43", new GgufFile().Tensor("t", [32], 43, 16).Build(), "LT1013", "type 43" },
        { "removed type 4", new GgufFile().Tensor("t", [32], 4, 16).Build(), "LT1027", "type 4 (Q4_2)" },
        { "removed type 5", new GgufFile().Tensor("t", [32], 5, 16).Build(), "LT1027", "type 5 (Q4_3)" },
        { "removed type 33", new GgufFile().Tensor("t", [32], 33, 16).Build(), "LT1027", "type 33 (Q4_0_8_8)" },
        { "removed type 37", new GgufFile().Tensor("t", [32], 37, 16).Build(), "LT1027", "type 37 (IQ4_NL_4_8)" },
        { "type 2^32-1", new GgufFile().Tensor("t", [32], uint.MaxValue, 16).Build(), "LT1013", "4294967295" },
        { "row of no whole block", new GgufFile().Tensor("t", [100], 12, 144).Build(), "LT1014", "100 elements" },
        { "scalar of blocks", new GgufFile().Tensor("t", [], 8, 34).Build(), "LT1014", "1 elements" },
        { "offset off the alignment", new GgufFile().Tensor("a", [4], 0, 16).Tensor("t", [1], 0, 16, offset: 20).Build(), "LT1015", "20 % 32" },
        { "offset past the end", new GgufFile().Tensor("t", [4], 0, 16, offset: 1 << 30).Build(), "LT1016", "1 tensor lies beyond" },
        { "offset near 2^64", new GgufFile().Tensor("t", [4], 0, 16, offset: ulong.MaxValue - 31).Build(), "LT1018", "18446744073709551584" },
        { "last byte missing", new GgufFile().Tensor("t", [8], 0, 32).Build(cut: 1), "LT1016", "%" },
        { "name longer than any", new GgufFile().Tensor(new string('n', 70_000), [4], 0, 16).Build(), "LT1004", "65536" },
        { "tensors that share bytes", new GgufFile().Tensor("a", [16], 0, 64).Tensor("b", [8], 0, 0, offset: 32).Build(), "LT1017", "\"a\" and \"b\"" },
    };

    public void Dispose() => _folder.Dispose();

    [Theory, MemberData(nameof(Refused))]
    public void Open_BadBytes_SaysWhatAndWhere(string name, byte[] file, string code, string detail)
    {
        ModelArtifact artifact = _folder.ArtifactOf("m.gguf", file);

        ModelException error = Assert.Throws<ModelException>(() => new GgufFormat().Open(artifact));

        Assert.True(error.Diagnostic.Code == code, $"{name}: {error.Diagnostic.Code} {error.Message}");
        Assert.Contains(detail, error.Message + error.Diagnostic.Evidence, StringComparison.Ordinal);
        Assert.NotEmpty(error.Diagnostic.Fixes);
        Assert.Equal(artifact.Path, error.Diagnostic.File);
    }

    [Fact]
    public void Open_SoundFile_GivesFacts()
    {
        using ModelContainer model = new GgufFormat().Open(_folder.ArtifactOf("m.gguf", Sound().Build()));

        Assert.Equal(("llama", 2, 8, 2, 4), (model.Info.Architecture, model.Info.Layers, model.Info.EmbeddingLength, model.Info.Heads, model.Info.HeadDim));
        Assert.Equal(2 * 2 * (4 + 4) * 2, model.Info.KvBytesPerToken);
        Assert.Equal(48, model.Info.Parameters);
        Assert.Equal("F32", model.Info.Quantization);
        Assert.Equal(("bpe", 2), (model.Info.Tokenizer!.Kind, model.Info.Tokenizer.Vocabulary));
        Assert.Empty(model.Check());
    }

    [Fact]
    public void Open_GapBetweenTensors_WarnsOnly()
    {
        byte[] file = [.. new GgufFile().Tensor("a", [4], 0, 16).Tensor("b", [4], 0, 16, offset: 64).Build(), .. new byte[64]];
        using ModelContainer model = new GgufFormat().Open(_folder.ArtifactOf("m.gguf", file));

        Diagnostic finding = Assert.Single(model.Check());
        Assert.Equal(("LT1019", Severity.Low), (finding.Code, finding.Severity));
    }

    [Fact]
    public void Describe_CutFile_GivesWhatCanBeRead()
    {
        ModelArtifact artifact = _folder.ArtifactOf("m.gguf", Sound().Build(cut: 60));
        using ModelDescription description = new GgufFormat().Describe(artifact);

        Assert.Null(description.Container);
        Assert.Equal("LT1016", Assert.Single(description.Findings).Code);
        Assert.Equal("llama", description.Info!.Architecture);
        Assert.Equal(2, description.Tensors.Count);
        using TensorData? first = description.TryRead(description.Tensors[0]);
        Assert.NotNull(first);
        Assert.Null(description.TryRead(description.Tensors[1]));
    }

    [Fact]
    public void Describe_CutAtEveryLength_NeverFailsOtherwise()
    {
        byte[] file = Sound().Build();
        for (int length = 0; length < file.Length; length++)
        {
            ModelArtifact artifact = _folder.ArtifactOf($"{length}.gguf", file[..length]);
            try
            {
                using ModelDescription description = new GgufFormat().Describe(artifact);
                // Only the padding after the last tensor may be missing.
                Assert.True(description.Findings.Any(f => f.Severity >= Severity.High) || length >= file.Length - 30, $"accepted at {length}");
            }
            catch (ModelException e)
            {
                Assert.True(length < 4, $"{length}: {e.Message}");
            }
        }
    }

    [Fact]
    public void Describe_NewerVersion_ReadsAsTheNewestKnown()
    {
        byte[] file = Sound().Build();
        file[4] = 4;
        using ModelDescription description = new GgufFormat().Describe(_folder.ArtifactOf("m.gguf", file));

        Assert.Equal("gguf-v3", description.CompatibilityMode);
        Assert.Equal(FaultKind.Unsupported, Assert.Single(description.Findings).Kind);
        Assert.Equal(2, description.Tensors.Count);
        Assert.Equal("4", description.Info!.Version);
    }

    [Fact]
    public void Open_PartWithoutTheOthers_NamesThem()
    {
        byte[] part = Sound().Key("split.no", 2, 0, 0).Key("split.count", 2, 3, 0).Build();
        ModelException missing = Assert.Throws<ModelException>(() => new GgufFormat().Open(_folder.ArtifactOf("m-00001-of-00003.gguf", part)));
        ModelException renamed = Assert.Throws<ModelException>(() => new GgufFormat().Open(_folder.ArtifactOf("m.gguf", part)));

        Assert.Equal("LT1022", missing.Diagnostic.Code);
        Assert.Contains("m-00002-of-00003.gguf, m-00003-of-00003.gguf", missing.Message, StringComparison.Ordinal);
        Assert.Equal("LT1021", renamed.Diagnostic.Code);
    }

    [Theory]
    [InlineData(0, 2, 2, "LT1023", "split.no = 0")]
    [InlineData(1, 3, 2, "LT1023", "split.count = 3")]
    [InlineData(1, 2, 3, "LT1024", "2 tensors together")]
    public void Open_PartOfAnotherSet_IsRefused(byte no, byte count, byte total, string code, string detail)
    {
        byte[] first = new GgufFile().Key("split.no", 2, 0, 0).Key("split.count", 2, 2, 0).Key("split.tensors.count", 5, U32(total)).Tensor("a", [4], 0, 16).Build();
        byte[] second = new GgufFile().Key("split.no", 2, no, 0).Key("split.count", 2, count, 0).Tensor("b", [4], 0, 16).Build();
        _folder.Write("m-00002-of-00002.gguf", second);

        ModelException error = Assert.Throws<ModelException>(() => new GgufFormat().Open(_folder.ArtifactOf("m-00001-of-00002.gguf", first)));

        Assert.Equal(code, error.Diagnostic.Code);
        Assert.Contains(detail, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Settings_OfTheFile_AreTakenWithinTheirRanges()
    {
        byte[] file = Sound().Key("general.sampling.temp", 6, BitConverter.GetBytes(0.6f)).Key("general.sampling.top_p", 6, BitConverter.GetBytes(7f)).Key("general.sampling.top_k", 5, U32(20))
            .Key("tokenizer.ggml.eos_token_id", 1).Key("tokenizer.ggml.eot_token_id", 0).Key("tokenizer.ggml.bos_token_id", 0).Key("tokenizer.chat_template", "{{ x }}").Key("llama.pooling_type", 2)
            .Key("general.file_type", 15).Build();
        using ModelContainer model = new GgufFormat().Open(_folder.ArtifactOf("m.gguf", file));

        Assert.Equal((0.6f, null, 20), (model.GenerationDefaults.Temperature, model.GenerationDefaults.TopP, model.GenerationDefaults.TopK));
        Assert.Equal([1, 0], model.EndTokens);
        Assert.Equal(("{{ x }}", true), (model.ChatTemplate, model.Info.HasChatTemplate));
        Assert.Equal("cls", model.Pooling.Mode);
        Assert.Equal("Q4_K_M", model.Info.Quantization);
        Assert.Equal(0, model.Info.Tokenizer!.Special["bos"]);
        Assert.NotNull(model.Tokenizer?.Metadata);
    }

    [Fact]
    public void Read_BigEndianBlocks_SwapsTheScaleAlone()
    {
        // The whole file turned round by hand: version, counts, key-less, one Q8_0 tensor of one block.
        static byte[] Big(byte[] little) => [.. little.Reverse()];
        byte[] file = [.. "GGUF"u8, .. Big(U32(3)), .. Big(U64(1)), .. U64(0), .. Big(U64(1)), (byte)'t', .. Big(U32(1)), .. Big(U64(32)), .. Big(U32(8)), .. U64(0)];
        file = [.. file, .. new byte[64 - file.Length], 0x3C, 0x00, .. Enumerable.Range(1, 32).Select(i => (byte)i)];
        using ModelContainer model = new GgufFormat().Open(_folder.ArtifactOf("m.gguf", file));
        using TensorData data = model.Read(model.Tensors[0]);

        Assert.Equal([0x00, 0x3C, .. Enumerable.Range(1, 32).Select(i => (byte)i)], data.Row(0).ToArray());
    }

    [Fact]
    public void KvBytes_PerLayerHeads_CountsEachLayer()
    {
        byte[] file = new GgufFile().Key("general.architecture", "lfm2").Key("lfm2.block_count", 3).Key("lfm2.embedding_length", 64).Key("lfm2.attention.head_count", 4)
            .Key("lfm2.attention.head_count_kv", 9, [.. U32(5), .. U64(3), .. U32(0), .. U32(2), .. U32(0)]).Build();
        using ModelContainer model = new GgufFormat().Open(_folder.ArtifactOf("m.gguf", file));

        Assert.Equal(2 * (16 + 16) * 2, model.Info.KvBytesPerToken);
        Assert.Equal(2, model.Info.KvHeads);
    }

    [Fact]
    public void Metadata_LongArrayAfterDisposal_ThrowsInsteadOfReadingFreedMemory()
    {
        byte[] file = new GgufFile().Key("a", 9, [.. U32(0), .. U64(100_000), .. new byte[100_000]]).Build();
        ModelContainer model = new GgufFormat().Open(_folder.ArtifactOf("m.gguf", file));
        Assert.True(model.Metadata.TryGet("a", out MetadataValue? value));
        model.Dispose();

        Assert.Equal(100_000, value.Count);
        Assert.Throws<ObjectDisposedException>(() => value.Value);
    }

    [Fact]
    public void Open_RandomMutations_ThrowNothingButModelException()
    {
        byte[] sound = Sound().Key("x", 9, [.. U32(9), .. U64(1), .. U32(8), .. U64(1), .. Text("n")]).Key("general.alignment", 32).Build();
        Random random = new(5);
        for (int i = 0; i < 2000; i++)
        {
            // A name of its own each: some file systems flush a file that is cut and written again.
            string path = _folder.Write($"{i}.gguf", Mutate(random, sound));
            try
            {
                using ModelDescription description = new GgufFormat().Describe(ModelArtifact.FromPath(path));
                foreach (TensorInfo tensor in description.Tensors)
                {
                    description.TryRead(tensor)?.Dispose();
                }

                foreach ((_, MetadataValue value) in description.Metadata!.Entries)
                {
                    _ = value.Value;
                }
            }
            catch (ModelException)
            {
            }
        }
    }

    private static byte[] Mutate(Random random, byte[] sound)
    {
        byte[] file = [.. sound];
        for (int n = random.Next(1, 4); n > 0; n--)
        {
            int at = random.Next(file.Length);
            file[at] = random.Next(3) switch { 0 => (byte)random.Next(256), 1 => 0xFF, _ => (byte)(file[at] ^ (1 << random.Next(8))) };
        }

        return random.Next(8) == 0 ? file[..random.Next(file.Length)] : file;
    }

    private static IEnumerable<byte> Nest(int depth) => depth == 1 ? [.. U32(0), .. U64(1), 7] : [.. U32(9), .. U64(1), .. Nest(depth - 1)];
}
