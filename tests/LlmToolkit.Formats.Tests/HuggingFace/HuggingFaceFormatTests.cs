using LlmToolkit.Formats.HuggingFace;
using LlmToolkit.Formats.Safetensors;
using LlmToolkit.Formats.Tests.Shared;

namespace LlmToolkit.Formats.Tests.HuggingFace;

public sealed class HuggingFaceFormatTests : IDisposable
{
    private const string Config = """{"architectures":["LlamaForCausalLM"],"model_type":"llama","hidden_size":64,"num_hidden_layers":2,"num_attention_heads":4,"num_key_value_heads":2,"vocab_size":10,"max_position_embeddings":128,"eos_token_id":[2,-7,4000000000]}""";

    private readonly TemporaryFolder _folder = new();

    private static IModelFormat Format => DefaultFormats.All.Single(f => f.Name == "huggingface");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Open_Directory_JoinsFilesIntoOneModel()
    {
        Model(Config);
        _folder.Write("generation_config.json", """{"do_sample":false,"temperature":0.7,"top_p":0.9,"top_k":-3,"eos_token_id":5}""");
        _folder.Write("tokenizer_config.json", """{"bos_token":{"content":"<s>"},"chat_template":[{"name":"tool_use","template":"t"},{"name":"default","template":"d"}]}""");
        _folder.Write("tokenizer.json", """{"added_tokens":[{"id":3,"content":"<s>"}],"model":{"type":"BPE","vocab":{"a":0,"b":1,"c":2},"merges":[]}}""");
        _folder.Write("README.md", "---\nlanguage: en\nlicense: apache-2.0\n---\n# x");
        using ModelContainer model = Format.Open(_folder.Artifact);

        Assert.Equal((0f, 0.9f, null), (model.GenerationDefaults.Temperature, model.GenerationDefaults.TopP, model.GenerationDefaults.TopK));
        Assert.Equal([5, 2], model.EndTokens);
        Assert.Equal("d", model.ChatTemplate);
        Assert.Equal(("bpe", 4, 3), (model.Info.Tokenizer!.Kind, model.Info.Tokenizer.Vocabulary, model.Info.Tokenizer.Special["bos"]));
        Assert.Equal(("apache-2.0", 2 * 2 * 16 * 2 * 2L, 16), (model.Info.License, model.Info.KvBytesPerToken, model.Info.HeadDim));
        Assert.Equal(["model.safetensors"], model.Files.Select(f => f.Name));
        Assert.Equal(["config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json"], model.Tokenizer!.Files.Keys.Order());
    }

    [Theory]
    [InlineData("""{"model_type":"gemma3","text_config":{"model_type":"gemma3_text","hidden_size":2560,"num_hidden_layers":34}}""", 34, 8, 4, 256, 131072, 262208)]
    [InlineData("""{"model_type":"llava","text_config":{"model_type":"llama","num_attention_heads":40,"hidden_size":5120,"num_hidden_layers":40,"max_position_embeddings":4096}}""", 40, 40, 40, 128, 4096, 32000)]
    [InlineData("""{"model_type":"llava","text_config":{"model_type":"mistral"}}""", 32, 32, 8, 128, 131072, 32000)]
    [InlineData("""{"model_type":"llama","num_attention_heads":4}""", null, 4, 4, null, null, null)]
    public void Info_NestedConfigurationThatLeavesFactsOut_MeansItsClassDefaults(string config, int? layers, int? heads, int? kvHeads, int? headDim, int? context, int? vocabulary)
    {
        Model(config);
        using ModelContainer model = Format.Open(_folder.Artifact);

        Assert.Equal((layers, heads, kvHeads, headDim, context, vocabulary), (model.Info.Layers, model.Info.Heads, model.Info.KvHeads, model.Info.HeadDim, model.Info.ContextLength, model.Info.Vocabulary));
        Assert.Equal(layers * kvHeads * headDim * 4, model.Info.KvBytesPerToken);
    }

    [Theory]
    [InlineData("{\"text_config\":{\"hidden_size\":8,\"x\":null},\"hidden_size\":4,\"x\":1}")]
    [InlineData("{\"thinker_config\":{\"text_config\":{\"hidden_size\":8}},\"hidden_size\":4,\"x\":1}")]
    [InlineData("{\"llm_config\":{\"hidden_size\":8},\"x\":1}")]
    public void Metadata_NestedTextConfiguration_ComesFirst(string config)
    {
        Model(config);
        using ModelContainer model = Format.Open(_folder.Artifact);

        Assert.Equal(8, model.Metadata.Int64("hidden_size"));
        Assert.Equal(1, model.Metadata.Int64("x"));
    }

    [Fact]
    public void Metadata_DottedPathsAndPythonNumbers_AreRead()
    {
        Model("""{"rope_parameters":{"full_attention":{"rope_theta":1e6}},"time_step_limit":[0.0,Infinity],"nan":NaN,"text":"NaN \" Infinity","big":1000000000000000019884624838656,"layer_types":["a","b"]}""");
        using ModelContainer model = Format.Open(_folder.Artifact);

        Assert.Equal(1e6, model.Metadata.Double("rope_parameters.full_attention.rope_theta"));
        Assert.True(model.Metadata.TryGet("time_step_limit", out MetadataValue? limit) && limit.TryGetDoubles(out IReadOnlyList<double>? values) && double.IsPositiveInfinity(values[1]));
        Assert.False(model.Metadata.TryGet("nan", out _));
        Assert.Equal("NaN \" Infinity", model.Metadata.Text("text"));
        Assert.Equal(1e30, model.Metadata.Double("big")!.Value, 1e15);
        Assert.True(model.Metadata.TryGet("layer_types", out MetadataValue? types) && types.TryGetStrings(out _));
    }

    [Fact]
    public void Pooling_SentenceTransformersSteps_AreCollected()
    {
        Model("""{"architectures":["BertModel"],"model_type":"bert"}""");
        _folder.Write("modules.json", """[{"type":"sentence_transformers.models.Transformer","path":""},{"type":"sentence_transformers.models.Pooling","path":"1_Pooling"},{"type":"sentence_transformers.models.Normalize","path":"2_Normalize"},{"type":"sentence_transformers.models.Dense","path":"3_Dense"}]""");
        _folder.Write("1_Pooling/config.json", """{"pooling_mode_cls_token":true,"pooling_mode_mean_tokens":false}""");
        _folder.Write("sentence_bert_config.json", """{"max_seq_length":256}""");
        using ModelContainer model = Format.Open(_folder.Artifact);

        Assert.Equal(new PoolingOptions { Mode = "cls", Normalize = true, MaxTokens = 256 }, model.Pooling);
        Assert.True(model.Info.IsEncoder);
        Assert.Null(model.Info.KvBytesPerToken);
        Assert.Equal("LT1306", Assert.Single(model.Check()).Code);
    }

    [Theory]
    [InlineData("no weights", "config.json", "LT1300", "config.json without weights")]
    [InlineData("no config", "model.safetensors", "LT1302", "config.json")]
    [InlineData("nothing", "", "LT1300", "empty")]
    [InlineData("diffusers", "model_index.json", "LT1301", "diffusers")]
    [InlineData("onnx", "model.onnx", "LT1301", "another runtime")]
    public void Open_IncompleteDirectory_SaysWhat(string name, string file, string code, string detail)
    {
        if (file.Length > 0)
        {
            _folder.Write(file, "{}");
        }

        ModelException error = Assert.Throws<ModelException>(() => Format.Open(_folder.Artifact));

        Assert.True(error.Diagnostic.Code == code, $"{name}: {error.Diagnostic.Code} {error.Message}");
        Assert.Contains(detail, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "LT1503")]
    [InlineData("[]", "LT1522")]
    [InlineData("{\"a\":1,", "LT1521")]
    [InlineData("{\"a\":1,\"a\":2}", "LT1521")]
    [InlineData("{\"model_type\":\"\\ud800\"}", "LT1521")]
    [InlineData("{\"\\ud800\":1}", "LT1521")]
    [InlineData("<html>429 Too Many Requests</html>", "LT1404")]
    [InlineData("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 700\n", "LT1403")]
    public void Open_BadConfig_IsRefusedAndTheWeightsAreStillDescribed(string config, string code)
    {
        Model(config);

        ModelException error = Assert.Throws<ModelException>(() => Format.Open(_folder.Artifact));
        using ModelDescription description = Format.Describe(_folder.Artifact);

        Assert.Equal(code, error.Diagnostic.Code);
        Assert.Equal(code, Assert.Single(description.Findings).Code);
        Assert.Single(description.Tensors);
    }

    [Fact]
    public void Open_RandomMutations_ThrowNothingButModelException()
    {
        Model(Config);
        string tokenizer = """{"bos_token":{"content":"<s>"},"chat_template":[{"name":"default","template":"d"}]}""";
        Random random = new(5);
        for (int i = 0; i < 500; i++)
        {
            foreach ((string name, string text) in new[] { ("config.json", Config), ("tokenizer_config.json", tokenizer), ("generation_config.json", "{\"eos_token_id\":[1,2],\"top_p\":0.5}") })
            {
                byte[] bytes = System.Text.Encoding.UTF8.GetBytes(text);
                for (int n = random.Next(3); n > 0; n--)
                {
                    bytes[random.Next(bytes.Length)] = random.Next(4) == 0 ? (byte)random.Next(256) : (byte)"{}[]\",:0129eE.-\\u "[random.Next(18)];
                }

                File.Delete(Path.Combine(_folder.Path, name));
                _folder.Write(name, bytes);
            }

            try
            {
                using ModelDescription description = Format.Describe(_folder.Artifact);
                _ = description.Metadata?.Entries.Count(e => e.Value.Value is null);
            }
            catch (ModelException)
            {
            }
        }
    }

    [Fact]
    public void Describe_BadWeights_StillGivesTheConfiguration()
    {
        Model(Config);
        _folder.Write("model.safetensors", [8, 0, 0, 0, 0, 0, 0, 0, 1]);
        using ModelDescription description = Format.Describe(_folder.Artifact);

        Assert.Equal("LT1101", Assert.Single(description.Findings).Code);
        Assert.Equal(("llama", 2), (description.Info!.Architecture, description.Info.Layers));
    }

    [Fact]
    public void Describe_Adapter_NamesItsBaseModel()
    {
        Model(Config);
        File.Delete(Path.Combine(_folder.Path, "config.json"));
        File.Move(Path.Combine(_folder.Path, "model.safetensors"), Path.Combine(_folder.Path, "adapter_model.safetensors"));
        _folder.Write("adapter_config.json", """{"peft_type":"LORA","base_model_name_or_path":"org/base"}""");
        using ModelDescription description = Format.Describe(_folder.Artifact);

        Diagnostic finding = Assert.Single(description.Findings);
        Assert.Equal(("LT1308", FaultKind.Unsupported), (finding.Code, finding.Kind));
        Assert.Equal("org/base", description.Info!.AdapterOf);
        Assert.Single(description.Tensors);
    }

    [Fact]
    public void OpenWithFolder_WeightFileBesideConfig_HasItsConfiguration()
    {
        Model(Config);
        ModelArtifact file = ModelArtifact.FromPath(Path.Combine(_folder.Path, "model.safetensors"));
        using ModelContainer model = HuggingFaceFormat.OpenWithFolder(new SafetensorsFormat(), file);
        using ModelContainer alone = new SafetensorsFormat().Open(file);

        Assert.Equal(("safetensors", "llama"), (model.Info.Format, model.Info.Architecture));
        Assert.Null(alone.Info.Architecture);
        Assert.Equal(2, model.Metadata.Int64("num_hidden_layers"));
    }

    [Fact]
    public void Open_LinksOutOfTheFolder_AreRefused()
    {
        using TemporaryFolder other = new();
        Model(Config);
        File.Move(Path.Combine(_folder.Path, "config.json"), Path.Combine(other.Path, "config.json"));
        File.CreateSymbolicLink(Path.Combine(_folder.Path, "config.json"), Path.Combine(other.Path, "config.json"));

        ModelException error = Assert.Throws<ModelException>(() => Format.Open(_folder.Artifact));

        Assert.Equal("LT1505", error.Diagnostic.Code);
    }

    [Fact]
    public void Open_LinkInACircle_IsRefused()
    {
        Model(Config);
        File.Delete(Path.Combine(_folder.Path, "model.safetensors"));
        File.CreateSymbolicLink(Path.Combine(_folder.Path, "model.safetensors"), "model.safetensors");

        ModelException error = Assert.Throws<ModelException>(() => Format.Open(_folder.Artifact));

        Assert.Equal("LT1501", error.Diagnostic.Code);
    }

    [Theory]
    [InlineData("model.safetensors,pytorch_model.bin", "model.safetensors", "safetensors")]
    [InlineData("pytorch_model.bin,optimizer.pt", "pytorch_model.bin", "pytorch")]
    [InlineData("pytorch_model.bin.index.json,pytorch_model-00001-of-00001.bin", "pytorch_model.bin.index.json", "pytorch")]
    [InlineData("model.fp16.safetensors,consolidated.safetensors", "model.fp16.safetensors", "safetensors")]
    [InlineData("model.safetensors.index.json,model-00001-of-00001.safetensors,m.gguf", "model.safetensors.index.json", "safetensors")]
    public void Analyze_SeveralWeights_PrefersInOrder(string files, string expected, string format)
    {
        foreach (string name in files.Split(',').Append("config.json"))
        {
            _folder.Write(name, "{}");
        }

        DirectoryAnalysis analysis = DirectoryAnalyzer.Analyze(_folder.Artifact);

        Assert.Equal((expected, format, "transformers"), (DirectoryAnalyzer.Entry(analysis)!.Name, analysis.WeightFormat, analysis.Shape));
    }

    [Theory]
    [InlineData("a-Q8_0.gguf,a-Q4_K_M.gguf", "a-Q4_K_M.gguf", "most useful")]
    [InlineData("a-IQ1_S.gguf,b-IQ2_XS.gguf", "b-IQ2_XS.gguf", "largest")]
    [InlineData("m-00001-of-00002.gguf,m-00002-of-00002.gguf", "m-00001-of-00002.gguf", "split set of 2")]
    [InlineData("mmproj-m.gguf,m.gguf", "m.gguf", "one GGUF file")]
    public void Analyze_GgufDirectory_ChoosesAndSaysWhy(string files, string expected, string reason)
    {
        foreach (string name in files.Split(','))
        {
            _folder.Write(name, new byte[name.Contains("2_XS", StringComparison.Ordinal) ? 9 : 8]);
        }

        DirectoryAnalysis analysis = DirectoryAnalyzer.Analyze(_folder.Artifact);

        Assert.Equal((expected, "gguf"), (analysis.Weights[0].Name, analysis.Shape));
        Assert.Contains(reason, analysis.Reason, StringComparison.Ordinal);
    }

    /// <summary>Files (each of one byte), memory, and: shape, the used entry, words of the reason.</summary>
    [Theory]
    [InlineData("config.json,model.safetensors,m-Q4_K_M.gguf", 100, "transformers", "model.safetensors", "preferred to m-Q4_K_M.gguf")]
    [InlineData("config.json,model-00001-of-00002.safetensors,model-00002-of-00002.safetensors,m-Q4_K_M.gguf", 1, "gguf", "m-Q4_K_M.gguf", "does not fit in the memory")]
    [InlineData("config.json,model-00001-of-00002.safetensors,model-00002-of-00002.safetensors,m-BF16.gguf", 1, "transformers", "model-00001-of-00002.safetensors", "preferred")]
    [InlineData("config.json,model-00001-of-00003.safetensors,model-00003-of-00003.safetensors", 100, "transformers", "model-00001-of-00003.safetensors", "1 of 3 parts are missing: model-00002-of-00003.safetensors")]
    [InlineData("m-00002-of-00003.gguf", 100, "gguf", "m-00002-of-00003.gguf", "2 of 3 parts are missing: m-00001-of-00003.gguf, m-00003-of-00003.gguf")]
    [InlineData("config.json,pytorch_model-00001-of-00002.bin,pytorch_model-00002-of-00002.bin", 100, "transformers", "pytorch_model-00001-of-00002.bin", "only weights")]
    [InlineData("config.json,rwkv.pth", 100, "transformers", "rwkv.pth", "only weights")]
    [InlineData("config.json,model.safetensors,adapter_config.json,adapter_model.safetensors", 100, "transformers", "model.safetensors", "only weights")]
    [InlineData("config.json,model.safetensors,optimizer.pt,training_args.bin,rng_state_0.pth,scheduler.pt", 100, "transformers", "model.safetensors", "only weights")]
    [InlineData("adapter_config.json,adapter_model.safetensors,tokenizer.json", 100, "adapter", "adapter_model.safetensors", "base model org/base")]
    [InlineData("adapter_config.json", 100, "adapter", null, "its weights (adapter_model.safetensors) are missing")]
    [InlineData("config.json,modules.json,model.safetensors", 100, "sentence-transformers", "model.safetensors", "only weights")]
    [InlineData("params.json,consolidated.00.pth,tokenizer.model", 100, "consolidated", null, "original layout")]
    [InlineData("config.json,a.safetensors,b.safetensors", 100, "several-weights", null, "a.safetensors, b.safetensors")]
    [InlineData("config.json,onnx/model.onnx", 100, "onnx", null, "model.onnx")]
    [InlineData("config.json,weights.npz", 100, "other-runtime", null, "MLX")]
    [InlineData("config.json,tokenizer.json", 100, "config-only", null, "without weights")]
    [InlineData("tokenizer.json,tokenizer_config.json", 100, "tokenizer-only", null, "without a model")]
    [InlineData("config.json,model.safetensors.incomplete", 100, "config-only", null, "unfinished downloads lie there: model.safetensors.incomplete")]
    [InlineData("config.json,.cache/huggingface/download/x.incomplete", 100, "config-only", null, "unfinished downloads lie there: x.incomplete")]
    public void Analyze_Directory_SaysWhatLiesThereAndWhy(string files, long memory, string shape, string? entry, string reason)
    {
        foreach (string name in files.Split(','))
        {
            _folder.Write(name, name == "adapter_config.json" ? """{"base_model_name_or_path":"org/base"}"""u8.ToArray() : [0]);
        }

        DirectoryAnalysis analysis = DirectoryAnalyzer.Analyze(_folder.Artifact, memory);

        Assert.Equal((shape, entry), (analysis.Shape, DirectoryAnalyzer.Entry(analysis)?.Name));
        Assert.Contains(reason, analysis.Reason, StringComparison.Ordinal);
        Assert.Equal(entry, analysis.Candidates.SingleOrDefault(c => c.Chosen)?.Name);
        Assert.All(analysis.Weights, w => Assert.DoesNotContain(w, analysis.Unused));
    }

    [Fact]
    public void Analyze_ManyModels_ListsEachAsACandidate()
    {
        foreach (string name in (string[])["a-Q4_K_M.gguf", "a-Q8_0-00001-of-00002.gguf", "a-Q8_0-00002-of-00002.gguf", "mmproj-a.gguf", "model.onnx"])
        {
            _folder.Write(name, [0]);
        }

        DirectoryAnalysis analysis = DirectoryAnalyzer.Analyze(_folder.Artifact);

        Assert.Equal([("a-Q4_K_M.gguf", 1, true), ("a-Q8_0-00001-of-00002.gguf", 2, false), ("model.onnx", 1, false)], analysis.Candidates.Select(c => (c.Name, c.Files, c.Chosen)));
        Assert.Equal(["a-Q8_0-00001-of-00002.gguf", "a-Q8_0-00002-of-00002.gguf", "mmproj-a.gguf"], analysis.Unused.Select(f => f.Name));
    }

    [Fact]
    public void Analyze_ThousandsOfFiles_TakesLittleTime()
    {
        for (int i = 0; i < 3000; i++)
        {
            File.WriteAllBytes(Path.Combine(_folder.Path, $"m{i}-00001-of-00002.safetensors"), []);
        }

        ModelArtifact artifact = _folder.Artifact;
        System.Diagnostics.Stopwatch watch = System.Diagnostics.Stopwatch.StartNew();
        Assert.Equal("several-weights", DirectoryAnalyzer.Analyze(artifact).Shape);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(5), $"{watch.Elapsed}");
    }

    /// <summary>What is no plain file, in place of each file of a model: one error, and nothing waits.</summary>
    [Theory]
    [InlineData("config.json")]
    [InlineData("generation_config.json")]
    [InlineData("tokenizer_config.json")]
    [InlineData("tokenizer.json")]
    [InlineData("chat_template.jinja")]
    [InlineData("modules.json")]
    [InlineData("model.safetensors")]
    public void Open_PipesDevicesAndLinksOut_AreRefusedAtOnce(string name)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Pipes and devices of Linux.");
        string path = Path.Combine(_folder.Path, name);
        foreach ((string kind, Action make, string[] codes) in ((string, Action, string[])[])
        [
            ("pipe", () => Run("mkfifo", path), ["LT1507"]),
            ("device", () => File.CreateSymbolicLink(path, "/dev/zero"), ["LT1505"]),
            ("link out", () => File.CreateSymbolicLink(path, "/etc/passwd"), ["LT1505"]),
            ("memory of the process", () => File.CreateSymbolicLink(path, "/proc/self/mem"), ["LT1505"]),
            ("dangling", () => File.CreateSymbolicLink(path, "nowhere"), ["LT1500"]),
            ("circle", () => File.CreateSymbolicLink(path, name), ["LT1501"]),
            ("directory", () => Directory.CreateDirectory(path), ["LT1502", "LT1300", "LT1302"]),
        ])
        {
            Model(Config);
            File.Delete(path);
            make();

            string? code = null;
            try
            {
                using ModelContainer model = Format.Open(_folder.Artifact);
            }
            catch (ModelException e)
            {
                code = e.Diagnostic.Code;
                Assert.DoesNotContain("root:", e.Message, StringComparison.Ordinal);
            }

            // A folder of that name is as good as no file where the file may be absent.
            Assert.True(codes.Contains(code) || (kind == "directory" && code is null), $"{name} as {kind}: {code}");
            using (ModelDescription description = Format.Describe(_folder.Artifact))
            {
                Assert.Equal(code is null, description.Findings.Count == 0);
            }

            if (Directory.Exists(path))
            {
                Directory.Delete(path);
            }
            else
            {
                File.Delete(path);
            }
        }
    }

    [Fact]
    public void Open_LinkIntoALinkedFolder_DoesNotLeadOut()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Links of Linux.");
        using TemporaryFolder outside = new();
        Model(Config);
        File.Move(Path.Combine(_folder.Path, "model.safetensors"), Path.Combine(outside.Path, "model.safetensors"));
        Directory.CreateSymbolicLink(Path.Combine(_folder.Path, "sub"), outside.Path);
        File.CreateSymbolicLink(Path.Combine(_folder.Path, "model.safetensors"), "sub/model.safetensors");

        Assert.Equal("LT1505", Assert.Throws<ModelException>(() => Format.Open(_folder.Artifact)).Diagnostic.Code);
    }

    private static void Run(string program, params string[] arguments)
    {
        using System.Diagnostics.Process process = System.Diagnostics.Process.Start(program, arguments);
        process.WaitForExit();
    }

    private void Model(string config)
    {
        _folder.Write("config.json", config);
        using MemoryStream stream = new();
        using SafetensorsWriter writer = SafetensorsWriter.Create(stream);
        writer.Declare("model.norm.weight", DTypes.F32, [1]);
        writer.Write([1f]);
        writer.Complete();
        _folder.Write("model.safetensors", stream.ToArray());
    }
}
