namespace LlmToolkit.Fuzz;

/// <summary>A checkpoint's folder: configuration, tokenizer files, index and shards; links and files that are gone come from <see cref="Change.File"/>.</summary>
internal sealed class HuggingFaceTarget() : ContainerTarget("huggingface")
{
    private const string Config = """
        {"architectures":["LlamaForCausalLM"],"model_type":"llama","hidden_size":8,"num_hidden_layers":1,"num_attention_heads":2,"num_key_value_heads":2,"head_dim":4,"intermediate_size":8,"vocab_size":3,"max_position_embeddings":16,
        "rms_norm_eps":1e-05,"rope_theta":10000.0,"rope_scaling":{"rope_type":"llama3","factor":8.0,"low_freq_factor":1.0,"high_freq_factor":4.0,"original_max_position_embeddings":8},"tie_word_embeddings":true,"torch_dtype":"bfloat16",
        "bos_token_id":1,"eos_token_id":[2,3],"auto_map":{"AutoModel":"modeling.Model"},"quantization_config":{"quant_method":"gptq","bits":4},"text_config":{"hidden_size":8},"layer_types":["full_attention"],"hidden_act":"silu"}
        """;

    private const string TokenizerConfig = """
        {"add_bos_token":true,"bos_token":"<s>","eos_token":{"content":"</s>","special":true},"model_max_length":1000000000000000019884624838656,"tokenizer_class":"LlamaTokenizer",
        "added_tokens_decoder":{"0":{"content":"<unk>","special":true}},"chat_template":[{"name":"default","template":"{{ messages }}"},{"name":"tool_use","template":"x"}]}
        """;

    private const string Tokenizer = """
        {"version":"1.0","added_tokens":[{"id":0,"content":"<unk>","special":true}],"model":{"type":"BPE","vocab":{"<unk>":0,"a":1,"b":2},"merges":["a b"]}}
        """;

    private const string Generation = """{"bos_token_id":1,"eos_token_id":2,"temperature":0.6,"top_p":0.9,"top_k":50,"do_sample":true,"max_length":4096}""";

    /// <inheritdoc/>
    protected override IReadOnlyList<FuzzSeed> Seeds() =>
    [
        new("one file", Folder(("config.json", Config), ("tokenizer_config.json", TokenizerConfig), ("tokenizer.json", Tokenizer), ("generation_config.json", Generation), ("model.safetensors", null)).Fields,
            "config.json", "tokenizer_config.json", "tokenizer.json", "generation_config.json", "model.safetensors"),
        new("shards", Folder(("config.json", Config), ("model.safetensors.index.json", SafetensorsTarget.Index), ("model-00001-of-00002.safetensors", null), ("model-00002-of-00002.safetensors", null)).Fields,
            "config.json", "model.safetensors.index.json", "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"),
        new("sentence", Folder(("modules.json", """[{"idx":0,"name":"0","path":"","type":"sentence_transformers.models.Transformer"},{"idx":1,"name":"1","path":"1_Pooling","type":"sentence_transformers.models.Pooling"},{"idx":2,"name":"2","path":"2_Normalize","type":"sentence_transformers.models.Normalize"}]"""),
            ("config.json", """{"architectures":["BertModel"],"model_type":"bert","hidden_size":8,"num_hidden_layers":1,"num_attention_heads":2,"intermediate_size":8,"vocab_size":3,"max_position_embeddings":16,"layer_norm_eps":1e-12}"""),
            ("sentence_bert_config.json", """{"max_seq_length":128,"do_lower_case":false}"""), ("vocab.txt", "[PAD]\n[UNK]\na\n"), ("model.safetensors", null)).Fields,
            "modules.json", "config.json", "sentence_bert_config.json", "vocab.txt", "model.safetensors"),
        new("adapter", Folder(("adapter_config.json", """{"base_model_name_or_path":"org/base","peft_type":"LORA","r":8,"lora_alpha":16,"target_modules":["q_proj"],"task_type":"CAUSAL_LM"}"""), ("adapter_model.safetensors", null)).Fields,
            "adapter_config.json", "adapter_model.safetensors") { IsSound = false },
    ];

    /// <inheritdoc/>
    protected override string Entry(string folder, string[] names) => folder;

    private static FieldList Folder(params (string Name, string? Text)[] files)
    {
        FieldList f = new();
        int weights = 0;
        foreach ((string name, string? text) in files)
        {
            _ = text is null ? SafetensorsTarget.File(f, SafetensorsTarget.Plain(weights++ == 0 ? "a." : "b."), 96)
                : name.EndsWith(".txt", StringComparison.Ordinal) ? f.Text("text", text)
                : f.Words("json", FieldKind.Json, Words.Json(text));
            f.File++;
        }

        return f;
    }
}
