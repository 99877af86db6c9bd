using System.Text;
using LlmToolkit.Formats.Foreign;
using LlmToolkit.Tests.PyTorch;

namespace LlmToolkit.Tests.Foreign;

public class ForeignFormatsTests
{
    public static TheoryData<string, string, byte[]> Files => new()
    {
        { "empty", "model.bin", [] },
        { "incomplete-download", "model.gguf.incomplete", "GGUF\u0003\0\0\0"u8.ToArray() },
        { "git-lfs-pointer", "model.safetensors", Text("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n") },
        { "html", "model.bin", Text("\n <!DOCTYPE HTML><title>404</title>") },
        { "html", "model.bin", Text("<html lang=\"en\">") },
        { "xml", "model.bin", Text("<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>") },
        { "json", "model.bin", Text("{\"error\": \"Invalid username or password.\"}") },
        { "json", "model.bin", Text("[1, 2") },
        { "ggml", "model.bin", [0x6C, 0x6D, 0x67, 0x67, 1, 0, 0, 0] },
        { "ggml", "model.bin", [0x74, 0x6A, 0x67, 0x67, 3, 0, 0, 0] },
        { "torchscript", "model.pt", TorchFile.Zip([], entries: [("constants.pkl", []), ("code/m.py", [])]) },
        { "torch-export", "model.pt2", TorchFile.Zip([], entries: [("archive_format", "pt2"u8.ToArray())]) },
        { "keras", "model.keras", TorchFile.Zip([], entries: [("model.weights.h5", [])]) },
        { "hdf5", "model.h5", [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A] },
        { "numpy", "w.npy", [0x93, .. "NUMPY"u8, 1, 0] },
        { "tflite", "m.tflite", [0x1C, 0, 0, 0, .. "TFL3"u8] },
        { "zip", "model.bin", TorchFile.Zip([]) },
        { "gzip", "model.gguf", [0x1F, 0x8B, 8, 0] },
        { "zstd", "model.bin", [0x28, 0xB5, 0x2F, 0xFD] },
        { "xz", "model.bin", [0xFD, .. "7zXZ"u8, 0] },
        { "7z", "model.bin", [0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C] },
        { "tar", "model.pt", [.. new byte[257], .. "ustar\0"u8] },
        { "executable", "model.gguf", [0x7F, .. "ELF"u8, 2] },
        { "media", "model.bin", [0x89, .. "PNG"u8, 0x0D] },
        { "zeros", "model.gguf", new byte[64] },
        { "onnx", "model.bin", [0x08, 0x0A, 0x12, 0x07, .. "pytorch"u8, 0x3A, 0x10] },
        { "onnx", "model.onnx", [0xFF, 0xFE] },
        { "tensorflow-savedmodel", "saved_model.pb", [0x08, 0x01, 0x12, 0xFF] },
        { "text", "model.bin", Text("The weights are in the other folder.\n") },
    };

    /// <summary>Not ours to name: our own formats, and what nothing is known of.</summary>
    public static TheoryData<string, byte[]> Others => new()
    {
        { "a GGUF", "GGUF\u0003\0\0\0\u0001\0\0\0\0\0\0\0"u8.ToArray() },
        { "a safetensors file", [2, 0, 0, 0, 0, 0, 0, 0, .. "{}"u8] },
        { "a pickle", [0x80, 2, 0x7D, 0x2E] },
        { "noise", [0xC3, 0x28, 0x00, 0x9F, 0x92, 0x01] },
    };

    [Theory, MemberData(nameof(Files))]
    public void Recognise_KnownKind_IsNamedAndExplained(string name, string file, byte[] content)
    {
        using TorchFile folder = TorchFile.Create();
        ForeignMatch? match = Recognise(folder.Write(content, file), content);

        Assert.NotNull(match);
        Assert.Equal(name, match.Name);
        Assert.NotEmpty(match.Diagnostic.Fixes);
        Assert.NotEmpty(match.Reason);
        Assert.StartsWith("LT14", match.Diagnostic.Code, StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Others))]
    public void Recognise_OwnOrUnknownKind_IsNothing(string name, byte[] content)
    {
        using TorchFile folder = TorchFile.Create();
        ForeignMatch? match = Recognise(folder.Write(content, "model.bin"), content);

        Assert.True(match is null, $"{name}: {match?.Name}");
    }

    [Fact]
    public void Recognise_Directories_AreNamedByTheirFiles()
    {
        using TorchFile folder = TorchFile.Create();
        Assert.Equal("empty", Recognise(ModelArtifact.FromPath(folder.Folder), [])?.Name);

        folder.Write([1], "__0_0.distcp");
        folder.Write([1], ".metadata");
        Assert.Equal("torch-distributed-checkpoint", Recognise(ModelArtifact.FromPath(folder.Folder), [])?.Name);
    }

    [Fact]
    public void Recognise_Mutations_NeverThrow()
    {
        Random random = new(3);
        using TorchFile folder = TorchFile.Create();
        foreach (byte[] seed in Files.Select(row => row.Data.Item3).Where(c => c.Length > 0))
        {
            ModelArtifact artifact = folder.Write(seed);
            for (int i = 0; i < 200; i++)
            {
                byte[] content = [.. seed];
                content[random.Next(content.Length)] = (byte)random.Next(256);
                _ = Recognise(artifact, content[..random.Next(content.Length + 1)]);
            }
        }
    }

    [Fact]
    public void Recognise_LfsPointer_TellsTheSizeOfTheRealFile()
    {
        using TorchFile folder = TorchFile.Create();
        byte[] pointer = Text("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 4976698672\n");

        Assert.Contains("4976698672", Recognise(folder.Write(pointer), pointer)!.Diagnostic.Message, StringComparison.Ordinal);
    }

    private static ForeignMatch? Recognise(ModelArtifact artifact, byte[] content) =>
        ForeignFormats.Recognise(artifact, new ProbeBytes(content.AsSpan(0, Math.Min(4096, content.Length)), content));

    private static byte[] Text(string text) => Encoding.UTF8.GetBytes(text);
}
