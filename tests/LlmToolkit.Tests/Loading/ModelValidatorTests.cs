using LlmToolkit.Loading;
using LlmToolkit.Loading.Checks;

namespace LlmToolkit.Tests.Loading;

public sealed class ModelValidatorTests : IDisposable
{
    /// <summary>Each check with the code of its finding and a model that breaks its rule.</summary>
    private static readonly Dictionary<string, (string Code, Severity Severity, Func<TemporaryFolder, string> Breaks)> s_broken = new()
    {
        ["architecture"] = ("LT2207", Severity.High, f => Gguf(f, TinyGguf.Sound().Without("general.architecture"))),
        ["types of settings"] = ("LT2210", Severity.High, f => Gguf(f, TinyGguf.Sound().Set("llama.context_length", "many"))),
        ["ranges of settings"] = ("LT2211", Severity.High, f => Gguf(f, TinyGguf.Sound().Set("llama.embedding_length", 0))),
        ["epsilon"] = ("LT2211", Severity.High, f => Gguf(f, TinyGguf.Sound().Set("llama.attention.layer_norm_rms_epsilon", float.NaN))),
        ["rope and context"] = ("LT2211", Severity.High, f => Gguf(f, TinyGguf.Sound().Set("llama.rope.freq_base", -1f))),
        ["lists by layer"] = ("LT2212", Severity.High, f => Gguf(f, TinyGguf.Sound(2).Set("llama.attention.head_count", [4]))),
        ["experts"] = ("LT2211", Severity.High, f => Gguf(f, TinyGguf.Sound().Set("llama.expert_count", 2).Set("llama.expert_used_count", 9))),
        ["heads"] = ("LT2202", Severity.High, f => Gguf(f, TinyGguf.Sound().Set("llama.attention.head_count_kv", 3))),
        ["settings of the architecture"] = ("LT4012", Severity.High, f => Gguf(f, TinyGguf.Sound().Set("llama.rope.dimension_count", 7))),
        ["layers"] = ("LT2214", Severity.Medium, f => Gguf(f, TinyGguf.Sound(3).Set("general.architecture", "rwkv9").Set("rwkv9.block_count", 3).WithoutTensors("blk.1."))),
        ["missing tensors"] = ("LT2222", Severity.High, f => Gguf(f, TinyGguf.Sound().WithoutTensors("blk.0.attn_k"))),
        ["shapes"] = ("LT4021", Severity.High, f => Gguf(f, TinyGguf.Sound().Tensor("blk.0.ffn_up.weight", 8, 9))),
        ["surplus tensors"] = ("LT4025", Severity.Medium, f => Gguf(f, TinyGguf.Sound().Tensor("blk.0.ffn_extra.weight", 8, 8))),
        ["types of tensors"] = ("LT2220", Severity.Medium, f => Gguf(f, TinyGguf.Sound().Set("llama.embedding_length", 32).Tensor("output_norm.weight", 8, null, 32))),
        ["embedding"] = ("LT2216", Severity.Medium, f => Gguf(f, TinyGguf.Sound().Set("general.architecture", "rwkv9").Set("rwkv9.embedding_length", 9))),
        ["output"] = ("LT2217", Severity.Medium, f => TinyCheckpoint.Sound().Rename("lm_head.weight", null).Write(f)),
        ["vocabulary"] = ("LT2203", Severity.High, f => Gguf(f, TinyGguf.Sound().Tensor("token_embd.weight", 8, 2))),
        ["special tokens"] = ("LT2204", Severity.Medium, f => Gguf(f, TinyGguf.Sound().Set("tokenizer.ggml.eos_token_id", 3))),
        ["tokenizer"] = ("LT2205", Severity.High, f => Gguf(f, TinyGguf.Sound().Without("tokenizer."))),
        ["tokenizer's data"] = ("LT3012", Severity.High, f => Gguf(f, TinyGguf.Sound().Set("tokenizer.ggml.token_type", [1]))),
        ["template"] = ("LT3100", Severity.Medium, f => Gguf(f, TinyGguf.Sound().Set("tokenizer.chat_template", "{% for m in messages %}{{ m.content }}"))),
    };

    private readonly TemporaryFolder _folder = new();
    private readonly ModelValidator _validator = new(new ToolkitRegistry());

    public static TheoryData<string> Checks => [.. DefaultChecks.All.Select(c => c.Name)];

    [Theory, MemberData(nameof(Checks))]
    public void Check_SoundModel_FindsNothing(string name)
    {
        using ModelDescription gguf = Describe(Gguf(_folder, TinyGguf.Sound(3)));
        using ModelDescription checkpoint = Describe(TinyCheckpoint.Sound().Write(_folder));

        Assert.All([gguf, checkpoint], d => Assert.NotNull(d.Container));
        Assert.All([gguf, checkpoint], d => Assert.Empty(Check(name).Check(d)));
    }

    [Theory, MemberData(nameof(Checks))]
    public void Check_BrokenModel_FindsOneFaultAndSaysWhatToDo(string name)
    {
        (string code, Severity severity, Func<TemporaryFolder, string> breaks) = s_broken[name];
        using ModelDescription description = Describe(breaks(_folder));

        Diagnostic finding = Assert.Single(Check(name).Check(description));

        Assert.Equal((code, severity), (finding.Code, finding.Severity));
        Assert.NotEmpty(finding.Fixes);
        Assert.NotNull(finding.File);
        IReadOnlyList<Diagnostic> all = _validator.Check(description, thorough: true);
        Assert.Contains(all, f => f.Code == code);
        Assert.Equal(Check(name).IsThorough, !_validator.Check(description).Any(f => f.Code == code));
        if (severity == Severity.High)
        {
            Assert.Equal([code], all.Where(f => f.Severity >= Severity.High).Select(f => f.Code).Distinct());
        }
    }

    /// <summary>Settings that a checkpoint's config.json may hold in vain: each is refused, and the message names the key.</summary>
    [Theory]
    [InlineData("num_hidden_layers", "-1")]
    [InlineData("num_hidden_layers", "2000000000")]
    [InlineData("num_hidden_layers", "\"many\"")]
    [InlineData("num_hidden_layers", "100000")]
    [InlineData("num_hidden_layers", "3")]
    [InlineData("hidden_size", "0")]
    [InlineData("hidden_size", "16.5")]
    [InlineData("hidden_size", "{}")]
    [InlineData("hidden_size", "true")]
    [InlineData("num_attention_heads", "0")]
    [InlineData("num_key_value_heads", "0")]
    [InlineData("num_key_value_heads", "\"2\"")]
    [InlineData("vocab_size", "1000")]
    [InlineData("vocab_size", "-5")]
    [InlineData("intermediate_size", "99")]
    [InlineData("rms_norm_eps", "-1")]
    [InlineData("rms_norm_eps", "1e40")]
    [InlineData("rms_norm_eps", "\"x\"")]
    [InlineData("rope_theta", "0")]
    [InlineData("rope_theta", "[]")]
    [InlineData("rope_scaling", "5")]
    [InlineData("rope_scaling", "{\"type\": \"linear\", \"factor\": 0}")]
    [InlineData("rope_scaling", "{\"type\": \"linear\", \"factor\": -2}")]
    [InlineData("rope_parameters", "\"yarn\"")]
    [InlineData("architectures", "7")]
    [InlineData("model_type", "7")]
    [InlineData("head_dim", "0")]
    [InlineData("head_dim", "3")]
    [InlineData("layer_types", "[]")]
    [InlineData("layer_types", "5")]
    [InlineData("hidden_act", "7")]
    [InlineData("tie_word_embeddings", "\"yes\"")]
    [InlineData("max_position_embeddings", "\"long\"")]
    [InlineData("rope_scaling", "{\"rope_type\": 5, \"factor\": 2}")]
    public void Validate_ConfigInVain_IsRefused(string key, string json)
    {
        ValidationReport report = Validate(TinyCheckpoint.Sound().Set(key, json).Write(_folder));

        Assert.True(report.Verdict == Verdict.Refused, $"{key} {json}: {report.Verdict} {string.Join("; ", report.Findings.Select(f => f.Message))}");
        Assert.All(report.Findings.Where(f => f.Severity >= Severity.High), f => Assert.NotEmpty(f.Fixes));
        Assert.True(report.Elapsed < TimeSpan.FromSeconds(5), $"{report.Elapsed}");
    }

    /// <summary>Keys of a GGUF that are there in vain.</summary>
    [Theory]
    [InlineData("llama.block_count", 0u)]
    [InlineData("llama.block_count", uint.MaxValue)]
    [InlineData("llama.block_count", 100_000u)]
    [InlineData("llama.block_count", 65_536u)]
    [InlineData("llama.embedding_length", 0x8000_0000u)]
    [InlineData("llama.embedding_length", 1u << 24)]
    [InlineData("llama.feed_forward_length", 0u)]
    [InlineData("llama.feed_forward_length", uint.MaxValue)]
    [InlineData("llama.attention.head_count", 0u)]
    [InlineData("llama.attention.head_count", 65_536u)]
    [InlineData("llama.attention.head_count_kv", 0u)]
    [InlineData("llama.attention.head_count_kv", 5u)]
    [InlineData("llama.attention.key_length", 1u << 24)]
    [InlineData("llama.attention.key_length", 0u)]
    [InlineData("llama.attention.value_length", 3u)]
    [InlineData("llama.rope.dimension_count", 7u)]
    [InlineData("llama.rope.dimension_count", 4096u)]
    [InlineData("llama.rope.dimension_count", 0u)]
    [InlineData("general.architecture", 7u)]
    [InlineData("tokenizer.ggml.tokens", 7u)]
    [InlineData("tokenizer.ggml.token_type", 7u)]
    [InlineData("tokenizer.ggml.scores", 7u)]
    public void Validate_KeyInVain_IsRefusedSoonAndSmall(string key, uint value)
    {
        string path = Gguf(_folder, TinyGguf.Sound().Set(key, value));
        long before = GC.GetAllocatedBytesForCurrentThread();

        ValidationReport report = Validate(path);

        Assert.True(report.Verdict == Verdict.Refused, $"{key} {value}: {report.Verdict} {string.Join("; ", report.Findings.Select(f => f.Message))}");
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 200 << 20);
        Assert.True(report.Elapsed < TimeSpan.FromSeconds(10), $"{report.Elapsed}");
    }

    [Fact]
    public void Check_ArchitectureOfAUser_IsRehearsedToo()
    {
        ToolkitRegistry registry = new();
        registry.Architectures.Add(Engine.Architecture.Like(Engine.Architecture.BuiltIn.First(a => a.GgufNames.Contains("llama")), ["fable"], []));
        string path = Gguf(_folder, TinyGguf.Sound().Set("general.architecture", "fable").Set("fable.block_count", 1).Set("fable.embedding_length", 8).Set("fable.feed_forward_length", 8)
            .Set("fable.attention.head_count", 4).Set("fable.attention.head_count_kv", 2).Set("fable.attention.layer_norm_rms_epsilon", 1e-5f).WithoutTensors("blk.0.ffn_norm"));

        ValidationReport report = new ModelValidator(registry).Validate(ModelArtifact.FromPath(path), cancellationToken: TestContext.Current.CancellationToken);

        Assert.Equal((Verdict.Refused, "LT2222"), (report.Verdict, Assert.Single(report.Findings).Code));
        Assert.Equal(Verdict.Unsupported, Validate(path).Verdict);
    }

    [Theory]
    [InlineData("quantization_config", "{\"quant_method\": \"evilq\", \"bits\": -3}", "LT4026")]
    [InlineData("quantization_config", "{\"quant_method\": \"gptq\", \"bits\": 4}", "LT4026")]
    [InlineData("rope_scaling", "{\"rope_type\": \"spiral\", \"factor\": 2}", "LT4013")]
    [InlineData("hidden_act", "\"swoosh\"", "LT4013")]
    [InlineData("model_type", "null", "LT2208")]
    [InlineData("model_type", "\"rwkv9\"", "LT4010")]
    public void Validate_ConfigOfAnotherProgram_IsUnsupported(string key, string json, string code)
    {
        ValidationReport report = Validate(TinyCheckpoint.Sound().Set(key, json).Write(_folder));

        Assert.Equal((Verdict.Unsupported, code), (report.Verdict, report.Findings.First(f => f.Severity >= Severity.High).Code));
    }

    [Fact]
    public void Validate_PackedTensorsWithoutAWord_AreUnsupported()
    {
        ValidationReport report = Validate(TinyCheckpoint.Sound().Rename("model.layers.0.self_attn.q_proj.weight", "model.layers.0.self_attn.q_proj.qweight").Write(_folder));

        Assert.Equal((Verdict.Unsupported, "LT2223"), (report.Verdict, report.Findings.Single(f => f.Severity >= Severity.High).Code));
    }

    [Fact]
    public async Task Validate_NoTokenizer_IsUnsupportedButLoads()
    {
        string path = TinyCheckpoint.Sound().Tokenizer(null).Write(_folder);

        Assert.Equal(Verdict.Unsupported, Validate(path).Verdict);
        await using ILanguageModel model = await new ModelLoader().LoadAsync(path, cancellationToken: TestContext.Current.CancellationToken);
        Assert.IsAssignableFrom<ILogitsModel>(model);
    }

    [Fact]
    public void Validate_BareWeightsAndBareContainers_AreWarnings()
    {
        Assert.Equal(["LT2201"], Validate(_folder.BareWeights()).Findings.Select(f => f.Code));
        ValidationReport container = Validate(Gguf(_folder, new TinyGguf().Set("general.architecture", "llama").Tensor("t", 4)));
        Assert.Equal(Verdict.Warnings, container.Verdict);
        Assert.Equal(["LT2209", "LT2205"], container.Findings.Select(f => f.Code));
    }

    [Fact]
    public void Validate_ManyThingsMissing_AreCountedOnceAndQuickly()
    {
        ValidationReport report = Validate(Gguf(_folder, TinyGguf.Sound(40).WithoutTensors("blk.1").WithoutTensors("blk.2")));

        Diagnostic missing = Assert.Single(report.Findings, f => f.Code == "LT2222");
        Assert.Contains("198 tensors", missing.Message, StringComparison.Ordinal);
        Assert.Contains("blk.1.attn_norm.weight", missing.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{% for m in messages %}{{ m.content }}{% endfor %}", null)]
    [InlineData("{{ messages[9].content.x }}", "LT3103")]
    [InlineData("{{ 1 // 0 }}", "LT3105")]
    [InlineData("hello {{ bos_token }}", "LT2224")]
    [InlineData("{% if messages[0].role == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}{% for m in messages %}{{ m.content }}{% endfor %}", "LT2225")]
    [InlineData("{{ raise_exception('Never.') }}", "LT3102")]
    public void Check_Template_TriesAConversation(string template, string? code)
    {
        ValidationReport report = Validate(TinyCheckpoint.Sound().Template(template).Write(_folder));

        Assert.Equal(code is null ? [] : [code], report.Findings.Select(f => f.Code));
        Assert.Equal(code is null ? Verdict.Ok : Verdict.Warnings, report.Verdict);
    }

    [Fact]
    public void Check_PaddedVocabularyAndTokenAtTheEnd_AreFine()
    {
        using ModelDescription description = Describe(Gguf(_folder, TinyGguf.Sound().Tensor("token_embd.weight", 8, 64).Set("tokenizer.ggml.eos_token_id", 2)));

        Assert.DoesNotContain(_validator.Check(description), f => f.Code is "LT2203" or "LT2204");
    }

    [Theory]
    [InlineData("heads", Verdict.Refused)]
    [InlineData("tokenizer", Verdict.Unsupported)]
    [InlineData("special tokens", Verdict.Warnings)]
    [InlineData("unknown architecture", Verdict.Unsupported)]
    [InlineData("sound", Verdict.Ok)]
    [InlineData("cut", Verdict.Refused)]
    [InlineData("noise", Verdict.Refused)]
    public void Validate_File_GivesTheVerdict(string kind, Verdict verdict)
    {
        string path = kind switch
        {
            "sound" => Gguf(_folder, TinyGguf.Sound()),
            "cut" => _folder.File("m.gguf", TinyGguf.Sound().Build()[..^40]),
            "noise" => _folder.File("m.gguf", [.. Enumerable.Range(1, 999).Select(i => (byte)(i * 37))]),
            "unknown architecture" => Gguf(_folder, TinyGguf.Sound().Without("llama.").Set("general.architecture", "rwkv9")),
            _ => s_broken[kind].Breaks(_folder),
        };

        ValidationReport report = Validate(path);

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

    private static string Gguf(TemporaryFolder folder, TinyGguf model) => folder.File("m.gguf", model.Build());

    private ModelDescription Describe(string path) => _validator.Describe(ModelArtifact.FromPath(path));

    private ValidationReport Validate(string path) => _validator.Validate(ModelArtifact.FromPath(path), cancellationToken: TestContext.Current.CancellationToken);

    private sealed class Grumpy : IModelCheck
    {
        public string Name => "grumpy";

        public IEnumerable<Diagnostic> Check(ModelDescription description) =>
            [new() { Code = "MY0001", Kind = FaultKind.Refused, Severity = Severity.Low, Message = "Never content." }];
    }
}
