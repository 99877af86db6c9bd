using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace LlmToolkit.Cli.Tests;

/// <summary>A model file that is cut, overwritten or replaced while a process uses it: an error of ours, never a signal.</summary>
public sealed class CutFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    /// <summary>Processes whose file is cut at a moment of no choosing, of each kind: the environment variable LLMTK_FUZZ_COUNT raises them.</summary>
    private static int Times => int.TryParse(Environment.GetEnvironmentVariable("LLMTK_FUZZ_COUNT"), out int count) ? Math.Min(count, 50) : 3;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    [InlineData(1_000_000)]
    public async Task Run_FileCutWhileGenerating_EndsWithAnError(long length)
    {
        string model = Copy();
        using Process process = Start(["run", model, "-p", "Once upon a time", "--raw", "--max-tokens", "1000000", "--ignore-eos", "--drop-oldest", "--temperature", "1"]);
        Assert.Equal(1, await process.StandardOutput.ReadAsync(new char[1], TestContext.Current.CancellationToken));

        Cut(model, length);
        _ = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        string error = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.True(process.ExitCode == 3 && error.Contains("LT1504", StringComparison.Ordinal), $"exit code {process.ExitCode}: {error}");
    }

    [Fact]
    public async Task Run_FileReplacedByRenaming_GoesOn_AndTheNextLoadSeesTheNewOne()
    {
        string model = Copy();
        using Process process = Start(["run", model, "-p", "Once upon a time", "--raw", "--max-tokens", "400", "--ignore-eos", "--drop-oldest"]);
        Assert.Equal(1, await process.StandardOutput.ReadAsync(new char[1], TestContext.Current.CancellationToken));

        File.Move(_folder.File("new", "no model"), model, overwrite: true);
        _ = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        string error = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.True(process.ExitCode == 0, error);
        using Process next = Start(["validate", model]);
        await next.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(3, next.ExitCode);
    }

    [Fact]
    public async Task Serve_FileCutBetweenRequests_AnswersWithAnErrorAndStaysAlive()
    {
        string model = Copy();
        using Process process = Start(["serve", model, "--port", "0", "--json"]);
        using JsonDocument ready = JsonDocument.Parse((await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken))!);
        using HttpClient client = new() { BaseAddress = new Uri(ready.RootElement.GetProperty("url").GetString()!) };
        object request = new { model = ready.RootElement.GetProperty("models")[0].GetString(), prompt = "Once", max_tokens = 3 };
        Uri completions = new("/v1/completions", UriKind.Relative);
        Assert.True((await client.PostAsJsonAsync(completions, request, TestContext.Current.CancellationToken)).IsSuccessStatusCode);

        Cut(model, 1000);
        for (int i = 0; i < 3; i++)
        {
            HttpResponseMessage answer = await client.PostAsJsonAsync(completions, request, TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
            Assert.Contains("model_file_changed", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        }

        Assert.True((await client.GetAsync(new Uri("/v1/models", UriKind.Relative), TestContext.Current.CancellationToken)).IsSuccessStatusCode);
        process.Kill();
    }

    [Theory]
    [InlineData("validate")]
    [InlineData("dump")]
    [InlineData("inspect")]
    [InlineData("run")]
    public async Task Command_FileCutAtAnyMoment_IsNotEndedByASignal(string command)
    {
        string[] args = command switch
        {
            "validate" => ["--deep"],
            "dump" => ["token_embd.weight", "--out", _folder.Name("out.safetensors")],
            "inspect" => ["--hash", "--json"],
            _ => ["-p", "Once", "--raw", "--max-tokens", "30"],
        };
        Random random = new(1);
        Stopwatch watch = Stopwatch.StartNew();
        Assert.Equal(0, (await Finish(Start([command, Copy(), .. args]))).ExitCode);
        int whole = (int)watch.ElapsedMilliseconds;
        for (int i = 0; i < Times; i++)
        {
            string model = Copy();
            Process process = Start([command, model, .. args]);
            await Task.Delay(random.Next(whole / 4, whole), TestContext.Current.CancellationToken);
            Cut(model, random.Next(3_000_000));
            (int code, string error) = await Finish(process);

            Assert.True(code is 0 or 2 or 3, $"exit code {code}: {error}");
            Assert.DoesNotContain("LT9", error, StringComparison.Ordinal);
        }
    }

    private static async Task<(int ExitCode, string Error)> Finish(Process process)
    {
        using (process)
        {
            _ = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            string error = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            return (process.ExitCode, error);
        }
    }

    private static void Cut(string path, long length)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture == System.Runtime.InteropServices.Architecture.X64, "Mappings are guarded on Linux for x64.");
        using FileStream file = new(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        file.SetLength(length);
    }

    private string Copy()
    {
        string path = _folder.Name("model.gguf");
        File.Delete(path);
        File.Copy(LoadedModel.EmbeddedPath, path);
        return path;
    }

    private static Process Start(IEnumerable<string> args) => ProcessTests.Start(args);
}
