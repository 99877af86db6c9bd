using LlmToolkit.Tests.Loading;

namespace LlmToolkit.Tests.Diagnosis;

/// <summary>Folders of Hugging Face: A23, A26, A32, A40-A47.</summary>
internal static partial class FailureTable
{
    private const string LlamaConfig = """
        {"architectures":["LlamaForCausalLM"],"model_type":"llama","hidden_size":64,"intermediate_size":128,"num_hidden_layers":2,"num_attention_heads":4,"num_key_value_heads":2,"vocab_size":256,"max_position_embeddings":128,"rms_norm_eps":1e-05,"rope_theta":10000.0}
        """;

    private static IReadOnlyList<FailureCase> Folders =>
    [
        Folder("A23", "more tokens than rows", "size mismatch for lm_head.weight … [32001, 4096] … [32000, 4096]", "LT2203", "tokenizer that was published", f => Copy(f, "llama", added: 512)) with { Says = "rows" },
        Folder("A26", "no tokenizer", "Can't load tokenizer for …", "LT2205", "tokenizer", f => Copy(f, "llama", without: "tokenizer")) with { MayLoad = true },
        Folder("A32", "shard missing", "No such file or directory: 'model-00003-of-00004.safetensors'", "LT1121", "missing files", f => Copy(f, "llama3-rope", without: "model-00003")) with { Says = "model-00003-of-00004.safetensors" },
        Folder("A32", "shard of .bin missing", "No such file or directory: 'pytorch_model-00002-of-00002.bin'", "LT1242", "missing files", f => Copy(f, "llama-bin-sharded", without: "pytorch_model-00002")) with { Says = "pytorch_model-00002-of-00002.bin" },
        Folder("A40", "Meta's own layout", "does not appear to have a file named config.json", "LT1301", "safetensors or GGUF", f => { f.File("params.json", "{\"dim\":64}"); f.File("consolidated.00.pth", 1, 2); f.File("tokenizer.model", 1); }) with { Says = "consolidated" },
        Folder("A40", "training state alone", "Error no file named pytorch_model.bin, model.safetensors …", "LT1456", "model file", f => { f.File("optimizer.pt", 1, 2); f.File("training_args.bin", 1, 2); f.File("rng_state.pth", 1, 2); }) with { Says = ".pt" },
        Folder("A41", "configuration without weights", "does not appear to have a file named pytorch_model.bin, model.safetensors …", "LT1300", "model.safetensors", f => { f.File("config.json", LlamaConfig); f.File("tokenizer.json", "{}"); }) with { Says = "config.json" },
        Folder("A41", "weights of TensorFlow alone", "does not appear to have a file named pytorch_model.bin but there is a file for TensorFlow weights", "LT1453", "GGUF or safetensors", f => { f.File("config.json", LlamaConfig); f.File("tf_model.h5", 1, 2); }) with { Says = "tf_model.h5" },
        Folder("A41", "empty folder", "is not a local folder", "LT1401", "config.json", _ => { }),
        Folder("A42", "adapter", "does not appear to have a file named config.json", "LT1308", "base", f => { f.File("adapter_config.json", "{\"base_model_name_or_path\":\"meta-llama/Llama-3.2-1B\",\"peft_type\":\"LORA\",\"r\":8,\"lora_alpha\":16}"); Adapter(f); }) with { Says = "meta-llama/Llama-3.2-1B", MayLoad = true },
        Folder("A41", "weights without configuration", "does not appear to have a file named config.json", "LT1302", "config.json", f => Copy(f, "llama", without: "config.json")),
        Folder("A43", "unknown architecture", "The checkpoint you are trying to load has model type `newllm` but Transformers does not recognize this architecture", "LT4010", "another architecture", f => Copy(f, "llama", change: ("llama", "newllm"), also: ("LlamaForCausalLM", "NewLlmForCausalLM"))) with { Says = "newllm" },
        Folder("A43", "own code", "requires you to execute the configuration file in that repo", "LT4010", "another architecture", f => Copy(f, "llama", change: ("\"model_type\": \"llama\"", "\"model_type\": \"newllm\", \"auto_map\": {\"AutoModel\": \"modeling.Net\"}"), also: ("LlamaForCausalLM", "NewLlmForCausalLM"))) with { Says = "newllm" },
        Folder("A44", "GPTQ", "Unknown quantization type, got gptq", "LT4026", "GGUF", f => Copy(f, "llama", change: ("\"model_type\"", "\"quantization_config\": {\"quant_method\": \"gptq\", \"bits\": 4}, \"model_type\""))) with { Says = "gptq" },
        Folder("A44", "fp8", "Unknown quantization type, got fp8 - supported types are: [...]", "LT4026", "GGUF", f => Copy(f, "llama", change: ("\"model_type\"", "\"quantization_config\": {\"quant_method\": \"fp8\"}, \"model_type\""))) with { Says = "fp8" },
        Folder("A46", "encoder asked to continue", "this model does not support completions", "LT3207", "embed", f => Copy(f, "bert-embed")) with { Do = GenerateAsync },
        Folder("A47", "classifier", "Unrecognized configuration class for AutoModelForCausalLM", "LT4034", "language model", f => Copy(f, "llama", change: ("LlamaForCausalLM", "LlamaForSequenceClassification"))) with { Says = "label" },
        Folder("A51", "impossible configuration", "ZeroDivisionError: integer division or modulo by zero", "LT2211", "", f => Copy(f, "llama", change: ("\"num_attention_heads\": 4", "\"num_attention_heads\": 0"))) with { Says = "num_attention_heads" },
        Folder("A32", "configuration cut", "It looks like the config file at '…' is not a valid JSON file", "LT1521", "Download the file again", f => { Copy(f, "llama", without: "config.json"); f.File("config.json", LlamaConfig[..60]); }),
        Folder("A45", "packed weights without quantization_config", "gibberish after success", "LT2223", "", Packed),
    ];

    /// <summary>A sound folder of the fixtures, without what begins so, or with its configuration changed.</summary>
    private static void Copy(TemporaryFolder folder, string model, string? without = null, (string From, string To)? change = null, (string From, string To)? also = null, int? added = null)
    {
        foreach (string file in Directory.GetFiles(Path.Combine(SharedData.Fixtures, "conformance", "models", model)))
        {
            string name = Path.GetFileName(file);
            if (name is "expected.safetensors" or "meta.json" || (without is not null && name.StartsWith(without, StringComparison.Ordinal)))
            {
                continue;
            }

            string copy = Path.Combine(folder.Path, name);
            System.IO.File.Copy(file, copy);
            if (added is int id && name == "tokenizer.json")
            {
                string tokenizer = System.IO.File.ReadAllText(copy);
                int at = tokenizer.IndexOf('[', tokenizer.IndexOf("\"added_tokens\"", StringComparison.Ordinal)) + 1;
                System.IO.File.WriteAllText(copy, tokenizer.Insert(at, string.Join("", Enumerable.Range(id, 20).Select(i => $"{{\"id\":{i},\"content\":\"<x{i}>\",\"single_word\":false,\"lstrip\":false,\"rstrip\":false,\"normalized\":false,\"special\":true}},"))));
            }

            if (name == "config.json")
            {
                string text = System.IO.File.ReadAllText(copy);
                foreach ((string from, string to) in new[] { change, also }.OfType<(string, string)>())
                {
                    Assert.Contains(from, text, StringComparison.Ordinal);
                    text = text.Replace(from, to, StringComparison.Ordinal);
                }

                System.IO.File.WriteAllText(copy, text);
            }
        }
    }

    private static void Adapter(TemporaryFolder folder)
    {
        folder.BareWeights("adapter_model.safetensors");
    }

    /// <summary>GPTQ's packed tensors beside a configuration that does not speak of them.</summary>
    private static void Packed(TemporaryFolder folder)
    {
        folder.File("config.json", LlamaConfig);
        string path = Path.Combine(folder.Path, "model.safetensors");
        using LlmToolkit.Formats.Safetensors.SafetensorsWriter writer = LlmToolkit.Formats.Safetensors.SafetensorsWriter.Create(path);
        foreach (string name in (string[])["model.embed_tokens.weight", "model.layers.0.self_attn.q_proj.qweight", "model.layers.0.self_attn.q_proj.qzeros", "model.layers.0.self_attn.q_proj.scales"])
        {
            writer.Declare(name, DTypes.F32, [256, 64]);
        }

        for (int i = 0; i < 4; i++)
        {
            writer.Write(new float[256 * 64]);
        }

        writer.Complete();
    }

    private static async Task<Diagnostic?> GenerateAsync(string path, CancellationToken cancellationToken)
    {
        await using ILanguageModel model = await new ModelLoader().LoadAsync(path, cancellationToken: cancellationToken);
        try
        {
            await foreach (TextChunk _ in model.GenerateAsync("hi", cancellationToken: cancellationToken))
            {
            }

            return null;
        }
        catch (ModelException e)
        {
            return e.Diagnostic;
        }
    }
}
