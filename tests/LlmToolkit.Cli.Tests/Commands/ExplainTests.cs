using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.Json;
using System.Text.RegularExpressions;
using LlmToolkit.Diagnosis;

namespace LlmToolkit.Cli.Tests.Commands;

/// <summary>llmtk explain: codes, messages of other programs, and what is neither.</summary>
public sealed partial class ExplainTests
{
    [Theory]
    [InlineData("LT1016")]
    [InlineData("lt1016")]
    [InlineData("1016")]
    public async Task Explain_Code_HasTheMembersOfTheContract(string code)
    {
        CommandResult result = await CommandLine.RunAsync("explain", code, "--json");

        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        JsonElement json = result.Json;
        Assert.Equal(("LT1016", "format"), (json.GetProperty("code").GetString(), json.GetProperty("category").GetString()));
        Assert.NotEmpty(json.GetProperty("title").GetString()!);
        Assert.NotEmpty(json.GetProperty("example").GetString()!);
        Assert.NotEqual(0, json.GetProperty("causes").GetArrayLength());
        Assert.NotEqual(0, json.GetProperty("fixes").GetArrayLength());
    }

    [Fact]
    public async Task Explain_ForeignMessage_IsTheCodeItMapsTo()
    {
        CommandResult result = await CommandLine.RunAsync("explain", "gguf_init: invalid magic characters: 'vers', expected 'GGUF'", "--json");

        Assert.Equal(("LT1403", true), (result.Json.GetProperty("code").GetString(), result.Json.GetProperty("recognised_message").GetBoolean()));
    }

    [Fact]
    public async Task Explain_WordsWithoutQuotes_AreOneMessage()
    {
        CommandResult result = await CommandLine.RunAsync("explain", "cudaMalloc", "failed:", "out", "of", "memory", "--json");

        Assert.Equal("LT5111", result.Json.GetProperty("code").GetString());
    }

    [Fact]
    public async Task Explain_Dash_ReadsALog()
    {
        CommandResult result = await CommandLine.PipeAsync("load: error loading model: missing tensor 'blk.3.attn_q.weight'\nllama_model_load_from_file: failed to load model\n", "explain", "-", "--json");

        Assert.Equal("LT4020", result.Json.GetProperty("code").GetString());
    }

    [Theory]
    [InlineData("LT1099", "LT8020")]
    [InlineData("nothing that anybody says", "LT8021")]
    public async Task Explain_Unknown_IsWrongUsageWithTheNearest(string text, string code)
    {
        CommandResult result = await CommandLine.RunAsync("explain", text, "--json");

        Assert.Equal((2, code), (result.ExitCode, result.ErrorCode));
        Assert.NotEqual(0, result.Json.GetProperty("error").GetProperty("fixes").GetArrayLength());
    }

    [Fact]
    public async Task Explain_NoArgument_ListsEveryCode()
    {
        CommandResult text = await CommandLine.RunAsync("explain");
        CommandResult json = await CommandLine.RunAsync("explain", "--json");

        Assert.All(ErrorCatalog.All, e => Assert.Contains($"{e.Code}  {e.Title}", text.Out, StringComparison.Ordinal));
        Assert.Equal(ErrorCatalog.All.Count, json.Json.GetArrayLength());
    }

    /// <summary>Advice must not send anyone to a command or an option that does not exist.</summary>
    [Fact]
    public void Fixes_CommandsInThem_Exist()
    {
        RootCommand root = Program.Build(CommandLine.Host(Stream.Null, TextWriter.Null));
        HashSet<string> names = [.. root.Subcommands.Select(c => c.Name), "--version", "--help"];
        HashSet<string> options = [.. All(root).SelectMany(c => c.Options).SelectMany(o => o.Aliases.Append(o.Name))];
        List<string> wrong = [];
        foreach (ErrorEntry entry in ErrorCatalog.All)
        {
            foreach (string fix in entry.Fixes)
            {
                wrong.AddRange(Command().Matches(fix).Where(m => !names.Contains(m.Groups["name"].Value)).Select(m => $"{entry.Code}: {m.Value}"));
                wrong.AddRange(OurOption().Matches(fix).Where(m => !options.Contains(m.Groups["option"].Value)).Select(m => $"{entry.Code}: {m.Value}"));
            }
        }

        Assert.True(wrong.Count == 0, string.Join("\n", wrong));
    }

    private static IEnumerable<Command> All(Command command) => command.Subcommands.SelectMany(All).Prepend(command);

    [GeneratedRegex(@"[`']llmtk (?<name>[a-z-]+)|(?<=\()llmtk (?<name>[a-z-]+)|: llmtk (?<name>[a-z-]+)")]
    private static partial Regex Command();

    [GeneratedRegex(@"`llmtk [^`]*?(?<option>--[a-z-]+)")]
    private static partial Regex OurOption();
}
