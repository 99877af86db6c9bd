using System.CommandLine;
using LlmToolkit.Cli.Rendering;

namespace LlmToolkit.Cli.Commands;

/// <summary><c>cache info</c>, <c>cache clear</c>: what <c>list</c> keeps of the models it has read.</summary>
internal static class CacheCommand
{
    public static Command Create(CliHost host)
    {
        Command command = new("cache", """
            Show or clear what is kept of models that were listed. No model is touched.

            Examples:
              llmtk cache info
              llmtk cache clear
            """)
        {
            Part(host, "info", "Show where it lies and how much it is.", cache => cache.Info()),
            Part(host, "clear", "Remove it all.", cache => cache.Clear()),
        };
        return command;
    }

    private static Command Part(CliHost host, string name, string description, Func<MetadataCache, CacheInfo> run)
    {
        Command command = new(name, $"""
            {description}

            Examples:
              llmtk cache {name}
            """);
        command.SetAction(result =>
        {
            CacheInfo info = run(new MetadataCache());
            if (result.GetValue(GlobalOptions.Json))
            {
                JsonOutput.Document(host.Out, w =>
                {
                    w.WriteStartObject();
                    w.WriteString("path", info.Folder);
                    w.WriteNumber(name == "clear" ? "removed" : "entries", info.Entries);
                    w.WriteNumber("bytes", info.Bytes);
                    w.WriteEndObject();
                });
            }
            else
            {
                using StreamWriter text = Output.Text(host);
                text.WriteLine($"{(name == "clear" ? "removed " : "")}{info.Entries} models, {Output.Size(info.Bytes)}, in {DiagnosticOutput.Safe(info.Folder ?? "no place")}");
            }

            return 0;
        });
        return command;
    }
}
