using System.Diagnostics;
using System.Text.Json;

namespace LlmToolkit.Cli.Tests;

/// <summary>What only a real process shows: signals and pipes.</summary>
public sealed class ProcessTests
{
    private static readonly string[] s_endless = ["run", "Once upon a time", "--raw", "--max-tokens", "1000000", "--ignore-eos", "--drop-oldest", "--temperature", "1"];

    [Fact]
    public async Task Interrupt_WhileGenerating_Is130AndTheTextIsWhole()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no SIGINT for one process.");
        using Process process = Start(s_endless);
        char[] first = new char[1];
        Assert.Equal(1, await process.StandardOutput.ReadAsync(first, TestContext.Current.CancellationToken));

        Interrupt(process);
        string rest = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        string error = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Equal(130, process.ExitCode);
        Assert.EndsWith("\n", rest, StringComparison.Ordinal);
        Assert.DoesNotContain('\uFFFD', rest);
        Assert.EndsWith("stopped\n", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Interrupt_WhileWaitingForInput_Is130()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no SIGINT for one process.");
        using Process process = Start(["chat"]);
        // The note comes when the model is loaded, right before the first line is read.
        Assert.NotNull(await process.StandardError.ReadLineAsync(TestContext.Current.CancellationToken));
        await process.StandardInput.WriteAsync("/stats\n");
        await process.StandardInput.FlushAsync(TestContext.Current.CancellationToken);
        Assert.Equal("no answer yet", await process.StandardError.ReadLineAsync(TestContext.Current.CancellationToken));

        Interrupt(process);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Equal(130, process.ExitCode);
    }

    [Fact]
    public async Task Pipe_ClosedByItsReader_EndsTheProgram()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The shell's pipe is tested on Unix.");
        using Process process = Start(s_endless);
        char[] first = new char[1];
        Assert.Equal(1, await process.StandardOutput.ReadAsync(first, TestContext.Current.CancellationToken));

        process.StandardOutput.Close();
        string error = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Equal(0, process.ExitCode);
        Assert.DoesNotContain("error", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Serve_PortZero_SaysItsAddressOnOneLineAndServes()
    {
        using Process process = Start(["serve", "--port", "0", "--json"]);
        string? line = await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
        using JsonDocument ready = JsonDocument.Parse(line!);
        using HttpClient client = new() { BaseAddress = new Uri(ready.RootElement.GetProperty("url").GetString()!) };

        string models = await client.GetStringAsync(new Uri("/v1/models", UriKind.Relative), TestContext.Current.CancellationToken);
        using JsonDocument listed = JsonDocument.Parse(models);
        string? id = listed.RootElement.GetProperty("data")[0].GetProperty("id").GetString();
        if (OperatingSystem.IsWindows())
        {
            process.Kill();
            return;
        }

        Interrupt(process);
        string rest = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Equal(ready.RootElement.GetProperty("models")[0].GetString(), id);
        Assert.Equal((130, ""), (process.ExitCode, rest));
    }

    internal static Process Start(IEnumerable<string> args)
    {
        ProcessStartInfo start = new(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", [typeof(Program).Assembly.Location, .. args])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // Not the configuration of whoever runs the tests.
        start.Environment["LLMTK_CONFIG"] = Path.Combine(AppContext.BaseDirectory, "no-configuration.json");
        return Process.Start(start)!;
    }

    private static void Interrupt(Process process)
    {
        using Process kill = Process.Start("kill", ["-INT", process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }
}
