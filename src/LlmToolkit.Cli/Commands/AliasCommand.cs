using System.CommandLine;
using System.Text.Json;
using LlmToolkit.Cli.Rendering;
using LlmToolkit.Configuration;

namespace LlmToolkit.Cli.Commands;

/// <summary><c>alias list | set | remove</c>: short names of models.</summary>
internal static class AliasCommand
{
    private static readonly string[] s_columns = ["name", "model"];

    public static Command Create(CliHost host)
    {
        Argument<string> name = new("NAME") { Description = "The short name." };
        Argument<string> model = new("MODEL") { Description = "What it stands for: a path, a Hub ID or an address." };
        Command list = new("list", """
            List the short names.

            Examples:
              llmtk alias list
            """);
        list.SetAction(result =>
        {
            IReadOnlyDictionary<string, string> aliases = host.Configuration().Aliases;
            if (result.GetValue(GlobalOptions.Json))
            {
                JsonOutput.Document(host.Out, w =>
                {
                    w.WriteStartArray();
                    foreach ((string key, string value) in aliases.OrderBy(a => a.Key, StringComparer.Ordinal))
                    {
                        Write(w, key, value);
                    }

                    w.WriteEndArray();
                });
            }
            else if (aliases.Count > 0)
            {
                Output.Table(host, result.GetValue(GlobalOptions.NoColor), s_columns, aliases.OrderBy(a => a.Key, StringComparer.Ordinal).Select(a => (string[])[a.Key, a.Value]));
            }
            else if (!result.GetValue(GlobalOptions.Quiet))
            {
                host.Error.WriteLine("no short names");
            }

            return 0;
        });
        Command set = new("set", """
            Make or change a short name.

            Examples:
              llmtk alias set smol HuggingFaceTB/SmolLM2-135M-Instruct
            """) { name, model };
        set.SetAction(result => Change(host, result, result.GetRequiredValue(name), ConfigCommand.Absolute(result.GetRequiredValue(model))));
        Command remove = new("remove", """
            Remove a short name. No model is touched.

            Examples:
              llmtk alias remove smol
            """) { name };
        remove.SetAction(result => Change(host, result, result.GetRequiredValue(name), null));
        return new Command("alias", """
            Short names for models: they can be used wherever a model is named. A path of the same name stands above them.

            Examples:
              llmtk alias set smol HuggingFaceTB/SmolLM2-135M-Instruct
              llmtk run smol "Why is the sky blue?"
              llmtk alias list
            """)
        {
            list, set, remove,
        };
    }

    private static int Change(CliHost host, ParseResult result, string name, string? model)
    {
        host.Configuration().SetAlias(name, model);
        if (result.GetValue(GlobalOptions.Json))
        {
            JsonOutput.Document(host.Out, w => Write(w, name, model));
        }

        return 0;
    }

    private static void Write(Utf8JsonWriter w, string name, string? model)
    {
        w.WriteStartObject();
        w.WriteString("name", name);
        w.WriteString("model", model);
        w.WriteEndObject();
    }
}
