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
        Add("show", "Show every setting, its value and where that is from.", [], result =>
        {
            ConfigurationFile file = host.Configuration();
            foreach (string unknown in result.GetValue(GlobalOptions.Quiet) ? [] : file.Unknown)
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
                        Write(w, setting, file, tolerant: true);
                    }

                    w.WriteEndArray();
                });
                return;
            }

            Output.Table(host, result.GetValue(GlobalOptions.NoColor), s_columns, Setting.All.Select(s => (string[])[.. Row(s, file)]));
        });
        Add("get", "Show one setting.", [name], result => One(host, result, ConfigurationFile.Find(result.GetRequiredValue(name)), host.Configuration()), "model");
        Add("set", "Set one.", [name, value], result =>
        {
            ConfigurationFile file = host.Configuration();
            string text = result.GetRequiredValue(value);
            file.Set(result.GetRequiredValue(name), result.GetRequiredValue(name) is "model" or "cache" ? Absolute(text) : text);
            One(host, result, ConfigurationFile.Find(result.GetRequiredValue(name)), file);
        }, "threads 4");
        Add("unset", "Leave one to its default.", [name], result =>
        {
            ConfigurationFile file = host.Configuration();
            file.Set(result.GetRequiredValue(name), null);
            One(host, result, ConfigurationFile.Find(result.GetRequiredValue(name)), file);
        }, "threads");
        Add("path", "Show where the file lies.", [], result => ShowPath(host, result));
        return command;

        void Add(string verb, string description, IEnumerable<Argument> arguments, Action<ParseResult> run, string example = "")
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
                run(result);
                return 0;
            });
            command.Subcommands.Add(part);
        }
    }

    /// <summary>A path that exists is meant from everywhere, not only from the current folder; any other text stays as it is.</summary>
    internal static string Absolute(string text) => Path.Exists(text) ? Path.GetFullPath(text) : text;

    /// <summary>Where the file lies, told even where it cannot be read.</summary>
    private static void ShowPath(CliHost host, ParseResult result)
    {
        string? path;
        try
        {
            path = host.Configuration().Path;
        }
        catch (ModelException e)
        {
            path = e.Diagnostic.File;
        }

        if (result.GetValue(GlobalOptions.Json))
        {
            JsonOutput.Document(host.Out, w =>
            {
                w.WriteStartObject();
                w.WriteString("path", path);
                w.WriteBoolean("exists", File.Exists(path));
                w.WriteEndObject();
            });
        }
        else
        {
            using StreamWriter text = Output.Text(host);
            text.WriteLine(DiagnosticOutput.Safe(path ?? "no place"));
        }
    }

    /// <summary>The value that holds, and where it is from.</summary>
    /// <exception cref="ModelException">The file has a value that the setting does not take.</exception>
    private static (string? Value, string From) Of(Setting setting, ConfigurationFile file)
    {
        foreach (string variable in (IEnumerable<string>)[.. setting.Variable is null ? Array.Empty<string>() : [setting.Variable], .. setting.OtherVariables])
        {
            if (Environment.GetEnvironmentVariable(variable) is { Length: > 0 } set)
            {
                // HF_HOME names the folder above.
                return (variable == "HF_HOME" ? Path.Combine(set, "hub") : set, variable);
            }
        }

        return file.Get(setting) is { } value ? (value, "configuration") : (null, "default");
    }

    private static IEnumerable<string> Row(Setting setting, ConfigurationFile file)
    {
        try
        {
            (string? value, string from) = Of(setting, file);
            return [setting.Name, value ?? "-", from, setting.Description];
        }
        catch (ModelException e)
        {
            return [setting.Name, "not usable", "configuration", e.Diagnostic.Message];
        }
    }

    private static void One(CliHost host, ParseResult result, Setting setting, ConfigurationFile file)
    {
        if (result.GetValue(GlobalOptions.Json))
        {
            // Nothing is on stdout yet when a value cannot be used.
            _ = Of(setting, file);
            JsonOutput.Document(host.Out, w => Write(w, setting, file, tolerant: false));
            return;
        }

        using StreamWriter text = Output.Text(host);
        (string? value, string from) = Of(setting, file);
        text.WriteLine(DiagnosticOutput.Safe(value ?? $"({from})"));
    }

    /// <param name="w">Is written to.</param>
    /// <param name="setting">The setting.</param>
    /// <param name="file">The configuration.</param>
    /// <param name="tolerant">True: a value that cannot be used is told in its place, and hides no other.</param>
    private static void Write(Utf8JsonWriter w, Setting setting, ConfigurationFile file, bool tolerant)
    {
        (string? value, string from) = (null, "configuration");
        Diagnostic? error = null;
        try
        {
            (value, from) = Of(setting, file);
        }
        catch (ModelException e) when (tolerant)
        {
            error = e.Diagnostic;
        }

        w.WriteStartObject();
        w.WriteString("name", setting.Name);
        w.WriteString("value", value);
        w.WriteString("from", from);
        w.WriteString("description", setting.Description);
        if (error is not null)
        {
            w.WritePropertyName("error");
            w.WriteDiagnostic(error);
        }

        w.WriteEndObject();
    }
}
