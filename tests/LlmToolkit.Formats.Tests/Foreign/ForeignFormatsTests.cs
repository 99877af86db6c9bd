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
        { "incomplete-download", "model.safetensors.aria2", [0, 1, 0, 0, 0, 0, 0, 0, 0, 0] },
        { "incomplete-download", "model.bin.crdownload", [1, 2, 3] },
        { "incomplete-download", "model.bin.!ut", [1, 2, 3] },
        { "git-lfs-pointer", "model.bin", Text("version https://hawser.github.com/spec/v1\noid sha256:00\nsize 1\n") },
        { "ggml", "ggml-base.bin", [0x6C, 0x6D, 0x67, 0x67, 0x99, 0xCA, 0, 0] },
        { "ggml", "lora.bin", [0x61, 0x6C, 0x67, 0x67, 1, 0, 0, 0] },
        { "imatrix", "imatrix.dat", [4, 0, 0, 0, 19, 0, 0, 0, .. "blk.0.attn_q.weight"u8, 1, 0, 0, 0] },
        { "nemo", "model.nemo", [.. "./model_config.yaml"u8, .. new byte[238], .. "ustar\0"u8] },
        { "llamafile", "model.llamafile", [.. "MZqFpD='\n"u8, 1, 2, 3] },
        { "llamafile", "model.llamafile", [0x7F, .. "ELF"u8, 2] },
        { "executable", "install.bin", Text("#!/bin/sh\necho hi\n") },
        { "executable", "plugin.bin", [0, .. "asm"u8, 1, 0, 0, 0] },
        { "media", "m.bin", [.. "RIFF"u8, 1, 0, 0, 0, .. "WAVE"u8] },
        { "media", "m.bin", [0, 0, 0, 32, .. "ftypisom"u8] },
        { "media", "m.bin", [.. "%PDF-1.7"u8] },
        { "sentencepiece", "tokenizer.model", [0x0A, 0x0E, 0x0A, 0x05, .. "<unk>"u8, 0x15, 0, 0, 0, 0, 0x18, 2, 0x0A, 0x0A] },
        { "coreml", "model.mlmodel", [0x08, 0x04, 0x12, 0x05, 0x0A, 0x03, 0xFF, 0x00, 0x01] },
        { "tensorrt", "model.engine", [.. "ftrt"u8, 0, 0, 0, 1] },
        { "tensorrt", "model.plan", [0xAA, 0, 1, 2] },
        { "openvino", "openvino_model.xml", Text("<?xml version=\"1.0\"?>\n<net name=\"m\" version=\"11\">") },
        { "flax", "flax_model.msgpack", [0x84, 0xA6, 0, 1] },
        { "ort", "model.ort", [0x1C, 0, 0, 0, .. "ORTM"u8] },
        { "executorch", "model.pte", [0x1C, 0, 0, 0, .. "ET12"u8] },
        { "ncnn", "model.param", Text("7767517\n75 83\nInput data 0 1 data\n") },
        { "tensorflow-checkpoint", "model.ckpt.data-00000-of-00001", [1, 0, 2, 0x80] },
        { "tensorflow-graph", "frozen.pb", [0x0A, 0x10, 0x0A, 0x01, 0xFF] },
        { "onnx-text", "model.onnxtxt", Text("<\n  ir_version: 7,\n") },
        { "onnx-text", "model.pbtxt", Text("ir_version: 8\nproducer_name: \"x\"\n") },
        { "split-part", "model.gguf.part2of3", [0x9A, 1, 0, 2] },
        { "split-part", "model.gguf-split-b", [0x9A, 1, 0, 2] },
        { "text", "notes.bin", [0xFF, 0xFE, (byte)'h', 0, (byte)'i', 0] },
        { "text", "notes.bin", [0xFE, 0xFF, 0, (byte)'h', 0, (byte)'i'] },
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

    /// <summary>What stands in the message or its evidence.</summary>
    [Theory]
    [InlineData("model.bin", "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 4976698672\n", "LT1403", "4.63 GiB", "4d7a2146")]
    [InlineData("model.bin", "<!doctype html><html><head><title>\n Sign in &amp; accept </title>", "LT1404", "Sign in & accept", "Sign in")]
    [InlineData("model.bin", "<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>", "LT1404", "Request has expired", "Request")]
    [InlineData("model.bin", "{\"error\":\"Invalid username or password.\"}", "LT1450", "Invalid username or password.", "Invalid")]
    [InlineData("model.bin", "{\"error\":{\"code\":429,\"message\":\"Too many requests\\u001b[31m\"}}", "LT1450", "Too many requests\\u001b[31m", "Too many")]
    [InlineData("model.bin", "{\"detail\":\"Not found\"}", "LT1450", "Not found", "Not found")]
    [InlineData("config.json", "{\"model_type\":\"llama\"}", "LT1451", "the model's configuration", "configuration")]
    [InlineData("tokenizer.json", "{\"version\":\"1.0\"}", "LT1452", "tokenizer", "tokenizer.json")]
    [InlineData("adapter_config.json", "{\"peft_type\":\"LORA\"}", "LT1451", "adapter", "adapter")]
    [InlineData("README.md", "# A model\n", "LT1451", "description", "description")]
    [InlineData("Modelfile", "FROM ./m.gguf\n", "LT1451", "FROM line", "Ollama")]
    [InlineData("model.bin", "Entry not found", "LT1420", "Entry not found", "Entry not found")]
    public void Recognise_Text_IsQuotedAsEvidence(string file, string content, string code, string message, string evidence)
    {
        using TorchFile folder = TorchFile.Create();
        Diagnostic found = Recognise(folder.Write(Text(content), file), Text(content))!.Diagnostic;

        Assert.Equal(code, found.Code);
        Assert.Contains(message, found.Message, StringComparison.Ordinal);
        Assert.Contains(evidence, found.Evidence, StringComparison.Ordinal);
        Assert.NotNull(found.Cause);
    }

    [Fact]
    public void Recognise_ControlFileOfAria2_TellsHowMuchHasArrived()
    {
        // Version 1, no hash, pieces of 256 bytes, 1,024 in total, nothing uploaded, one byte of bits: three of four pieces.
        byte[] control = [0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0b1110_0000];
        using TorchFile folder = TorchFile.Create();

        Assert.Contains("75 % of 1024 bytes", Recognise(folder.Write(control, "m.gguf.aria2"), control)!.Diagnostic.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Recognise_Zip_ListsWhatItHolds()
    {
        byte[] zip = TorchFile.Zip([], entries: [("model-q4.gguf", [1]), ("readme.txt", [2])]);
        using TorchFile folder = TorchFile.Create();

        Assert.Contains("model-q4.gguf", Recognise(folder.Write(zip), zip)!.Diagnostic.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("notes.txt", "folder-without-model", "1 .txt")]
    [InlineData("model_index.json", "diffusers", "diffusers")]
    [InlineData("flax_model.msgpack", "flax", "flax_model.msgpack")]
    [InlineData("openvino_model.xml", "openvino", "openvino_model.xml")]
    [InlineData("tf_model.h5", "other-runtime", "TensorFlow")]
    [InlineData("saved_model.pb", "tensorflow-savedmodel", "saved_model.pb")]
    [InlineData("tokenizer.json", "folder-without-model", "tokenizer.json")]
    [InlineData("Config.json", "folder-without-model", "small letters")]
    [InlineData("inner/model.safetensors", "folder-without-model", "folder inner inside holds a model")]
    public void Recognise_FolderWithoutModel_SaysWhatLiesThere(string file, string name, string reason)
    {
        using LlmToolkit.Formats.Tests.Shared.TemporaryFolder folder = new();
        folder.Write(file, "{}");
        ForeignMatch match = Recognise(folder.Artifact, [])!;

        Assert.Equal(name, match.Name);
        Assert.Contains(reason, match.Reason, StringComparison.Ordinal);
        Assert.Equal(file.Contains('/', StringComparison.Ordinal), match.Diagnostic.Fixes[0].StartsWith("Name the folder inside", StringComparison.Ordinal));
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
