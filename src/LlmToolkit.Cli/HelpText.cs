using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace LlmToolkit.Cli;

/// <summary>Help with examples: a command's description is one paragraph, and what follows "Examples:" is printed after the options.</summary>
internal sealed class HelpText : SynchronousCommandLineAction
{
    private const string Mark = "Examples:";
    private const int Width = 120;

    private readonly Dictionary<Command, string> _examples = [];
    private readonly HelpAction _help;

    private HelpText(HelpAction help)
    {
        _help = help;
        // The same text in a terminal, a pipe and a test.
        _help.MaxWidth = Width;
    }

    /// <inheritdoc/>
    public override bool ClearsParseErrors => true;

    /// <summary>Takes the examples out of the descriptions, so that the list of commands stays a line each, and prints them in the help of their command.</summary>
    public static void Install(RootCommand root)
    {
        HelpOption option = root.Options.OfType<HelpOption>().Single();
        HelpText help = new((HelpAction)option.Action!);
        foreach (Command command in Below(root).Prepend(root))
        {
            string[] parts = (command.Description ?? "").ReplaceLineEndings("\n").Split(Mark, 2);
            command.Description = parts[0].Trim();
            if (parts.Length > 1)
            {
                help._examples[command] = parts[1].Trim('\n').TrimEnd();
            }
        }

        option.Action = help;
    }

    private static IEnumerable<Command> Below(Command group) => group.Subcommands.SelectMany(c => Below(c).Prepend(c));

    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult)
    {
        TextWriter output = parseResult.InvocationConfiguration.Output;
        using StringWriter text = new() { NewLine = "\n" };
        InvocationConfiguration configuration = parseResult.InvocationConfiguration;
        configuration.Output = text;
        _help.Invoke(parseResult);
        configuration.Output = output;
        output.Write(text.ToString().ReplaceLineEndings("\n").TrimEnd() + "\n");
        if (_examples.TryGetValue(parseResult.CommandResult.Command, out string? examples))
        {
            output.Write($"\n{Mark}\n{examples}\n");
        }

        output.Flush();
        return 0;
    }
}
