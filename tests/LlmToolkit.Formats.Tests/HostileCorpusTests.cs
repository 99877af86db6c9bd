using System.Text.Json;
using LlmToolkit.Formats.Foreign.Onnx;
using LlmToolkit.Formats.Tests.Shared;
using LlmToolkit.Tests;

namespace LlmToolkit.Formats.Tests;

/// <summary>The shared set's generator of hostile files: nothing may be thrown but <see cref="ModelException"/>, nothing large allocated, and what must be accepted is.</summary>
public sealed class HostileCorpusTests
{
    /// <summary>Faults that the bytes of a container do not show: the model's checks, the tokenizer's reader or the engine find them.</summary>
    private static readonly string[] s_laterStages = ["load", "tokenizer", "config", "generate", "template"];

    [Fact]
    public void Describe_EveryHostileFile_RefusesOrAccepts()
    {
        using TemporaryFolder folder = new();
        HostileCorpus.Make(folder.Path);
        using JsonDocument corpus = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder.Path, "expected.json")));
        List<string> misses = [];
        int seen = 0;
        foreach (JsonElement item in corpus.RootElement.GetProperty("cases").EnumerateArray())
        {
            string format = item.GetProperty("format").GetString()!;
            if (format is not ("gguf" or "safetensors" or "hf_dir" or "misc" or "onnx"))
            {
                continue;
            }

            seen++;
            Judge(item, format, Path.Combine(folder.Path, item.GetProperty("path").GetString()!), misses);
        }

        Assert.True(seen > 300, $"{seen} files");
        Assert.True(misses.Count == 0, string.Join('\n', misses));
    }

    private static void Judge(JsonElement item, string format, string path, List<string> misses)
    {
        string id = item.GetProperty("id").GetString()!, outcome = item.GetProperty("outcome").GetString()!, stage = item.GetProperty("stage").GetString()!;
        string[] names = format switch { "hf_dir" => ["huggingface"], "misc" => ["gguf", "safetensors"], _ => [format] };
        foreach (IModelFormat reader in DefaultFormats.All.Append(OnnxFormat.Instance).Where(f => names.Contains(f.Name)))
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            bool refused = true;
            try
            {
                using ModelDescription description = reader.Describe(ModelArtifact.FromPath(path));
                // Every ONNX file is unsupported as long as its plug-in is not there.
                refused = description.Findings.Any(f => f.Severity >= Severity.High && (format != "onnx" || f.Kind == FaultKind.Refused));
            }
            catch (ModelException)
            {
            }
            catch (Exception e)
            {
                misses.Add($"{id} ({reader.Name}): {e.GetType().Name} {e.Message}");
            }

            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            if (allocated > 128 << 20)
            {
                misses.Add($"{id} ({reader.Name}): {allocated} bytes allocated");
            }

            // "metadata" faults of category config are about the model's numbers, not about the container.
            bool ours = !s_laterStages.Contains(stage) && item.GetProperty("category").GetString() is not ("config" or "path");
            if ((outcome == "accept" && refused) || (outcome == "reject" && !refused && ours && format != "misc"))
            {
                misses.Add($"{id} ({reader.Name}, stage {stage}): {(refused ? "refused" : "accepted")}");
            }
        }
    }
}
