using System.Text;
using System.Text.Json;

namespace LlmToolkit.Cli.Tests;

/// <summary>What a command printed and how it ended.</summary>
internal sealed record CommandResult(int ExitCode, string Out, string Error)
{
    /// <summary>The one JSON document on stdout.</summary>
    public JsonElement Json => Parse(Out);

    /// <summary>The JSON of each line on stdout.</summary>
    public IReadOnlyList<JsonElement> Lines => [.. Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Parse)];

    /// <summary>The code of the one error on stdout.</summary>
    public string? ErrorCode => Json.GetProperty("error").GetProperty("code").GetString();

    private static JsonElement Parse(string text)
    {
        using JsonDocument document = JsonDocument.Parse(text);
        return document.RootElement.Clone();
    }
}

/// <summary>Runs the program inside the test, over streams in memory.</summary>
internal static class CommandLine
{
    /// <summary>The model that is part of the product.</summary>
    public static string Model => LoadedModel.EmbeddedPath;

    public static Task<CommandResult> RunAsync(params string[] args) => RunAsync(null, args, TestContext.Current.CancellationToken);

    public static Task<CommandResult> PipeAsync(string input, params string[] args) => RunAsync(input, args, TestContext.Current.CancellationToken);

    public static async Task<CommandResult> RunAsync(string? input, string[] args, CancellationToken cancellationToken)
    {
        using MemoryStream output = new();
        using StringWriter error = new() { NewLine = "\n" };
        int code = await Program.RunAsync(args, Host(output, error, input), cancellationToken);
        return new CommandResult(code, Encoding.UTF8.GetString(output.ToArray()), error.ToString());
    }

    /// <summary>Streams as of a program in a pipe.</summary>
    public static CliHost Host(Stream output, TextWriter error, string? input = null) => new()
    {
        In = new MemoryStream(Encoding.UTF8.GetBytes(input ?? "")),
        Out = output,
        Error = error,
        InRedirected = input is not null,
        OutRedirected = true,
        ErrorRedirected = true,
        // No test asks the real Hub; those of the Hub name another.
        HubSettings = () => new LlmToolkit.Hub.HubSettings { Offline = true, Home = Path.Combine(Path.GetTempPath(), "llmtk-tests-no-hub") },
        Configuration = () => LlmToolkit.Configuration.ConfigurationFile.None,
    };
}
