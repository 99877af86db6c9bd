using System.IO.Compression;
using System.Text;

namespace LlmToolkit.Tests.Diagnosis;

/// <summary>What is no model or not ours: A01, A02, A08, A36, A39, A52.</summary>
internal static partial class FailureTable
{
    private const string Pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 4912345678\n";
    private const string Page = "<!DOCTYPE html>\n<html><head><title>Sign in to Example Proxy</title></head><body>…</body></html>";

    private static IReadOnlyList<FailureCase> Foreign =>
    [
        Saved("A01", "LFS pointer as GGUF", "invalid magic characters: 'vers', expected 'GGUF'", "LT1403", "git lfs pull", "model.gguf", Pointer) with { Says = "4.57 GiB" },
        Saved("A01", "LFS pointer as safetensors", "header too large / HeaderTooLarge", "LT1403", "git lfs pull", "model.safetensors", Pointer) with { Says = "4.57 GiB" },
        Saved("A36", "LFS pointer as .bin", "invalid load key, 'v'.", "LT1403", "git lfs pull", "pytorch_model.bin", Pointer) with { Says = "4.57 GiB" },
        Saved("A02", "login page as GGUF", "invalid magic characters: '<!DO'", "LT1404", "resolve", "model.gguf", Page) with { Says = "Sign in to Example Proxy" },
        Saved("A02", "error text as GGUF", "invalid magic characters: 'Inte'", "LT1420", "", "model.gguf", "Internal Server Error") with { Says = "Internal Server Error" },
        Saved("A02", "entry not found as safetensors", "header too large", "LT1420", "", "model.safetensors", "Entry not found") with { Says = "Entry not found" },
        Saved("A02", "JSON error as GGUF", "invalid magic characters: '{\"er'", "LT1450", "", "model.gguf", "{\"error\":\"Access to model x is restricted and you are not in the authorized list.\"}") with { Says = "restricted" },
        Saved("A36", "page as .bin", "invalid load key, '<'.", "LT1404", "resolve", "pytorch_model.bin", Page),
        File("A36", "zeros as .bin", "invalid load key, '\\x00'.", "LT1418", "Delete", "pytorch_model.bin", () => new byte[4096]),
        File("A08", "ggjt", "invalid magic characters: 'tjgg'", "LT1406", "GGUF", "model.bin", () => [.. "tjgg"u8, 3, 0, 0, 0, .. new byte[64]]),
        File("A08", "ggml", "invalid magic number 67676d6c", "LT1406", "GGUF", "model.bin", () => [.. "lmgg"u8, .. new byte[64]]),
        File("A08", "ggmf", "invalid magic characters: 'fmgg'", "LT1406", "GGUF", "model.bin", () => [.. "fmgg"u8, 1, 0, 0, 0, .. new byte[64]]),
        File("A39", "TorchScript", "Cannot use ``weights_only=True`` with TorchScript archives passed to torch.load", "LT1407", "checkpoint", "model.pt", () => Zip(("m/constants.pkl", "x"), ("m/code/__torch__.py", "x"), ("m/data.pkl", "x"))),
        File("A39", "tar of old torch", "tarfile.ReadError / Invalid magic number; corrupt file?", "LT1415", "tar", "model.pt", Tar),
        File("A39", "zip of a folder", "PytorchStreamReader failed locating file data.pkl", "LT1413", "npack", "model.zip", () => Zip(("folder/config.json", "{}"), ("folder/readme.txt", "x"))),
        File("A52", "ONNX without its data file", "GetFileLength for model.onnx_data failed / External data path does not exist", "LT1441", "missing files", "model.onnx", OnnxWithoutData) with { Says = "model.onnx_data" },
    ];

    private static FailureCase Saved(string id, string what, string elsewhere, string code, string fix, string name, string text) => File(id, what, elsewhere, code, fix, name, () => Encoding.UTF8.GetBytes(text));

    private static byte[] Zip(params (string Name, string Text)[] entries)
    {
        using MemoryStream bytes = new();
        using (ZipArchive zip = new(bytes, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach ((string name, string text) in entries)
            {
                using Stream entry = zip.CreateEntry(name, CompressionLevel.NoCompression).Open();
                entry.Write(Encoding.Latin1.GetBytes(text));
            }
        }

        return bytes.ToArray();
    }

    private static byte[] Tar()
    {
        using MemoryStream bytes = new();
        using (System.Formats.Tar.TarWriter tar = new(bytes, System.Formats.Tar.TarEntryFormat.Ustar, leaveOpen: true))
        {
            tar.WriteEntry(new System.Formats.Tar.UstarTarEntry(System.Formats.Tar.TarEntryType.RegularFile, "storages") { DataStream = new MemoryStream([1, 2, 3]) });
        }

        return bytes.ToArray();
    }

    /// <summary>A graph with one tensor w of two floats whose bytes lie in model.onnx_data.</summary>
    private static byte[] OnnxWithoutData()
    {
        byte[] location = [.. Field(13, [.. Field(1, "location"u8), .. Field(2, "model.onnx_data"u8)])];
        byte[] tensor = [8, 2, 16, 1, .. Field(8, "w"u8), .. location, 112, 1];
        byte[] graph = [.. Field(2, "g"u8), .. Field(5, tensor)];
        return [8, 8, .. Field(7, graph), .. Field(8, (byte[])[16, 17])];
    }

    /// <summary>A protobuf field with a length below 128.</summary>
    private static byte[] Field(int number, ReadOnlySpan<byte> content) => [(byte)((number << 3) | 2), (byte)content.Length, .. content];
}
