using System.Reflection;
using System.Runtime.CompilerServices;
using LlmToolkit;
using LlmToolkit.Engine;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;

namespace Acme.Tens;

/// <summary>Everything here is done from an assembly of a user's own, by the public API alone.</summary>
public sealed class ExtensionTests : IDisposable
{
    private readonly TensFile _file = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _file.Dispose();

    [Fact]
    public void ThisAssembly_SeesNothingInternal()
    {
        string own = typeof(ExtensionTests).Assembly.GetName().Name!;
        Assembly[] packages = [typeof(ModelInfo).Assembly, typeof(LlmToolkit.Formats.DefaultFormats).Assembly, typeof(LlmToolkit.Text.Tokenizer).Assembly, typeof(Architecture).Assembly, typeof(ModelLoader).Assembly];

        Assert.All(packages, p => Assert.DoesNotContain(p.GetCustomAttributes<InternalsVisibleToAttribute>(), f => f.AssemblyName.Split(',')[0] == own));
    }

    [Fact]
    public async Task Format_OfAUser_IsDetectedDescribedAndRead()
    {
        ModelLoader loader = Loader();
        string path = _file.Write("m.tens");

        Detection detection = await loader.DetectAsync(path, Cancellation);
        Assert.Equal(("tens", 0.9), (detection.Format, detection.Score));
        Assert.Equal("tens", Assert.Single(detection.Candidates).Format);

        using ModelDescription description = await loader.DescribeAsync(path, null, Cancellation);
        Assert.Equal(("tens-llama", 1, 11), (description.Info!.Architecture, description.Info.Layers, description.Info.Vocabulary));
        Assert.Equal(12, description.Tensors.Count);
        Assert.Equal(10000, description.Metadata!.Double("rope_theta"));

        TensorInfo embedding = description.Tensors[0];
        using TensorData data = description.TryRead(embedding)!;
        float[] row = new float[32];
        TensorValues.ToFloats(embedding.DType, data.Row(1), row);
        Assert.Contains(row, v => v != 0);
        Assert.Contains(ToolkitCatalog.Formats(loader.Registry), r => r.Text("name") == "tens");
    }

    [Fact]
    public async Task Format_OfAUser_IsValidatedWithItsOwnFindings()
    {
        ModelLoader loader = Loader();
        ValidationReport sound = await loader.ValidateAsync(_file.Write("m.tens"), null, Cancellation);
        ValidationReport cut = await loader.ValidateAsync(_file.Write("cut.tens", "tensor x 3", "1 2"), null, Cancellation);
        ValidationReport asked = await loader.ValidateAsync(_file.Write("m2.tens"), "tens", Cancellation);

        Assert.True(sound.Verdict is Verdict.Ok or Verdict.Warnings, string.Join("; ", sound.Findings.Select(f => f.Code + " " + f.Message)));
        Assert.Equal(sound.Verdict, asked.Verdict);
        Assert.Equal(("tens", "1"), (sound.Format, sound.Version));
        Assert.Equal((Verdict.Refused, "TENS01"), (cut.Verdict, cut.Findings[0].Code));
    }

    [Fact]
    public async Task Architecture_OfAUser_RunsOnTheManagedEngine()
    {
        ModelLoader loader = Loader();
        LoadOptions exact = new() { Exact = true, Threads = 1, Backend = "managed" };
        await using ILanguageModel own = await loader.LoadAsync(_file.Write("m.tens"), exact, null, Cancellation);
        await using ILanguageModel known = await loader.LoadAsync(_file.WriteFolder(), exact, null, Cancellation);

        Assert.Equal("managed", own.Backend);
        Assert.Equal(Logits(known), Logits(own));
        Assert.Contains(Logits(own), x => x != 0);
        Assert.Equal(await Text(known), await Text(own));
    }

    [Fact]
    public async Task Check_OfAUser_IsAppliedToEveryFormat()
    {
        ModelLoader loader = Loader();
        ValidationReport report = await loader.ValidateAsync(_file.Write("m.tens", "tensor acme.weight 1", "1"), null, Cancellation);

        Assert.Contains(report.Findings, f => f is { Code: "ACME01", Field: "acme.weight" });
        Assert.DoesNotContain((await loader.ValidateAsync(_file.WriteFolder(), null, Cancellation)).Findings, f => f.Code == "ACME01");
    }

    [Fact]
    public async Task Explainer_OfAUser_ExplainsWhatTheirFormatThrows()
    {
        ModelLoader loader = Loader();
        string path = _file.Write("m.tens", "crash");

        ModelException error = await Assert.ThrowsAsync<ModelException>(() => loader.LoadAsync(path, null, null, Cancellation));
        Assert.Equal(("ACME02", FaultKind.Unsupported), (error.Diagnostic.Code, error.Diagnostic.Kind));
        Assert.IsType<TensDongleException>(error.InnerException);

        ErrorReporter reporter = new(loader.Registry.Explainers);
        Assert.Equal("ACME02", reporter.Explain(new AggregateException(new TensDongleException())).Code);
        Assert.Equal("ACME02", reporter.Explain("error: dongle 7 does not answer")!.Code);
        Assert.NotEqual("ACME02", reporter.Explain(new IOException("No space left on device")).Code);
    }

    [Fact]
    public async Task BackendAndHardware_OfAUser_ArePlannedAndLoaded()
    {
        ModelLoader loader = Loader();
        string path = _file.Write("m.tens");

        LoadPlan plan = await loader.PlanAsync(path, new LoadOptions(), Cancellation);
        Assert.Contains("Acme card", plan.Hardware.Accelerators);
        Assert.True(plan.Fits.Single(f => f.Backend == "acme").Accepted);
        LoadPlan other = await loader.PlanAsync(_file.WriteFolder(), new LoadOptions(), Cancellation);
        Assert.Equal("ACME11", Assert.Single(other.Fits.Single(f => f.Backend == "acme").Reasons).Code);

        await using ILanguageModel model = await loader.LoadAsync(path, new LoadOptions { Backend = "acme" }, null, Cancellation);
        Assert.Equal("I am tens-llama.", await Text(model));
        Assert.Contains(ToolkitCatalog.Backends(loader.Registry), r => r.Text("name") == "acme" && r.Text("variant") == "card");
    }

    [Fact]
    public async Task Services_OfAnApplication_HaveAllOfIt()
    {
        await using ServiceProvider services = new ServiceCollection()
            .AddLlmToolkit(o => Extend(o.Registry))
            .AddModel("story", _file.Write("m.tens"), o => o.Load = new LoadOptions { Backend = "acme" })
            .Services.BuildServiceProvider();

        Assert.Equal("I am tens-llama.", (await services.GetRequiredService<IChatClient>().GetResponseAsync("Hi", null, Cancellation)).Text);
        Assert.Equal("tens", (await services.GetRequiredService<ModelLoader>().DetectAsync(Path.Combine(_file.Folder, "m.tens"), Cancellation)).Format);
        Assert.Equal("ACME02", services.GetRequiredService<ErrorReporter>().Explain(new TensDongleException()).Code);
    }

    private static ModelLoader Loader()
    {
        ToolkitRegistry registry = new();
        Extend(registry);
        return new ModelLoader(registry);
    }

    private static void Extend(ToolkitRegistry registry)
    {
        registry.Formats.Add(new TensFormat());
        registry.Architectures.Add(Architecture.Like(Architecture.BuiltIn.First(a => a.HuggingFaceNames.Contains("llama")), ["tens-llama"], ["tens-llama"]));
        registry.Checks.Add(new NoVanity());
        registry.Explainers.Add(new DongleExplainer());
        registry.Backends.Add(new AcmeBackend());
        registry.Hardware.Add(new AcmeCard());
    }

    private static float[] Logits(ILanguageModel model)
    {
        ILogitsModel logits = Assert.IsAssignableFrom<ILogitsModel>(model);
        using IGenerationSession session = logits.CreateSession();
        float[] values = new float[3 * logits.Vocabulary];
        session.Forward([1, 2, 3], values, Cancellation);
        return values;
    }

    private static async Task<string> Text(ILanguageModel model)
    {
        string text = "";
        await foreach (TextChunk chunk in model.GenerateAsync(Prompt.FromText("abc"), new GenerateOptions { MaxTokens = 5, Temperature = 0 }, Cancellation))
        {
            text += chunk.Text;
        }

        return text;
    }
}
