using System.CommandLine;
using System.CommandLine.Parsing;
using LlmToolkit.Tests;

namespace LlmToolkit.Cli.Tests;

/// <summary>The help of every command is kept as text: LLMTK_UPDATE=1 writes it anew.</summary>
public sealed class HelpTests
{
    public static TheoryData<string> Commands => ["", .. Names(Root(), "")];

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task Help_EveryCommand_IsAsKept(string command)
    {
        string path = Path.Combine(SharedData.Repository, "tests", "LlmToolkit.Cli.Tests", "Snapshots", (command.Length == 0 ? "llmtk" : command.Replace(' ', '-')) + ".txt");

        CommandResult help = command.Length == 0 ? await CommandLine.RunAsync("--help") : await CommandLine.RunAsync([.. command.Split(' '), "--help"]);

        Assert.Equal((0, ""), (help.ExitCode, help.Error));
        Assert.Contains("Examples:", help.Out, StringComparison.Ordinal);
        if (Environment.GetEnvironmentVariable("LLMTK_UPDATE") == "1")
        {
            await File.WriteAllTextAsync(path, help.Out, TestContext.Current.CancellationToken);
        }

        Assert.True(File.Exists(path), $"{path} is missing; run the tests with LLMTK_UPDATE=1.");
        Assert.Equal(await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken), help.Out);
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task Examples_EveryCommand_AreCommandsThatExist(string command)
    {
        CommandResult help = command.Length == 0 ? await CommandLine.RunAsync("--help") : await CommandLine.RunAsync([.. command.Split(' '), "--help"]);
        string[] examples = [.. help.Out.Split("Examples:\n")[1].Split('\n').Select(l => l[Math.Max(0, l.IndexOf("llmtk ", StringComparison.Ordinal))..]).Where(l => l.StartsWith("llmtk ", StringComparison.Ordinal))];

        Assert.NotEmpty(examples);
        Assert.All(examples, example =>
        {
            ParseResult parsed = Root().Parse([.. CommandLineParser.SplitCommandLine(example["llmtk ".Length..])]);
            Assert.Null(UsageErrors.Find(parsed)?.Message);
        });
    }

    [Fact]
    public async Task Help_NoArguments_IsTheSame()
    {
        CommandResult none = await CommandLine.RunAsync();

        Assert.Equal(await CommandLine.RunAsync("--help"), none);
    }

    [Fact]
    public async Task Version_IsOneLine()
    {
        CommandResult version = await CommandLine.RunAsync("--version");

        Assert.Equal(0, version.ExitCode);
        Assert.Matches(@"^\d+\.\d+\.\d+\S*\n$", version.Out);
    }

    /// <summary>All commands as they are typed, those of groups too.</summary>
    private static IEnumerable<string> Names(Command group, string before) => group.Subcommands.SelectMany(c => Names(c, $"{before}{c.Name} ").Prepend(before + c.Name));

    private static RootCommand Root() => Program.Build(CommandLine.Host(Stream.Null, TextWriter.Null));
}
