using System.Globalization;
using System.Text;

namespace Acme.Tens;

/// <summary>A tiny llama, written as .tens and, the same numbers, as a Hugging Face folder.</summary>
internal sealed class TensFile : IDisposable
{
    public const int Vocabulary = 11;

    /// <summary>Letters a to j, and one for the rest.</summary>
    private const string Tokenizer = """
        {"version":"1.0","added_tokens":[],"normalizer":null,"pre_tokenizer":null,"post_processor":null,"decoder":null,
         "model":{"type":"BPE","unk_token":"?","vocab":{"?":0,"a":1,"b":2,"c":3,"d":4,"e":5,"f":6,"g":7,"h":8,"i":9,"j":10},"merges":[]}}
        """;

    private const int Width = 32;
    private const int Inner = 64;

    private static readonly (string Key, string Value)[] s_settings =
    [
        ("model_type", "tens-llama"), ("hidden_size", "32"), ("intermediate_size", "64"), ("num_hidden_layers", "1"), ("num_attention_heads", "2"), ("num_key_value_heads", "1"),
        ("vocab_size", "11"), ("max_position_embeddings", "64"), ("rms_norm_eps", "1e-05"), ("rope_theta", "10000"),
    ];

    private readonly Dictionary<string, (long[] Shape, float[] Values)> _tensors = [];

    public TensFile()
    {
        Random random = new(5);
        void Add(string name, params long[] shape) => _tensors[name] = (shape, [.. Enumerable.Range(0, (int)shape.Aggregate(1L, (a, b) => a * b)).Select(_ => MathF.Round((random.NextSingle() - 0.5f) * 100) / 100)]);
        Add("model.embed_tokens.weight", Vocabulary, Width);
        Add("model.norm.weight", Width);
        Add("lm_head.weight", Vocabulary, Width);
        const string layer = "model.layers.0.";
        Add(layer + "input_layernorm.weight", Width);
        Add(layer + "post_attention_layernorm.weight", Width);
        Add(layer + "self_attn.q_proj.weight", Width, Width);
        Add(layer + "self_attn.k_proj.weight", Width / 2, Width);
        Add(layer + "self_attn.v_proj.weight", Width / 2, Width);
        Add(layer + "self_attn.o_proj.weight", Width, Width);
        Add(layer + "mlp.gate_proj.weight", Inner, Width);
        Add(layer + "mlp.up_proj.weight", Inner, Width);
        Add(layer + "mlp.down_proj.weight", Width, Inner);
    }

    public string Folder { get; } = Directory.CreateTempSubdirectory("acme-tens-").FullName;

    /// <summary>Writes the model as .tens, with lines of the caller's own at the end.</summary>
    public string Write(string name, params string[] more)
    {
        StringBuilder text = new("tens 1\n");
        foreach ((string key, string value) in s_settings)
        {
            text.Append(CultureInfo.InvariantCulture, $"{key} {value}\n");
        }

        foreach ((string tensor, (long[] shape, float[] values)) in _tensors)
        {
            text.Append(CultureInfo.InvariantCulture, $"tensor {tensor} {string.Join(' ', shape)}\n");
            text.AppendJoin(' ', values.Select(v => v.ToString("R", CultureInfo.InvariantCulture))).Append('\n');
        }

        File.WriteAllText(Path.Combine(Folder, "tokenizer.json"), Tokenizer);
        string path = Path.Combine(Folder, name);
        File.WriteAllText(path, text.AppendJoin('\n', more).ToString());
        return path;
    }

    /// <summary>Writes the same model as a Hugging Face folder.</summary>
    public string WriteFolder()
    {
        string folder = Directory.CreateDirectory(Path.Combine(Folder, "folder")).FullName;
        File.WriteAllText(Path.Combine(folder, "config.json"), "{\"architectures\":[\"LlamaForCausalLM\"]," + string.Join(',', s_settings.Select(s => s.Key == "model_type" ? "\"model_type\":\"llama\"" : $"\"{s.Key}\":{s.Value}")) + "}");
        File.WriteAllText(Path.Combine(folder, "tokenizer.json"), Tokenizer);
        using LlmToolkit.Formats.Safetensors.SafetensorsWriter writer = LlmToolkit.Formats.Safetensors.SafetensorsWriter.Create(Path.Combine(folder, "model.safetensors"));
        foreach ((string tensor, (long[] shape, _)) in _tensors)
        {
            writer.Declare(tensor, LlmToolkit.DTypes.F32, new LlmToolkit.TensorShape(shape));
        }

        foreach ((_, (_, float[] values)) in _tensors)
        {
            writer.Write((ReadOnlySpan<float>)values);
        }

        writer.Complete();
        return folder;
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
