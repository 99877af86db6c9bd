using LlmToolkit.Loading;
using LlmToolkit.Loading.Checks;

namespace LlmToolkit.Tests.Loading;

public sealed class ModelValidatorTests : IDisposable
{
    /// <summary>Each check with the code of its finding and a model that breaks its rule; null: weights without a configuration.</summary>
    private static readonly Dictionary<string, (string Code, Severity Severity, Func<TinyGguf>? Breaks)> s_broken = new()
    {
        ["architecture"] = ("LT2201", Severity.Medium, null),
        ["heads"] = ("LT2202", Severity.High, () => TinyGguf.Sound().Set("llama.attention.head_count_kv", 3)),
        ["vocabulary"] = ("LT2203", Severity.High, () => TinyGguf.Sound().Tensor("token_embd.weight", 8, 2)),
        ["special tokens"] = ("LT2204", Severity.Medium, () => TinyGguf.Sound().Set("tokenizer.ggml.eos_token_id", 3)),
        ["tokenizer"] = ("LT2205", Severity.Medium, () => TinyGguf.Sound().Without("tokenizer.")),
    };

    private readonly TemporaryFolder _folder = new();
    private readonly ModelValidator _validator = new(new ToolkitRegistry());

    public static TheoryData<string> Checks => [.. DefaultChecks.All.Select(c => c.Name)];

    [Theory, MemberData(nameof(Checks))]
    public void Check_SoundModel_FindsNothing(string name)
    {
        using ModelDescription description = Describe(TinyGguf.Sound());

        Assert.NotNull(description.Container);
        Assert.Empty(Check(name).Check(description));
    }

    [Theory, MemberData(nameof(Checks))]
    public void Check_BrokenModel_FindsOneFaultAndSaysWhatToDo(string name)
    {
        (string code, Severity severity, Func<TinyGguf>? breaks) = s_broken[name];
        using ModelDescription description = breaks is null ? _validator.Describe(ModelArtifact.FromPath(_folder.BareWeights())) : Describe(breaks());

        Diagnostic finding = Assert.Single(Check(name).Check(description));

        Assert.Equal((code, severity), (finding.Code, finding.Severity));
        Assert.NotEmpty(finding.Fixes);
        Assert.NotNull(finding.File);
        Assert.Contains(_validator.Check(description), f => f.Code == code);
        Assert.All(DefaultChecks.All.Where(c => c.Name != name), c => Assert.DoesNotContain(c.Check(description), f => f.Severity >= Severity.High));
    }

    [Fact]
    public void Check_PaddedVocabularyAndTokenAtTheEnd_AreFine()
    {
        using ModelDescription description = Describe(TinyGguf.Sound().Tensor("token_embd.weight", 8, 64).Set("tokenizer.ggml.eos_token_id", 2));

        Assert.DoesNotContain(_validator.Check(description), f => f.Code is "LT2203" or "LT2204");
    }

    [Theory]
    [InlineData("heads", Verdict.Refused)]
    [InlineData("tokenizer", Verdict.Warnings)]
    [InlineData("unknown architecture", Verdict.Unsupported)]
    [InlineData("sound", Verdict.Ok)]
    [InlineData("cut", Verdict.Refused)]
    [InlineData("noise", Verdict.Refused)]
    public void Validate_File_GivesTheVerdict(string kind, Verdict verdict)
    {
        byte[] bytes = kind switch
        {
            "sound" => TinyGguf.Sound().Build(),
            "cut" => TinyGguf.Sound().Build()[..^40],
            "noise" => [.. Enumerable.Range(1, 999).Select(i => (byte)(i * 37))],
            "unknown architecture" => TinyGguf.Sound().Without("llama.").Set("general.architecture", "rwkv9").Build(),
            _ => s_broken[kind].Breaks!().Build(),
        };

        ValidationReport report = _validator.Validate(ModelArtifact.FromPath(_folder.File("m.gguf", bytes)), cancellationToken: TestContext.Current.CancellationToken);

        Assert.True(verdict == report.Verdict, $"{report.Verdict}: {string.Join("; ", report.Findings.Select(f => f.Message))}");
        Assert.Equal(kind == "noise" ? "unknown" : "gguf", report.Format);
        Assert.Equal(verdict == Verdict.Ok, report.Findings.Count == 0);
    }

    [Theory]
    [InlineData("models")]
    [InlineData("gguf")]
    public void Check_ReferenceModels_AreNotRefused(string set)
    {
        string folder = SharedData.Conformance(set);
        string[] models = set == "models" ? Directory.GetDirectories(folder) : Directory.GetFiles(folder, "*.gguf");
        List<string> misses = [];
        foreach (string model in models.Order(StringComparer.Ordinal))
        {
            using ModelDescription description = _validator.Describe(ModelArtifact.FromPath(model));
            misses.AddRange(DefaultChecks.All.SelectMany(c => c.Check(description)).Where(f => f.Severity >= Severity.High).Select(f => $"{Path.GetFileName(model)}: {f.Message}"));
        }

        Assert.NotEmpty(models);
        Assert.True(misses.Count == 0, string.Join('\n', misses));
    }

    [Fact]
    public void Check_OfAUser_IsAppliedToo()
    {
        ToolkitRegistry registry = new();
        registry.Checks.Add(new Grumpy());

        ValidationReport report = new ModelValidator(registry).Validate(ModelArtifact.FromPath(_folder.File("m.gguf", TinyGguf.Sound().Build())), cancellationToken: TestContext.Current.CancellationToken);

        Assert.Equal(["MY0001"], report.Findings.Select(f => f.Code));
    }

    public void Dispose() => _folder.Dispose();

    private static IModelCheck Check(string name) => DefaultChecks.All.Single(c => c.Name == name);

    private ModelDescription Describe(TinyGguf model) => _validator.Describe(ModelArtifact.FromPath(_folder.File("m.gguf", model.Build())));

    private sealed class Grumpy : IModelCheck
    {
        public string Name => "grumpy";

        public IEnumerable<Diagnostic> Check(ModelDescription description) =>
            [new() { Code = "MY0001", Kind = FaultKind.Refused, Severity = Severity.Low, Message = "Never content." }];
    }
}
