using System.IO.Compression;
using System.Text;
using LlmToolkit.Formats;
using LlmToolkit.Loading;

namespace LlmToolkit.Tests.Loading;

/// <summary>Every format answers on every other's files: one claims its own, none claims another's, whatever the name says.</summary>
public sealed class DetectionMatrixTests : IDisposable
{
    private static readonly string[] s_endings = [".gguf", ".safetensors", ".bin", ".pt", ".pth", ".ckpt", ""];

    private readonly TemporaryFolder _folder = new();

    /// <summary>What is no model of ours: its name in answers ("" where nothing is known of it), and its bytes.</summary>
    public static TheoryData<string, byte[]> Foreign => new()
    {
        { "empty", [] },
        { "git-lfs-pointer", Text("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n") },
        { "html", Text("<!DOCTYPE html><html><head><title>Sign in</title></head></html>") },
        { "xml", Text("<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>") },
        { "json", Text("{\"error\": \"Repository not found\"}") },
        { "json", Text("[{\"weight_map\": {}}]") },
        { "text", Text("# A model card\n\nThe weights are elsewhere.\n") },
        { "numpy", [0x93, .. "NUMPY"u8, 1, 0, 0x76, 0, .. Text("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }".PadRight(117) + "\n"), .. new byte[16]] },
        { "onnx", [0x08, 0x0A, 0x12, 0x07, .. "pytorch"u8, 0x3A, 0x10, .. new byte[16]] },
        { "tar", Tar() },
        { "gzip", Packed(s => new GZipStream(s, CompressionLevel.Fastest)) },
        { "zip", Zip(("readme.txt", "hello")) },
        { "zip", Zip(("word/document.xml", "<a/>"), ("[Content_Types].xml", "<a/>")) },
        { "torchscript", Zip(("m/data.pkl", "\u0080\u0002}."), ("m/constants.pkl", ""), ("m/code/m.py", "")) },
        { "zstd", [0x28, 0xB5, 0x2F, 0xFD, .. new byte[60]] },
        { "executable", [0x7F, .. "ELF"u8, 2, 1, 1, .. new byte[57]] },
        { "executable", Text("#!/bin/sh\nexec python model.py\n") },
        { "hdf5", [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A, .. new byte[56]] },
        { "media", [0x89, .. "PNG"u8, 0x0D, 0x0A, 0x1A, 0x0A, .. new byte[56]] },
        { "ggml", [.. "tjgg"u8, 3, 0, 0, 0, .. new byte[56]] },
        { "zeros", new byte[4096] },
        { "", Noise(4096) },
        { "", [0x80, 0x02, .. new byte[62]] },
        { "", [.. "GGU\0"u8, .. Noise(60)] },
        { "", [0, 0, 0, 0, 0, 0, 0, 0x80, (byte)'{', .. Noise(55)] },
    };

    [Theory, MemberData(nameof(Foreign))]
    public void Detect_Foreign_NoFormatClaimsIt(string recognised, byte[] bytes)
    {
        foreach (string ending in s_endings)
        {
            Detection detection = FormatDetector.Detect(ModelArtifact.FromPath(_folder.File("model" + ending, bytes)), DefaultFormats.All);

            Assert.True(detection.Candidates.Count == 0, $"{recognised}{ending}: claimed by {string.Join(", ", detection.Candidates)}");
            Assert.Equal(recognised, detection.Recognised ?? (detection.Format == "onnx" ? "onnx" : ""));
        }
    }

    [Fact]
    public void Detect_Noise_NoFormatClaimsIt()
    {
        Random random = new(7);
        byte[] bytes = new byte[512];
        for (int i = 0; i < 500; i++)
        {
            random.NextBytes(bytes);
            Detection detection = FormatDetector.Detect(ModelArtifact.FromPath(_folder.File("model.bin", bytes)), DefaultFormats.All);

            Assert.True(detection.Candidates.Count == 0, $"{i}: claimed by {string.Join(", ", detection.Candidates)}");
        }
    }

    [Fact]
    public void Detect_Models_OnlyTheirFormatClaimsThem()
    {
        List<(string Path, string Format)> files =
        [
            .. Of("*.gguf", "gguf", "gguf"), .. Of("*.gguf", "gguf", "gguf-container"), .. Of("*.gguf", "gguf", "gguf-quantized"),
            .. Of("*.safetensors", "safetensors", "models"), .. Of("*.safetensors.index.json", "safetensors", "models"), .. Of("*.safetensors", "safetensors", "adapters"),
            .. Of("*.safetensors", "safetensors", "models-quantized"), .. Of("*.bin", "pytorch", "models"), .. Of("*.bin.index.json", "pytorch", "models"),
            .. Of("*.pt", "pytorch", "pytorch"), .. Of("*.pth", "pytorch", "pytorch"), .. Of("*.bin", "pytorch", "pytorch"),
        ];
        files.AddRange(((string[])["models", "models-quantized", "adapters"]).SelectMany(f => Directory.GetDirectories(SharedData.Conformance(f))).Select(f => (f, "huggingface")));
        List<string> misses = [];
        foreach ((string path, string format) in files)
        {
            Detection detection = FormatDetector.Detect(ModelArtifact.FromPath(path), DefaultFormats.All);
            if (detection.Candidates is not [{ } only] || only.Format != format || detection.Score < 0.5)
            {
                misses.Add($"{path}: {string.Join(", ", detection.Candidates)}, expected {format} alone");
            }
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{files.Count - misses.Count} of {files.Count} files are claimed by their own format alone");
        Assert.True(misses.Count == 0 && files.Count > 0, string.Join('\n', misses));
    }

    [Fact]
    public void Choose_MixedFolder_RanksTheFormatsAndTakesTheOneAskedFor()
    {
        _folder.File("config.json", "{}");
        _folder.BareWeights("model.safetensors");
        _folder.File("model-Q8_0.gguf", TinyGguf.Sound().Build());
        Detection detection = FormatDetector.Detect(ModelArtifact.FromPath(_folder.Path), DefaultFormats.All);

        Assert.Equal(["huggingface", "gguf"], detection.Candidates.Select(c => c.Format));
        Assert.Equal("huggingface", FormatDetector.Choose(detection, null, DefaultFormats.All).Name);
        using ModelDescription description = FormatDetector.Choose(detection, "gguf", DefaultFormats.All).Describe(detection.Artifact);
        Assert.Equal("gguf", description.Info!.Format);
    }

    [Theory]
    [InlineData("<html>", "gguf", "LT1404")]
    [InlineData("\u0008\u0007\u0012\u0001a", "onnx", null)]
    [InlineData("nothing known\u0000", "onnx", "LT2102")]
    [InlineData("nothing known\u0000", "gguf", null)]
    public void Choose_AskedFormatOfNoModel_SaysWhatTheFileIs(string content, string asked, string? code)
    {
        Detection detection = FormatDetector.Detect(ModelArtifact.FromPath(_folder.File("m", content)), DefaultFormats.All);

        string? found = null;
        try
        {
            _ = FormatDetector.Choose(detection, asked, DefaultFormats.All);
        }
        catch (ModelException e)
        {
            found = e.Diagnostic.Code;
        }

        Assert.Equal(code, found);
    }

    public void Dispose() => _folder.Dispose();

    private static IEnumerable<(string Path, string Format)> Of(string pattern, string format, string folder) =>
        Directory.EnumerateFiles(SharedData.Conformance(folder), pattern, SearchOption.AllDirectories).Select(f => (f, format));

    private static byte[] Text(string text) => Encoding.UTF8.GetBytes(text);

    private static byte[] Noise(int length)
    {
        byte[] bytes = new byte[length];
        new Random(1).NextBytes(bytes);
        return bytes;
    }

    private static byte[] Tar()
    {
        using MemoryStream stream = new();
        using (System.Formats.Tar.TarWriter writer = new(stream, leaveOpen: true))
        {
            writer.WriteEntry(new System.Formats.Tar.UstarTarEntry(System.Formats.Tar.TarEntryType.RegularFile, "model.bin") { DataStream = new MemoryStream([1, 2, 3]) });
        }

        return stream.ToArray();
    }

    private static byte[] Packed(Func<Stream, Stream> pack)
    {
        using MemoryStream stream = new();
        using (Stream packer = pack(stream))
        {
            packer.Write("GGUF"u8);
        }

        return stream.ToArray();
    }

    private static byte[] Zip(params (string Name, string Content)[] entries)
    {
        using MemoryStream stream = new();
        using (System.IO.Compression.ZipArchive zip = new(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach ((string name, string content) in entries)
            {
                using Stream entry = zip.CreateEntry(name).Open();
                entry.Write(Encoding.Latin1.GetBytes(content));
            }
        }

        return stream.ToArray();
    }
}
