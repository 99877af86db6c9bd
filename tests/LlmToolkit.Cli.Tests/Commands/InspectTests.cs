using System.Text.Json;
using LlmToolkit.Tests;

namespace LlmToolkit.Cli.Tests.Commands;

/// <summary>Every fact of the conformance files, through the command line alone.</summary>
public sealed class InspectTests
{
    private static readonly Dictionary<string, string> s_torchTypes = new()
    {
        ["float64"] = "F64",
        ["float32"] = "F32",
        ["float16"] = "F16",
        ["bfloat16"] = "BF16",
        ["float8_e4m3fn"] = "F8_E4M3",
        ["float8_e5m2"] = "F8_E5M2",
        ["int64"] = "I64",
        ["int32"] = "I32",
        ["int16"] = "I16",
        ["int8"] = "I8",
        ["uint8"] = "U8",
        ["uint16"] = "U16",
        ["uint32"] = "U32",
        ["uint64"] = "U64",
        ["bool"] = "BOOL",
        ["complex64"] = "C64",
        ["complex128"] = "C128",
        ["complex32"] = "C32",
    };

    [Fact]
    public async Task Inspect_Gguf_ReportsEveryFact()
    {
        List<string> misses = [];
        foreach (string facts in Directory.GetFiles(SharedData.Conformance("gguf-container"), "*.json").Order(StringComparer.Ordinal))
        {
            string file = Path.ChangeExtension(facts, ".gguf");
            string name = Path.GetFileNameWithoutExtension(file);
            using JsonDocument expected = JsonDocument.Parse(await File.ReadAllBytesAsync(facts, TestContext.Current.CancellationToken));
            CommandResult result = await CommandLine.RunAsync("inspect", file, "--metadata", "--hash", "--json");
            JsonElement json = result.Json;
            void Compare(string what, string wanted, string found)
            {
                if (wanted != found)
                {
                    misses.Add($"{name} {what}: {found}, expected {wanted}");
                }
            }

            Compare("exit code", "0", $"{result.ExitCode}");
            Compare("version", expected.RootElement.GetProperty("version").ToString(), json.GetProperty("version").ToString());
            Compare("byte order", expected.RootElement.GetProperty("byte_order").ToString(), json.GetProperty("byte_order").ToString());
            // A part stands for its set, so the metadata and the number of tensors are the set's.
            if (!name.Contains("-of-", StringComparison.Ordinal))
            {
                CompareMetadata(expected.RootElement.GetProperty("metadata"), json.GetProperty("metadata"), Compare);
                Compare("tensors", $"{expected.RootElement.GetProperty("tensors").GetArrayLength()}", $"{json.GetProperty("tensors").GetArrayLength()}");
            }

            Dictionary<string, JsonElement> tensors = json.GetProperty("tensors").EnumerateArray().ToDictionary(t => t.GetProperty("name").GetString()!);
            foreach (JsonElement tensor in expected.RootElement.GetProperty("tensors").EnumerateArray())
            {
                string key = tensor.GetProperty("name").GetString()!;
                Compare(key, $"{tensor.GetProperty("type")} [{string.Join(',', tensor.GetProperty("ne").EnumerateArray().Reverse())}] {tensor.GetProperty("absolute")} {tensor.GetProperty("bytes")} {tensor.GetProperty("sha256")} {file}",
                    tensors.TryGetValue(key, out JsonElement t) ? $"{t.GetProperty("dtype")} [{string.Join(',', t.GetProperty("shape").EnumerateArray())}] {t.GetProperty("offset")} {t.GetProperty("bytes")} {t.GetProperty("sha256")} {t.GetProperty("file")}" : "absent");
            }
        }

        Assert.True(misses.Count == 0, string.Join('\n', misses));
    }

    [Fact]
    public async Task Inspect_PyTorch_ReportsEveryTensorAndGlobal()
    {
        List<string> misses = [];
        foreach (string facts in Directory.GetFiles(SharedData.Conformance("pytorch"), "*.json").Where(f => Path.GetFileName(f) != "index.json").Order(StringComparer.Ordinal))
        {
            using JsonDocument document = JsonDocument.Parse(await File.ReadAllBytesAsync(facts, TestContext.Current.CancellationToken));
            JsonElement expected = document.RootElement;
            CommandResult result = await CommandLine.RunAsync("inspect", Path.Combine(Path.GetDirectoryName(facts)!, expected.GetProperty("file").GetString()!), "--hash", "--json");
            string name = expected.GetProperty("file").GetString()!;
            bool loads = expected.GetProperty("expect").GetString() == "load";
            if (result.ExitCode != (loads ? 0 : 3))
            {
                misses.Add($"{name}: exit code {result.ExitCode}");
            }

            Dictionary<string, JsonElement> tensors = result.Json.GetProperty("tensors").EnumerateArray().ToDictionary(t => t.GetProperty("name").GetString()!);
            foreach (JsonElement tensor in loads ? expected.GetProperty("tensors").EnumerateArray() : default)
            {
                string key = string.Join('.', tensor.GetProperty("path").EnumerateArray());
                string type = tensor.GetProperty("dtype").GetString()!;
                string wanted = $"{s_torchTypes.GetValueOrDefault(type, type)} {tensor.GetProperty("sha256")}";
                string found = tensors.TryGetValue(key, out JsonElement t) ? $"{t.GetProperty("dtype")} {t.GetProperty("sha256")}" : "absent";
                if (wanted != found)
                {
                    misses.Add($"{name} {key}: {found}, expected {wanted}");
                }
            }

            if (expected.TryGetProperty("opaque", out JsonElement opaque)
                && opaque.EnumerateArray().Any(o => !result.Json.GetProperty("opaque").EnumerateArray().Any(x => x.GetString() == o.GetString())))
            {
                misses.Add($"{name}: opaque {result.Json.GetProperty("opaque")}");
            }
        }

        Assert.True(misses.Count == 0, string.Join('\n', misses));
    }

    [Fact]
    public async Task Inspect_Shard_MeansTheWholeSet()
    {
        string part = SharedData.Conformance("gguf-container", "llama-split-00002-of-00003.gguf");

        CommandResult result = await CommandLine.RunAsync("inspect", part, "--json");

        Assert.Equal(3, result.Json.GetProperty("files").GetArrayLength());
    }

    private static void CompareMetadata(JsonElement expected, JsonElement found, Action<string, string, string> compare)
    {
        compare("keys", string.Join(' ', expected.EnumerateObject().Select(p => p.Name)), string.Join(' ', found.EnumerateObject().Select(p => p.Name)));
        foreach (JsonProperty entry in expected.EnumerateObject())
        {
            if (found.TryGetProperty(entry.Name, out JsonElement value) && !Same(entry.Value, value))
            {
                compare(entry.Name, entry.Value.ToString(), value.ToString());
            }
        }
    }

    /// <summary>Numbers by value, everything else as it is.</summary>
    private static bool Same(JsonElement a, JsonElement b) => a.ValueKind == b.ValueKind && a.ValueKind switch
    {
        JsonValueKind.Object => a.EnumerateObject().Count() == b.EnumerateObject().Count() && a.EnumerateObject().All(p => b.TryGetProperty(p.Name, out JsonElement other) && Same(p.Value, other)),
        JsonValueKind.Array => a.GetArrayLength() == b.GetArrayLength() && a.EnumerateArray().Zip(b.EnumerateArray()).All(p => Same(p.First, p.Second)),
        JsonValueKind.Number => a.GetDouble() == b.GetDouble() && (!a.TryGetUInt64(out ulong x) || !b.TryGetUInt64(out ulong y) || x == y),
        _ => a.ToString() == b.ToString(),
    };
}
