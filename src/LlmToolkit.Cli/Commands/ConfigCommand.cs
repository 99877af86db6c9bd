using System.CommandLine;
using System.Text.Json;
using LlmToolkit.Cli.Rendering;
using LlmToolkit.Configuration;

namespace LlmToolkit.Cli.Commands;

/// <summary><c>config show | get | set | unset | path</c>: what holds for all commands.</summary>
internal static class ConfigCommand
{
    private static readonly string[] s_columns = ["setting", "value", "from", "description"];

    public static Command Create(CliHost host)
    {
        Command command = new("config", """
            Show and change what holds for all commands: a default model, context, threads, the Hub's address. An option of a command stands above the environment, the environment above this.

            Examples:
              llmtk config show
              llmtk config set model HuggingFaceTB/SmolLM2-135M-Instruct
              llmtk config get model
              llmtk config unset model
            """);
        Argument<string> name = new("NAME") { Description = "The setting." };
        Argument<string> value = new("VALUE") { Description = "Its value." };
        Add("show", "Show every setting, its value and where that is from.", [], (result, file) =>
        {
            foreach (string unknown in file.Unknown)
            {
                host.Error.WriteLine(DiagnosticOutput.Safe($"note: {file.Path} holds {unknown}, which is no setting of this version"));
            }

            if (result.GetValue(GlobalOptions.Json))
            {
                JsonOutput.Document(host.Out, w =>
                {
                    w.WriteStartArray();
                    foreach (Setting setting in Setting.All)
                    {
                        Write(w, setting, file);
                    }

                    w.WriteEndArray();
                });
                return;
            }

            Output.Table(host, result.GetValue(GlobalOptions.NoColor), s_columns, Setting.All.Select(s => Of(s, file) is var (v, from) ? (string[])[s.Name, v ?? "-", from, s.Description] : []));
        });
        Add("get", "Show one setting.", [name], (result, file) => One(host, result, ConfigurationFile.Find(result.GetRequiredValue(name)), file), "model");
        Add("set", "Set one.", [name, value], (result, file) =>
        {
            file.Set(result.GetRequiredValue(name), result.GetRequiredValue(value));
            One(host, result, ConfigurationFile.Find(result.GetRequiredValue(name)), file);
        }, "threads 4");
        Add("unset", "Leave one to its default.", [name], (result, file) =>
        {
            file.Set(result.GetRequiredValue(name), null);
            One(host, result, ConfigurationFile.Find(result.GetRequiredValue(name)), file);
        }, "threads");
        Add("path", "Show where the file lies.", [], (result, file) =>
        {
            if (result.GetValue(GlobalOptions.Json))
            {
                JsonOutput.Document(host.Out, w =>
                {
                    w.WriteStartObject();
                    w.WriteString("path", file.Path);
                    w.WriteEndObject();
                });
                return;
            }

            using StreamWriter text = Output.Text(host);
            text.WriteLine(DiagnosticOutput.Safe(file.Path ?? "no place"));
        });
        return command;

        void Add(string verb, string description, IEnumerable<Argument> arguments, Action<ParseResult, ConfigurationFile> run, string example = "")
        {
            Command part = new(verb, $"""
                {description}

                Examples:
                  llmtk config {verb}{(example.Length > 0 ? " " + example : "")}
                """);
            foreach (Argument argument in arguments)
            {
                part.Arguments.Add(argument);
            }

            part.SetAction(result =>
            {
                run(result, host.Configuration());
                return 0;
            });
            command.Subcommands.Add(part);
        }
    }

    /// <summary>The value that holds, and where it is from.</summary>
    private static (string? Value, string From) Of(Setting setting, ConfigurationFile file) =>
        setting.Variable is { } variable && Environment.GetEnvironmentVariable(variable) is { Length: > 0 } set ? (set, variable)
        : file.Get(setting) is { } value ? (value, "configuration")
        : (null, "default");

    private static void One(CliHost host, ParseResult result, Setting setting, ConfigurationFile file)
    {
        if (result.GetValue(GlobalOptions.Json))
        {
            JsonOutput.Document(host.Out, w => Write(w, setting, file));
            return;
        }

        using StreamWriter text = Output.Text(host);
        (string? value, string from) = Of(setting, file);
        text.WriteLine(DiagnosticOutput.Safe(value ?? $"({from})"));
    }

    private static void Write(Utf8JsonWriter w, Setting setting, ConfigurationFile file)
    {
        (string? value, string from) = Of(setting, file);
        w.WriteStartObject();
        w.WriteString("name", setting.Name);
        w.WriteString("value", value);
        w.WriteString("from", from);
        w.WriteString("description", setting.Description);
        w.WriteEndObject();
    }
}
