using System.Buffers.Binary;
using System.Text;

namespace LlmToolkit.Tests.Diagnosis;

/// <summary>Safetensors and PyTorch files: A33-A40.</summary>
internal static partial class FailureTable
{
    private const string Weights = "model.safetensors";

    private static IReadOnlyList<FailureCase> Checkpoints =>
    [
        File("A33", "cut in the data", "incomplete metadata, file not fully covered (MetadataIncompleteBuffer)", "LT1110", "Resume", Weights, () => Safe(Two)[..^4]) with { Says = "%" },
        File("A33", "bytes appended", "incomplete metadata, file not fully covered (MetadataIncompleteBuffer)", "LT1110", "original", Weights, () => [.. Safe(Two), 0, 0, 0, 0]) with { Says = "too many" },
        File("A33", "cut in the header", "invalid header length", "LT1113", "Resume", Weights, () => Safe(Two)[..20]),
        File("A33", "5 bytes", "header too small", "LT2101", "download is complete", Weights, () => [60, 0, 0, 0, 0]) with { Says = "5 bytes" },
        File("A33", "header no JSON", "invalid JSON in header", "LT1103", "Download the file again", Weights, () => Safe("{\"a\":{\"dtype\":\"F32\",\"shape\":[2] \"data_offsets\":[0,8]}}")),
        File("A33", "header no UTF-8", "invalid UTF-8 in header", "LT1102", "Download the file again", Weights, () => Safe("{\"a\u00ff\":1}", latin1: true)),
        File("A33", "offsets beyond the file", "invalid offset for tensor", "LT1109", "original", Weights, () => Safe("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]}}")),
        File("A35", "zip without its directory", "PytorchStreamReader failed reading zip archive: failed finding central directory", "LT1207", "Download the file again", "pytorch_model.bin", () => Checkpoint(PickleBytes.Tensor)[..200]),
        File("A37", "class of a project", "Weights only load failed … Unsupported global: GLOBAL my.model.Net was not an allowed global by default", "LT1220", "safetensors", "model.pt", () => Checkpoint(PickleBytes.Call("my.model", "Net", "x"))) with { Says = "my.model.Net" },
        File("A38", "os.system", "(runs it)", "LT1220", "safetensors", "model.pt", () => Checkpoint(PickleBytes.Call("posix", "system", "id"))) with { Says = "posix.system" },
        File("A38", "builtins.eval", "(runs it)", "LT1220", "safetensors", "model.pt", () => Checkpoint(PickleBytes.Call("builtins", "eval", "1"))) with { Says = "builtins.eval" },
        File("A39", "encrypted zip", "File … is encrypted, password required for extraction", "LT1209", "ncrypt", "model.pt", () => Encrypted(Checkpoint(PickleBytes.Tensor))) with { Says = "encrypted" },
        File("A40", "optimizer state", "KeyError: 'model.embed_tokens.weight'", "LT1232", "weights", "scheduler.pt", () => Checkpoint(PickleBytes.Numbers)) with { Says = "training state" },
    ];

    private const string Two = "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}";

    private static byte[] Safe(string header, bool latin1 = false)
    {
        byte[] text = (latin1 ? Encoding.Latin1 : Encoding.UTF8).GetBytes(header);
        byte[] length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, text.Length);
        return [.. length, .. text, .. new byte[8]];
    }

    private static byte[] Checkpoint(byte[] pickle) =>
        Zip(("archive/data.pkl", Encoding.Latin1.GetString(pickle)), ("archive/data/0", new string('\0', 16)), ("archive/version", "3\n"));

    /// <summary>Sets the encryption flag of every entry, in the local headers and in the directory.</summary>
    private static byte[] Encrypted(byte[] zip)
    {
        byte[] copy = [.. zip];
        for (int i = 0; i + 4 < copy.Length; i++)
        {
            uint mark = BinaryPrimitives.ReadUInt32LittleEndian(copy.AsSpan(i));
            if (mark is 0x04034B50 or 0x02014B50)
            {
                copy[i + (mark == 0x04034B50 ? 6 : 8)] |= 1;
            }
        }

        return copy;
    }
}
