using LlmToolkit.Loading;

namespace LlmToolkit.Tests.Loading;

/// <summary>What <c>validate --deep</c> says of values.</summary>
public sealed class TensorScanTests : IDisposable
{
    private const int Width = 128;

    private readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData("sound", null, "")]
    [InlineData("nan", "LT2206", "[1, 3]")]
    [InlineData("infinity", "LT2206", "[0, 0]")]
    [InlineData("zero", "LT2226", "blk.2.ffn_up.weight")]
    [InlineData("constant", "LT2227", "blk.2.ffn_up.weight")]
    [InlineData("huge", "LT2228", "blk.2.ffn_up.weight")]
    [InlineData("tiny", "LT2228", "blk.2.ffn_up.weight")]
    [InlineData("zero bias", null, "")]
    [InlineData("norm of ones", null, "")]
    public void Run_Values_AreJudged(string kind, string? code, string detail)
    {
        TinyGguf model = Layers(6);
        float[] up = Normal(2, kind switch { "huge" => 1e4, "tiny" => 1e-7, _ => 0.02 });
        switch (kind)
        {
            case "nan":
                up[Width + 3] = float.NaN;
                up[Width + 9] = float.NaN;
                break;
            case "infinity":
                up[0] = float.NegativeInfinity;
                break;
            case "zero":
                up.AsSpan().Clear();
                break;
            case "constant":
                up.AsSpan().Fill(0.25f);
                break;
            case "zero bias":
                model.Tensor("blk.0.ffn_up.bias", 0, Bytes(new float[Width]), Width);
                break;
            case "norm of ones":
                model.Tensor("blk.0.ffn_norm.weight", 0, Bytes([.. Enumerable.Repeat(1f, Width)]), Width);
                break;
        }

        model.Tensor("blk.2.ffn_up.weight", 0, Bytes(up), Width, Width);

        List<Diagnostic> found = Scan(model);

        Assert.Equal(code is null ? [] : [code], found.Select(f => f.Code));
        Assert.All(found, f => Assert.Contains(detail, f.Message, StringComparison.Ordinal));
        Assert.All(found, f => Assert.Equal((Severity.Medium, "blk.2.ffn_up.weight"), (f.Severity, f.Field)));
    }

    [Fact]
    public void Run_OneDamagedExpertOfMany_IsFoundWithItsPlace()
    {
        const int experts = 16;
        float[] stack = [.. Enumerable.Range(0, experts).SelectMany(e => Normal(e, 0.02))];
        stack[(11 * Width * Width) + (5 * Width) + 7] = float.NaN;
        stack.AsSpan(3 * Width * Width, Width * Width).Clear();
        List<Diagnostic> found = Scan(Layers(1).Tensor("blk.0.ffn_up_exps.weight", 0, Bytes(stack), Width, Width, experts));

        Assert.Equal(["LT2206", "LT2226"], found.Select(f => f.Code));
        Assert.Contains("blk.0.ffn_up_exps.weight", found[0].Message, StringComparison.Ordinal);
        Assert.Contains("[11, 5, 7]", found[0].Message, StringComparison.Ordinal);
        Assert.Contains("blk.0.ffn_up_exps.weight[3]", found[1].Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_LargeTensor_IsReadInPiecesWithProgress()
    {
        const int rows = 20_000;
        byte[] blocks = new byte[rows * 4 * 34];
        Random random = new(3);
        random.NextBytes(blocks);
        for (int at = 0; at < blocks.Length; at += 34)
        {
            BitConverter.TryWriteBytes(blocks.AsSpan(at), (Half)0.01);
        }

        BitConverter.TryWriteBytes(blocks.AsSpan((((19_999 * 4) + 1) * 34)), Half.NaN);
        Steps steps = new();
        using ModelDescription description = Describe(Layers(1).Tensor("token_embd.weight", 8, blocks, Width, rows));

        Diagnostic found = Assert.Single(new TensorScan(description).Run(steps, CancellationToken.None));

        Assert.Equal(("LT2206", "token_embd.weight"), (found.Code, found.Field));
        Assert.Contains("[19999, 32]", found.Message, StringComparison.Ordinal);
        Assert.Equal(1, steps.Last);
        using CancellationTokenSource stopped = new();
        stopped.Cancel();
        Assert.Throws<OperationCanceledException>(() => new TensorScan(description).Run(null, stopped.Token));
    }

    [Fact]
    public void Run_ReferenceModels_AreLeftAlone()
    {
        List<string> found = [];
        foreach (string path in Directory.GetFiles(SharedData.Conformance("gguf"), "*.gguf").Order(StringComparer.Ordinal))
        {
            using ModelDescription description = new ModelValidator(new ToolkitRegistry()).Describe(ModelArtifact.FromPath(path));
            found.AddRange(new TensorScan(description).Run(null, TestContext.Current.CancellationToken).Select(f => $"{Path.GetFileName(path)}: {f.Message}"));
        }

        Assert.True(found.Count == 0, string.Join('\n', found));
    }

    public void Dispose() => _folder.Dispose();

    private static TinyGguf Layers(int count)
    {
        TinyGguf model = new();
        for (int n = 0; n < count; n++)
        {
            model.Tensor($"blk.{n}.ffn_up.weight", 0, Bytes(Normal(n, 0.02)), Width, Width);
        }

        return model;
    }

    private static float[] Normal(int seed, double deviation)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, Width * Width).Select(_ => (float)(deviation * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble())))];
    }

    private static byte[] Bytes(float[] values)
    {
        byte[] bytes = new byte[values.Length * sizeof(float)];
        Buffer.BlockCopy(values, 0, bytes, 0, bytes.Length);
        return bytes;
    }

    private List<Diagnostic> Scan(TinyGguf model)
    {
        using ModelDescription description = Describe(model);
        return [.. new TensorScan(description).Run(null, TestContext.Current.CancellationToken)];
    }

    private ModelDescription Describe(TinyGguf model) => new ModelValidator(new ToolkitRegistry()).Describe(ModelArtifact.FromPath(_folder.File("m.gguf", model.Build())));

    private sealed class Steps : IProgress<LoadProgress>
    {
        private readonly Lock _lock = new();

        public double Last { get; private set; }

        public void Report(LoadProgress value)
        {
            lock (_lock)
            {
                Last = Math.Max(Last, value.Fraction);
            }
        }
    }
}
