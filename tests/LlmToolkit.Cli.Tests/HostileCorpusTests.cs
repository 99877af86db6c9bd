using System.Text;
using System.Text.Json;
using LlmToolkit.Tests;

namespace LlmToolkit.Cli.Tests;

/// <summary>The shared set's hostile files of every kind, through the command line as a user meets them: the right outcome, nothing executed, nothing told that lies outside, no control characters in what is printed.</summary>
public sealed class HostileCorpusTests
{
    [Fact]
    public async Task Commands_EveryHostileFile_EndAsTheyMust()
    {
        using TemporaryFolder folder = new();
        HostileCorpus.Make(folder.Path);
        string marker = folder.Name("marker");
        using JsonDocument corpus = JsonDocument.Parse(await File.ReadAllBytesAsync(folder.Name("expected.json"), TestContext.Current.CancellationToken));
        JsonElement defaults = corpus.RootElement.GetProperty("defaults");
        string conversation = Conversation(folder, defaults);
        List<string> misses = [];
        int count = 0;
        Environment.SetEnvironmentVariable(defaults.GetProperty("marker_variable").GetString()!, marker);
        foreach (JsonElement item in corpus.RootElement.GetProperty("cases").EnumerateArray())
        {
            count++;
            string id = item.GetProperty("id").GetString()!;
            CommandResult run = await CommandLine.RunAsync(Arguments(item, folder, conversation));
            bool accepted = Accepted(item.GetProperty("format").GetString()!, run);
            string outcome = item.GetProperty("outcome").GetString()!;
            if ((outcome == "reject" && accepted) || (outcome is "accept" or "warn" && !accepted))
            {
                misses.Add($"{id}: {outcome}, but {(accepted ? "accepted" : "refused")}: {run.Out} {run.Error}");
            }

            string printed = run.Out + run.Error;
            if (run.ExitCode == 1 || File.Exists(marker) || printed.Contains("root:x", StringComparison.Ordinal) || printed.Contains("TOP-SECRET-LINE", StringComparison.Ordinal) || printed.Any(IsUnsafe))
            {
                misses.Add($"{id}: exit code {run.ExitCode}, {printed}");
            }
        }

        Assert.True(count > 600, $"{count} cases");
        Assert.True(misses.Count == 0, string.Join('\n', misses));
    }

    private static string[] Arguments(JsonElement item, TemporaryFolder folder, string conversation)
    {
        string path = folder.Name(item.GetProperty("path").GetString()!);
        return item.GetProperty("format").GetString() switch
        {
            "tokenizer" => ["tokenize", path, "--file", folder.File("probe.txt", Probe(item)), "--json"],
            "template" => ["template", path, "--batch", conversation, "--json"],
            _ => ["validate", path, "--json"],
        };
    }

    /// <summary>A sound ONNX file is unsupported as long as its plug-in is not there; a template's error stands in its line.</summary>
    private static bool Accepted(string format, CommandResult run) => format switch
    {
        "onnx" => run.ExitCode is 0 or 4,
        "template" => run.ExitCode == 0 && !run.Lines[0].TryGetProperty("error", out _),
        _ => run.ExitCode == 0,
    };

    private static string Probe(JsonElement item)
    {
        if (!item.TryGetProperty("probe", out JsonElement probe))
        {
            return "Hello world";
        }

        return probe.TryGetProperty("text", out JsonElement text) ? text.GetString()!
            : new StringBuilder().Insert(0, probe.GetProperty("repeat").GetString()!, probe.GetProperty("count").GetInt32()).Append(probe.GetProperty("suffix").GetString()).ToString();
    }

    private static string Conversation(TemporaryFolder folder, JsonElement defaults)
    {
        JsonElement variables = defaults.GetProperty("template_vars");
        return folder.File("conversation.jsonl", JsonSerializer.Serialize(new Dictionary<string, JsonElement>
        {
            ["messages"] = defaults.GetProperty("template_messages"),
            ["add_generation_prompt"] = variables.GetProperty("add_generation_prompt"),
            ["bos_token"] = variables.GetProperty("bos_token"),
            ["eos_token"] = variables.GetProperty("eos_token"),
        }) + "\n");
    }

    /// <summary>Controls, and marks that turn the direction of text.</summary>
    private static bool IsUnsafe(char c) => (char.IsControl(c) && c is not ('\n' or '\r' or '\t')) || c is >= '\u202A' and <= '\u202E' or >= '\u2066' and <= '\u2069';
}
