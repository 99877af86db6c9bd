using System.CommandLine;
using System.Text.Json;
using LlmToolkit.Cli.Rendering;

namespace LlmToolkit.Cli.Commands;

/// <summary><c>list-formats</c>, <c>list-architectures</c>, <c>list-quantizations</c>, <c>list-backends</c>.</summary>
internal static class ListCommands
{
    public static IEnumerable<Command> Create(CliHost host)
    {
        yield return List(host, "formats", "The container formats that can be opened.", ["name", "summary"], () => ToolkitCatalog.Formats(new ToolkitRegistry()));
        yield return List(host, "architectures", "The architectures that the managed engine runs.", ["name", "gguf", "huggingface", "kind"], () => ToolkitCatalog.Architectures);
        yield return List(host, "quantizations", "The weight types that the managed engine multiplies.", ["name", "bits_per_weight", "block", "bytes"], () => ToolkitCatalog.Quantizations);
        yield return List(host, "backends", "The backends and whether they work on this machine.", ["name", "usable", "variant", "reason"], () => ToolkitCatalog.Backends(new ToolkitRegistry()));
    }

    private static Command List(CliHost host, string what, string description, string[] columns, Func<IEnumerable<CatalogRow>> rows)
    {
        Command command = new("list-" + what, $"""
            {description}

            Examples:
              llmtk list-{what}
              llmtk list-{what} --json
            """);
        command.SetAction(result =>
        {
            if (result.GetValue(GlobalOptions.Json))
            {
                JsonOutput.Document(host.Out, w => Write(w, rows()));
            }
            else
            {
                Output.Table(host, result.GetValue(GlobalOptions.NoColor), columns, rows().Select(r => columns.Select(r.Text).ToArray()));
            }

            return 0;
        });
        return command;
    }

    private static void Member(Utf8JsonWriter w, string name, object? value)
    {
        switch (value)
        {
            case bool truth: w.WriteBoolean(name, truth); break;
            case int number: w.WriteNumber(name, number); break;
            case double number: w.WriteNumber(name, number); break;
            case IReadOnlyList<string> list: w.Strings(name, list); break;
            default: w.WriteString(name, value as string); break;
        }
    }

    private static void Write(Utf8JsonWriter w, IEnumerable<CatalogRow> rows)
    {
        w.WriteStartArray();
        foreach (CatalogRow row in rows)
        {
            w.WriteStartObject();
            foreach ((string name, object? value) in row.Facts)
            {
                Member(w, name, value);
            }

            w.WriteEndObject();
        }

        w.WriteEndArray();
    }
}
