using System.Security.Cryptography;
using System.Text.Json;
using LlmToolkit.Formats.Safetensors;

namespace LlmToolkit.Cli.Tests.Commands;

/// <summary>Values and hashes of tensors that are larger than what is computed at a time.</summary>
public sealed class DumpTests : IDisposable
{
    private const int Rows = 300;
    private const int Columns = 1111;
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public async Task Dump_LongTensors_AreWholeAndInOrder()
    {
        float[] values = [.. Enumerable.Range(0, Rows * Columns).Select(i => i * 0.5f)];
        string model = Model(values);
        string output = _folder.Name("out.safetensors");

        CommandResult dump = await CommandLine.RunAsync("dump", model, "half", "small", "half", "--out", output, "--json");
        CommandResult hash = await CommandLine.RunAsync("inspect", output, "--hash", "--json");

        Assert.Equal((0, 0), (dump.ExitCode, hash.ExitCode));
        Dictionary<string, string?> hashes = hash.Json.GetProperty("tensors").EnumerateArray().ToDictionary(t => t.GetProperty("name").GetString()!, t => t.GetProperty("sha256").GetString());
        Assert.Equal(2, hashes.Count);
        Assert.Equal(Hash([.. values.Select(v => (float)(Half)(v % 1000))]), hashes["half"]);
        Assert.Equal(Hash(values[..6]), hashes["small"]);
    }

    [Fact]
    public async Task Hash_Threads_GiveTheSameAnswerInTheSameOrder()
    {
        string model = Model([.. Enumerable.Range(0, Rows * Columns).Select(i => (float)i)]);

        CommandResult one = await CommandLine.RunAsync("inspect", model, "--hash", "--json", "--threads", "1");
        CommandResult eight = await CommandLine.RunAsync("inspect", model, "--hash", "--json", "--threads", "8");

        Assert.Equal(one.Out, eight.Out);
        Assert.All(one.Json.GetProperty("tensors").EnumerateArray(), t => Assert.Equal(64, t.GetProperty("sha256").GetString()!.Length));
    }

    [Fact]
    public async Task Dump_ThatFails_LeavesNoFileAndTheModelAsItIs()
    {
        string model = Model(new float[Rows * Columns]);
        byte[] before = await File.ReadAllBytesAsync(model, TestContext.Current.CancellationToken);
        string output = _folder.Name("out.safetensors");
        using CancellationTokenSource stop = new();
        await stop.CancelAsync();

        CommandResult stopped = await CommandLine.RunAsync(null, ["dump", model, "half", "--out", output, "--json"], stop.Token);
        CommandResult itself = await CommandLine.RunAsync("dump", model, "half", "--out", model, "--json");
        CommandResult absent = await CommandLine.RunAsync("dump", model, "nope", "--out", output, "--json");
        CommandResult nowhere = await CommandLine.RunAsync("dump", model, "half", "--out", _folder.Name("no/such/out.safetensors"), "--json");

        Assert.Equal((130, 2, 2, 2), (stopped.ExitCode, itself.ExitCode, absent.ExitCode, nowhere.ExitCode));
        Assert.Equal("LT8019", itself.ErrorCode);
        Assert.Equal(before, await File.ReadAllBytesAsync(model, TestContext.Current.CancellationToken));
        Assert.Equal([model], Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public async Task Dump_DiskFull_SaysSoWithItsCode()
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "This system has no /dev/full.");

        CommandResult full = await CommandLine.RunAsync("dump", Model(new float[Rows * Columns]), "half", "--out", "/dev/full", "--json");

        Assert.Equal((5, "LT8007"), (full.ExitCode, full.ErrorCode));
    }

    [Fact]
    public async Task Inspect_Mix_HasSharesOfAllTypes()
    {
        CommandResult result = await CommandLine.RunAsync("inspect", Model(new float[Rows * Columns]), "--json");

        JsonElement[] mix = [.. result.Json.GetProperty("quantization_mix").EnumerateArray()];
        Assert.Equal(["F16", "F32"], mix.Select(m => m.GetProperty("dtype").GetString()));
        Assert.Equal([1, 1], mix.Select(m => m.GetProperty("tensors").GetInt32()));
        Assert.Equal([Rows * Columns * 2, 24], mix.Select(m => m.GetProperty("bytes").GetInt32()));
        Assert.Equal(1, mix.Sum(m => m.GetProperty("share").GetDouble()), 5);
    }

    public void Dispose() => _folder.Dispose();

    private static string Hash(float[] values) => Convert.ToHexStringLower(SHA256.HashData(System.Runtime.InteropServices.MemoryMarshal.AsBytes(values.AsSpan())));

    /// <summary>One F16 tensor whose rows are no round number, and a small F32 one.</summary>
    private string Model(float[] values)
    {
        string path = _folder.Name("model.safetensors");
        using SafetensorsWriter writer = SafetensorsWriter.Create(path);
        writer.Declare("half", DTypes.F16, [Rows, Columns]);
        writer.Declare("small", DTypes.F32, [2, 3]);
        Half[] half = [.. values.Select(v => (Half)(v % 1000))];
        writer.Write(System.Runtime.InteropServices.MemoryMarshal.AsBytes(half.AsSpan()));
        writer.Write(values.AsSpan(0, 6));
        writer.Complete();
        return path;
    }
}
