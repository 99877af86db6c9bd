using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;
using LlmToolkit.Testing;

namespace LlmToolkit.Cli.Tests.Hub;

/// <summary>What only real processes show: kills at any moment, and several downloads of the same at once, with and without locks that work.</summary>
public sealed class HubProcessTests : IDisposable
{
    private const int Length = (32 << 20) + 4321;

    private readonly TemporaryFolder _home = new();
    private readonly byte[] _weights = new byte[Length];

    public HubProcessTests() => new Random(9).NextBytes(_weights);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _home.Dispose();

    [Fact]
    public async Task FiftyKills_CostAHundredthOfTheFileEach()
    {
        const int kills = 50;
        await using FakeHub hub = await StartAsync();
        hub.Fault(new FakeFault { Kind = FakeFaultKind.Throttle, Origin = FakeOrigin.Data, BytesPerSecond = 400_000 });
        Random random = new(20261126);
        for (int i = 0; i < kills; i++)
        {
            int before = hub.Requests.Count(r => r.Origin == FakeOrigin.Data);
            using Process process = Start(hub);
            // Not before it downloads, or the kill would test the start of the runtime.
            for (int waited = 0; hub.Requests.Count(r => r.Origin == FakeOrigin.Data) == before && waited < 10_000; waited += 5)
            {
                await Task.Delay(5, Token);
            }

            await Task.Delay(random.Next(400), Token);
            process.Kill();
            await process.WaitForExitAsync(Token);
            AuditBlobs();
        }

        hub.ClearFaults();
        using Process last = Start(hub);
        string output = await last.StandardOutput.ReadToEndAsync(Token);
        await last.WaitForExitAsync(Token);

        Assert.Equal(0, last.ExitCode);
        AssertComplete(output);
        AuditBlobs();
        long sent = hub.Requests.Where(r => r.Origin == FakeOrigin.Data).Sum(r => r.BytesSent);
        double percent = (sent - Length) * 100.0 / kills / Length;
        TestContext.Current.TestOutputHelper?.WriteLine($"fetched again after a kill: {percent:0.000} % of the file");
        Assert.True(percent <= 1, $"{percent:0.00} % of the file was fetched again after a kill");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task TwoAtOnce_BothComplete(bool withoutLocks)
    {
        await using FakeHub hub = await StartAsync();
        hub.Fault(new FakeFault { Kind = FakeFaultKind.Throttle, Origin = FakeOrigin.Data, BytesPerSecond = 12_000_000 });
        string[] environment = withoutLocks ? ["DOTNET_SYSTEM_IO_DISABLEFILELOCKING=1"] : [];
        Process[] both = [Start(hub, environment), Start(hub, environment)];
        string[] outputs = await Task.WhenAll(both.Select(p => p.StandardOutput.ReadToEndAsync(Token)));
        foreach (Process process in both)
        {
            await process.WaitForExitAsync(Token);
            Assert.Equal(0, process.ExitCode);
            process.Dispose();
        }

        Assert.All(outputs, AssertComplete);
        AuditBlobs();
        long sent = hub.Requests.Where(r => r.Origin == FakeOrigin.Data).Sum(r => r.BytesSent);
        Assert.InRange(sent, Length, withoutLocks ? 2L * Length + (1 << 20) : Length);
    }

    [Fact]
    public async Task Interrupt_Is130_AndTheNextRunGoesOn()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no SIGINT for one process.");
        await using FakeHub hub = await StartAsync();
        hub.Fault(new FakeFault { Kind = FakeFaultKind.Throttle, Origin = FakeOrigin.Data, BytesPerSecond = 2_000_000 });
        using Process process = Start(hub);
        while (hub.Requests.Sum(r => r.BytesSent) < 4 << 20)
        {
            await Task.Delay(20, Token);
        }

        using (Process kill = Process.Start("kill", ["-INT", process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]))
        {
            await kill.WaitForExitAsync(Token);
        }

        string error = await process.StandardOutput.ReadToEndAsync(Token);
        await process.WaitForExitAsync(Token);
        hub.ClearFaults();
        long before = hub.Requests.Sum(r => r.BytesSent);
        using Process next = Start(hub);
        string output = await next.StandardOutput.ReadToEndAsync(Token);
        await next.WaitForExitAsync(Token);

        Assert.Equal((130, 0), (process.ExitCode, next.ExitCode));
        Assert.Contains("\"error\"", error, StringComparison.Ordinal);
        AssertComplete(output);
        Assert.True(hub.Requests.Sum(r => r.BytesSent) - before < Length - (3 << 20), "it began again");
    }

    private async Task<FakeHub> StartAsync()
    {
        FakeHub hub = await FakeHub.StartAsync(null, Token);
        hub.AddRepository("owner/name", new Dictionary<string, byte[]> { ["model.safetensors"] = _weights, ["config.json"] = "{}"u8.ToArray() });
        return hub;
    }

    private Process Start(FakeHub hub, params string[] environment)
    {
        Dictionary<string, string> variables = new(hub.Environment(_home.Path));
        foreach (string pair in environment)
        {
            variables[pair.Split('=')[0]] = pair.Split('=')[1];
        }

        Process process = HubProcess.Start(variables, ["hub", "download", "owner/name", "--json"]);
        process.ErrorDataReceived += (_, _) => { };
        process.BeginErrorReadLine();
        return process;
    }

    private void AssertComplete(string output)
    {
        using JsonDocument json = JsonDocument.Parse(output);
        Assert.Equal(_weights, File.ReadAllBytes(Path.Combine(json.RootElement.GetProperty("path").GetString()!, "model.safetensors")));
    }

    private void AuditBlobs()
    {
        foreach (string path in Directory.EnumerateFiles(_home.Path, "*", SearchOption.AllDirectories).Where(f => Path.GetFileName(f).Length == 64))
        {
            using FileStream file = File.OpenRead(path);
            Assert.Equal(Path.GetFileName(path), Convert.ToHexStringLower(SHA256.HashData(file)));
        }
    }
}
