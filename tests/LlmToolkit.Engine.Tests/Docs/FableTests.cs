using LlmToolkit.Engine.Model;
using LlmToolkit.Engine.Tests.Model;

namespace LlmToolkit.Engine.Tests.Docs;

/// <summary>The worked example of docs/adding-an-architecture.md: a tiny random Fable against its formula, from both vocabularies.</summary>
public sealed class FableTests
{
    private const int Hidden = 32;
    private const int Inner = 48;
    private const int Heads = 4;
    private const int KvHeads = 2;
    private const int Dim = Hidden / Heads;
    private const int Layers = 2;
    private const int Vocabulary = 61;
    private const double Base = 500;

    private static readonly int[] s_ids = [.. Enumerable.Range(0, 20).Select(i => (i * 37) % Vocabulary)];

    [Theory]
    [InlineData("huggingface")]
    [InlineData("gguf")]
    public void Fable_InBothVocabularies_GivesTheLogitsOfItsFormula(string naming)
    {
        using TinyContainer model = naming == "gguf" ? Gguf() : HuggingFace();
        Names names = naming == "gguf"
            ? new("token_embd", "blk.{0}.attn_norm", "blk.{0}.attn_{1}", "blk.{0}.attn_output", "blk.{0}.ffn_{1}", "output_norm", "output")
            : new("model.embed_tokens", "model.layers.{0}.norm", "model.layers.{0}.self_attn.{1}_proj", "model.layers.{0}.self_attn.o_proj", "model.layers.{0}.ffn.{1}", "model.norm", "lm_head");

        using DecoderModel engine = DecoderModel.Load(model, new EngineBackend(new Fable()).Find(model), new EngineSettings(64, KvType.F32, 2, Exact: true));
        using DecoderState state = engine.CreateState();
        float[] logits = engine.Run(state, s_ids, s_ids.Length);

        double[] expected = [.. Formula(model.Values, names).SelectMany(row => row)];
        double deviation = Math.Sqrt(expected.Average(x => x * x));
        Assert.InRange(expected.Zip(logits, (a, b) => Math.Abs(a - b)).Max(), 0, 2e-4 * Math.Max(1, deviation));
        Assert.Empty(engine.Findings);
    }

    /// <summary>The whole model in double precision and plain words.</summary>
    private static double[][] Formula(Dictionary<string, float[]> tensors, Names names)
    {
        PlainDecoder plain = new()
        {
            Tensors = tensors,
            Hidden = Hidden,
            Layers = Layers,
            Heads = Heads,
            KvHeads = KvHeads,
            Dim = Dim,
            Inverse = _ => [.. Enumerable.Range(0, Dim / 2).Select(i => Math.Pow(Base, -2.0 * i / Dim))],
            Project = (d, n, x) => (d.Linear(names.Of(names.Projection, n, "q"), x), d.Linear(names.Of(names.Projection, n, "k"), x), d.Linear(names.Of(names.Projection, n, "v"), x)),
            Layer = (d, n, h) =>
            {
                double[][] rows = [.. h.Select(x => Norm(names.Of(names.Norm, n), x))];
                double[][] mixed = d.Attend(n, rows, names.Of(names.Output, n));
                double[][] fed = [.. rows.Select(x => d.Linear(names.Of(names.Feed, n, "down"), [.. d.Linear(names.Of(names.Feed, n, "gate"), x).Zip(d.Linear(names.Of(names.Feed, n, "up"), x), (g, u) => Math.Pow(Math.Max(0, g), 2) * u)]))];
                return PlainDecoder.Sum(h, PlainDecoder.Sum(mixed, fed));
            },
        };
        double[][] h = [.. s_ids.Select(id => tensors[names.Embedding + ".weight"].Skip(id * Hidden).Take(Hidden).Select(x => (double)x).ToArray())];
        for (int n = 0; n < Layers; n++)
        {
            h = plain.Layer(plain, n, h);
        }

        return [.. h.Select(x => plain.Linear(names.Head, Norm(names.FinalNorm, x)))];

        double[] Norm(string name, double[] x) => [.. x.Select((v, i) => Math.Tanh(tensors[name + ".alpha"][0] * v) * tensors[name + ".weight"][i])];
    }

    private static TinyContainer HuggingFace()
    {
        TinyContainer model = new($$"""
            { "model_type": "fable", "hidden_size": {{Hidden}}, "intermediate_size": {{Inner}}, "num_hidden_layers": {{Layers}}, "num_attention_heads": {{Heads}},
              "num_key_value_heads": {{KvHeads}}, "vocab_size": {{Vocabulary}}, "rope_theta": {{Base}}, "max_position_embeddings": 64 }
            """);
        AddTensors(model, "model.embed_tokens", "model.norm", "lm_head", n => ($"model.layers.{n}.norm", $"model.layers.{n}.self_attn.", "_proj", "o_proj", $"model.layers.{n}.ffn."));
        return model;
    }

    private static TinyContainer Gguf()
    {
        TinyContainer model = new(
            $$"""
            { "general.architecture": "fable", "fable.embedding_length": {{Hidden}}, "fable.feed_forward_length": {{Inner}}, "fable.block_count": {{Layers}},
              "fable.attention.head_count": {{Heads}}, "fable.attention.head_count_kv": {{KvHeads}}, "fable.rope.freq_base": {{Base}} }
            """,
            NamingScheme.Gguf);
        AddTensors(model, "token_embd", "output_norm", "output", n => ($"blk.{n}.attn_norm", $"blk.{n}.attn_", "", "output", $"blk.{n}.ffn_"));
        return model;
    }

    private static void AddTensors(TinyContainer model, string embedding, string finalNorm, string head, Func<int, (string Norm, string Attention, string Suffix, string Output, string Feed)> layer)
    {
        model.Matrix(embedding + ".weight", Vocabulary, Hidden).Vector(finalNorm + ".weight", Hidden, 1).Vector(finalNorm + ".alpha", 1, 0.8).Matrix(head + ".weight", Vocabulary, Hidden);
        for (int n = 0; n < Layers; n++)
        {
            (string norm, string attention, string suffix, string output, string feed) = layer(n);
            model.Vector(norm + ".weight", Hidden, 1).Vector(norm + ".alpha", 1, 0.5)
                .Matrix($"{attention}q{suffix}.weight", Heads * Dim, Hidden).Matrix($"{attention}k{suffix}.weight", KvHeads * Dim, Hidden).Matrix($"{attention}v{suffix}.weight", KvHeads * Dim, Hidden)
                .Matrix($"{attention}{output}.weight", Hidden, Heads * Dim)
                .Matrix(feed + "gate.weight", Inner, Hidden).Matrix(feed + "up.weight", Inner, Hidden).Matrix(feed + "down.weight", Hidden, Inner);
        }
    }

    /// <summary>What one vocabulary calls the tensors of the formula.</summary>
    private sealed record Names(string Embedding, string Norm, string Projection, string Output, string Feed, string FinalNorm, string Head)
    {
        public string Of(string pattern, int layer, string part = "") => string.Format(System.Globalization.CultureInfo.InvariantCulture, pattern, layer, part);
    }
}
