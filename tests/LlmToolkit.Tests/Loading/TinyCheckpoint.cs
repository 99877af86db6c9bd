using System.Text.Json.Nodes;
using LlmToolkit.Formats.Safetensors;

namespace LlmToolkit.Tests.Loading;

/// <summary>A Llama checkpoint of a few kilobytes as Hugging Face lays it out, setting by setting.</summary>
internal sealed class TinyCheckpoint
{
    private readonly JsonObject _config = JsonNode.Parse("""
        {
          "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 8, "intermediate_size": 12, "num_hidden_layers": 1, "num_attention_heads": 4,
          "num_key_value_heads": 2, "vocab_size": 3, "max_position_embeddings": 16, "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "tie_word_embeddings": false
        }
        """)!.AsObject();

    private readonly Dictionary<string, long[]> _tensors = new()
    {
        ["model.embed_tokens.weight"] = [3, 8],
        ["model.norm.weight"] = [8],
        ["lm_head.weight"] = [3, 8],
        ["model.layers.0.input_layernorm.weight"] = [8],
        ["model.layers.0.post_attention_layernorm.weight"] = [8],
        ["model.layers.0.self_attn.q_proj.weight"] = [8, 8],
        ["model.layers.0.self_attn.k_proj.weight"] = [4, 8],
        ["model.layers.0.self_attn.v_proj.weight"] = [4, 8],
        ["model.layers.0.self_attn.o_proj.weight"] = [8, 8],
        ["model.layers.0.mlp.gate_proj.weight"] = [12, 8],
        ["model.layers.0.mlp.up_proj.weight"] = [12, 8],
        ["model.layers.0.mlp.down_proj.weight"] = [8, 12],
    };

    private string? _tokenizer = """
        { "version": "1.0", "added_tokens": [], "normalizer": null, "pre_tokenizer": null, "post_processor": null, "decoder": null,
          "model": { "type": "BPE", "unk_token": null, "vocab": { "a": 0, "b": 1, "ab": 2 }, "merges": ["a b"] } }
        """;

    private string? _template;

    /// <summary>A checkpoint that every check accepts.</summary>
    public static TinyCheckpoint Sound() => new();

    /// <summary>Sets a member of config.json to JSON.</summary>
    public TinyCheckpoint Set(string key, string json)
    {
        _config[key] = JsonNode.Parse(json);
        return this;
    }

    /// <summary>Takes a member of config.json away.</summary>
    public TinyCheckpoint Without(string key)
    {
        _config.Remove(key);
        return this;
    }

    /// <summary>Renames a tensor, or takes it away.</summary>
    public TinyCheckpoint Rename(string name, string? other)
    {
        long[] shape = _tensors[name];
        _tensors.Remove(name);
        if (other is not null)
        {
            _tensors[other] = shape;
        }

        return this;
    }

    /// <summary>Sets the text of tokenizer.json; null: there is none.</summary>
    public TinyCheckpoint Tokenizer(string? json)
    {
        _tokenizer = json;
        return this;
    }

    /// <summary>Sets the chat template.</summary>
    public TinyCheckpoint Template(string text)
    {
        _template = text;
        return this;
    }

    /// <summary>Writes the folder and gives its path.</summary>
    public string Write(TemporaryFolder folder, string name = "checkpoint")
    {
        folder.File(Path.Combine(name, "config.json"), _config.ToJsonString());
        if (_tokenizer is not null)
        {
            folder.File(Path.Combine(name, "tokenizer.json"), _tokenizer);
        }

        if (_template is not null)
        {
            folder.File(Path.Combine(name, "chat_template.jinja"), _template);
        }

        string path = Path.Combine(folder.Path, name);
        using SafetensorsWriter writer = SafetensorsWriter.Create(Path.Combine(path, "model.safetensors"));
        foreach ((string tensor, long[] shape) in _tensors)
        {
            writer.Declare(tensor, DTypes.F32, new TensorShape(shape));
        }

        foreach (long[] shape in _tensors.Values)
        {
            writer.Write(new float[new TensorShape(shape).Elements]);
        }

        writer.Complete();
        return path;
    }
}
