using LlmToolkit.Configuration;
using LlmToolkit.Hub;

namespace LlmToolkit.Cli;

/// <summary>The streams a command talks to: the console's, or a test's.</summary>
internal sealed class CliHost
{
    /// <summary>Standard input.</summary>
    public required Stream In { get; init; }

    /// <summary>Standard output; flushed by whoever writes.</summary>
    public required Stream Out { get; init; }

    /// <summary>Standard error: logs, progress and notes.</summary>
    public required TextWriter Error { get; init; }

    /// <summary>True when input is a pipe or a file.</summary>
    public bool InRedirected { get; init; }

    /// <summary>True when output is a pipe or a file: no colour, no progress bars.</summary>
    public bool OutRedirected { get; init; }

    /// <summary>True when error output is a pipe or a file.</summary>
    public bool ErrorRedirected { get; init; }

    /// <summary>Asks for a word without showing it; null: there is no terminal to ask at, or its user gave none.</summary>
    public Func<string, CancellationToken, string?> AskSecret { get; init; } = (_, _) => null;

    /// <summary>What the environment says about the Hub.</summary>
    public Func<HubSettings> HubSettings { get => field ?? FromEnvironment; init; }

    /// <summary>The file of settings and short names; read each time.</summary>
    public Func<ConfigurationFile> Configuration { get; init; } = () => ConfigurationFile.Read();

    /// <summary>Carries the Hub's messages. Null: sockets.</summary>
    public HttpMessageHandler? HubHandler { get; init; }

    /// <summary>The path from a source to a model, as this host reaches the network.</summary>
    /// <param name="downloads">Told of downloads.</param>
    public ModelLoader Loader(IProgress<HubProgress> downloads) => new() { Downloads = downloads, Hub = () => new HubClient(HubSettings(), null, HubHandler), Aliases = Configuration().Aliases };

    private HubSettings FromEnvironment()
    {
        ConfigurationFile file = Configuration();
        return LlmToolkit.Hub.HubSettings.FromEnvironment(name => Environment.GetEnvironmentVariable(name) is { Length: > 0 } set ? set : file.HubVariable(name, Environment.GetEnvironmentVariable));
    }

    /// <summary>The process's own streams.</summary>
    public static CliHost Console() => new()
    {
        In = System.Console.OpenStandardInput(),
        Out = StandardOutput(),
        Error = new StreamWriter(System.Console.OpenStandardError(), new System.Text.UTF8Encoding(false)) { AutoFlush = true },
        InRedirected = System.Console.IsInputRedirected,
        OutRedirected = System.Console.IsOutputRedirected,
        ErrorRedirected = System.Console.IsErrorRedirected,
        AskSecret = SecretPrompt.Ask,
    };

    /// <summary>The console's stream hides that a pipe's reader went away; a stream over the pipe itself says so, and whatever runs can stop.</summary>
    private static Stream StandardOutput()
    {
        if (!OperatingSystem.IsWindows() && System.Console.IsOutputRedirected)
        {
            try
            {
                FileStream pipe = new(new Microsoft.Win32.SafeHandles.SafeFileHandle(1, ownsHandle: false), FileAccess.Write, bufferSize: 0);
                // A file stays with the console's stream: this one would not move the offset that a shell shares among commands.
                if (!pipe.CanSeek)
                {
                    return pipe;
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
            {
                // Closed, or of a kind that only the console's stream takes.
            }
        }

        return System.Console.OpenStandardOutput();
    }
}
