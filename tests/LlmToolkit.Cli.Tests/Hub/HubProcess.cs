using System.Diagnostics;

namespace LlmToolkit.Cli.Tests.Hub;

/// <summary>The program as a process of its own, in an environment of its own: what the Hub's variables say is the process's.</summary>
internal static class HubProcess
{
    public static Process Start(IEnumerable<KeyValuePair<string, string>> environment, IEnumerable<string> arguments)
    {
        ProcessStartInfo start = new(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", [typeof(Program).Assembly.Location, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (string name in start.Environment.Keys.Where(k => k.StartsWith("HF_", StringComparison.Ordinal)).ToArray())
        {
            start.Environment.Remove(name);
        }

        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }

    public static async Task<CommandResult> RunAsync(IEnumerable<KeyValuePair<string, string>> environment, IEnumerable<string> arguments, CancellationToken cancellationToken)
    {
        using Process process = Start(environment, arguments);
        process.StandardInput.Close();
        Task<string> error = process.StandardError.ReadToEndAsync(cancellationToken);
        string output = await process.StandardOutput.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        return new CommandResult(process.ExitCode, output, await error);
    }
}
