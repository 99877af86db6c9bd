using System.Globalization;
using LlmToolkit.Engine.Model;

namespace LlmToolkit.Engine.Tests.Model;

/// <summary>What configurations may say beyond the reference models, against plain formulas in double precision.</summary>
public sealed class ConfigurationTests
{
    private const int H = 32;
    private const int Inner = 48;
    private const int Vocabulary = 61;
    private const int Length = 40;
    private const double RelativeTolerance = 2e-4;

    /// <summary>Every row: the text put into a Llama's config.json, which biases there are, head width, and what it means.</summary>
    public static TheoryData<string, string, string, int> Llamas => new()
    {
        { "biases of attention", "\"attention_bias\": true", "qkvo", 8 },
        { "biases of the MLP", "\"mlp_bias\": true", "m", 8 },
        { "biases that the config does not announce", "\"attention_bias\": false", "qv", 8 },
        { "a head wider than hidden / heads", "\"head_dim\": 24", "", 24 },
        { "relu", "\"hidden_act\": \"relu\"", "", 8 },
        { "exact gelu", "\"hidden_act\": \"gelu\"", "", 8 },
        { "squared relu", "\"hidden_act\": \"relu2\"", "", 8 },
        { "another base", "\"rope_theta\": 500.0", "", 8 },
        { "base in rope_parameters", "\"rope_parameters\": {\"rope_type\": \"default\", \"rope_theta\": 500.0}", "", 8 },
        { "half of the head rotated", "\"partial_rotary_factor\": 0.5", "", 8 },
        { "linear, old spelling", "\"rope_scaling\": {\"type\": \"linear\", \"factor\": 4.0}", "", 8 },
        { "linear, new spelling", "\"rope_parameters\": {\"rope_type\": \"linear\", \"factor\": 4.0, \"rope_theta\": 500.0}", "", 8 },
        { "dynamic, within the trained length", "\"rope_scaling\": {\"type\": \"dynamic\", \"factor\": 4.0}", "", 8 },
        { "yarn", "\"rope_scaling\": {\"rope_type\": \"yarn\", \"factor\": 4.0, \"original_max_position_embeddings\": 16}", "", 16 },
        { "yarn, own betas, not rounded", "\"rope_scaling\": {\"rope_type\": \"yarn\", \"factor\": 4.0, \"original_max_position_embeddings\": 16, \"beta_fast\": 8, \"beta_slow\": 2, \"truncate\": false, \"attention_factor\": 1.3}", "", 16 },
        { "yarn, mscale", "\"rope_parameters\": {\"rope_type\": \"yarn\", \"factor\": 8.0, \"rope_theta\": 10000.0, \"original_max_position_embeddings\": 8, \"mscale\": 0.7, \"mscale_all_dim\": 0.4}", "", 16 },
        { "llama3", "\"rope_scaling\": {\"rope_type\": \"llama3\", \"factor\": 8.0, \"low_freq_factor\": 1.0, \"high_freq_factor\": 4.0, \"original_max_position_embeddings\": 32}", "", 16 },
        { "window by layer_types", "\"model_type\": \"ministral\", \"sliding_window\": 5, \"layer_types\": [\"sliding_attention\", \"full_attention\"]", "", 8 },
        { "window in every layer", "\"model_type\": \"mistral\", \"sliding_window\": 5", "", 8 },
        { "window null", "\"model_type\": \"mistral\", \"sliding_window\": null", "", 8 },
        { "tied, with a stray lm_head", "\"tie_word_embeddings\": true", "h", 8 },
        { "tied, without lm_head", "\"tie_word_embeddings\": true", "t", 8 },
        { "not tied, yet without lm_head", "\"tie_word_embeddings\": false", "t", 8 },
        { "epsilon", "\"rms_norm_eps\": 0.1", "", 8 },
        { "one KV head", "\"num_key_value_heads\": 1", "", 8 },
        { "KV heads unsaid", "\"num_key_value_heads\": null", "", 8 },
    };

    [Theory, MemberData(nameof(Llamas))]
    public void Llama_Option_MeansTheFormula(string name, string option, string parts, int dim)
    {
        Assert.NotNull(name);
        string defaults = """ "model_type": "llama", "num_attention_heads": 4, "num_key_value_heads": 2, "hidden_act": "silu", "tie_word_embeddings": false, "rms_norm_eps": 1e-5, """;
        string head = option.Contains("head_dim", StringComparison.Ordinal) ? "" : $"\"head_dim\": {dim},";
        using TinyContainer model = new(Merge($"{{ {defaults} {head} {Sizes} }}", $"{{ {option} }}"));
        int kv = (int)(model.Metadata.Int64("num_key_value_heads") ?? 4);
        AddLayers(model, "model.", 4, kv, dim, parts);
        if (!parts.Contains('t', StringComparison.Ordinal))
        {
            model.Matrix("lm_head.weight", Vocabulary, H);
        }

        PlainDecoder plain = Llama(model, kv, dim);
        if (parts.Contains('h', StringComparison.Ordinal))
        {
            plain = plain with { Output = "model.embed_tokens" };
        }

        Compare(name, model, plain);
    }

    [Theory]
    [InlineData("per head norms", "qwen3", "\"use_sliding_window\": false", 0)]
    [InlineData("upper layers slide", "qwen3", "\"use_sliding_window\": true, \"sliding_window\": 6, \"max_window_layers\": 1", 6)]
    [InlineData("upper layers slide", "qwen2", "\"use_sliding_window\": true, \"sliding_window\": 6, \"max_window_layers\": 1", 6)]
    [InlineData("window not in use", "qwen2", "\"use_sliding_window\": false, \"sliding_window\": 6, \"max_window_layers\": 1", 0)]
    public void Qwen_Option_MeansTheFormula(string name, string type, string option, int window)
    {
        using TinyContainer model = new($$"""{ "model_type": "{{type}}", "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 8, "rms_norm_eps": 1e-5, {{option}}, {{Sizes}} }""");
        AddLayers(model, "model.", 4, 2, 8, type == "qwen2" ? "qkv" : "");
        model.Matrix("lm_head.weight", Vocabulary, H);
        bool norms = type == "qwen3";
        for (int n = 0; norms && n < 2; n++)
        {
            model.Vector($"model.layers.{n}.self_attn.q_norm.weight", 8, 1).Vector($"model.layers.{n}.self_attn.k_norm.weight", 8, 1);
        }

        PlainDecoder plain = Llama(model, 2, 8) with { Window = n => n >= 1 ? window : 0, Layer = (d, n, h) => PreNorm(d, n, h, norms) };
        Compare($"{type}, {name}", model, plain);
    }

    [Theory]
    [InlineData("gemma2", "\"query_pre_attn_scalar\": 20, \"attn_logit_softcapping\": 2.5, \"final_logit_softcapping\": 3.5, \"sliding_window\": 5, \"rope_theta\": 300.0")]
    [InlineData("gemma3_text", "\"query_pre_attn_scalar\": 20, \"sliding_window\": 5, \"sliding_window_pattern\": 2, \"rope_theta\": 300.0, \"rope_local_base_freq\": 77.0, \"rope_scaling\": {\"rope_type\": \"linear\", \"factor\": 3.0}")]
    [InlineData("gemma3_text", "\"query_pre_attn_scalar\": 20, \"sliding_window\": 5, \"layer_types\": [\"sliding_attention\", \"full_attention\"], \"final_logit_softcapping\": 3.5, \"rope_parameters\": {\"full_attention\": {\"rope_type\": \"linear\", \"factor\": 3.0, \"rope_theta\": 300.0}, \"sliding_attention\": {\"rope_type\": \"default\", \"rope_theta\": 77.0}}")]
    public void Gemma_Option_MeansTheFormula(string type, string option)
    {
        using TinyContainer model = new($$"""{ "model_type": "{{type}}", "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 12, "hidden_activation": "gelu_pytorch_tanh", "rms_norm_eps": 1e-5, {{option}}, {{Sizes}} }""");
        AddLayers(model, "language_model.model.", 4, 2, 12, "");
        bool three = type != "gemma2";
        for (int n = 0; n < 2; n++)
        {
            string layer = $"language_model.model.layers.{n}.";
            model.Vector(layer + "pre_feedforward_layernorm.weight", H).Vector(layer + "post_feedforward_layernorm.weight", H);
            if (three)
            {
                model.Vector(layer + "self_attn.q_norm.weight", 12).Vector(layer + "self_attn.k_norm.weight", 12);
            }
        }

        PlainDecoder plain = Llama(model, 2, 12) with
        {
            Embedding = "language_model.model.embed_tokens",
            FinalNorm = "language_model.model.norm",
            EmbeddingScale = Math.Sqrt(H),
            NormOffset = 1,
            Scale = _ => 1 / Math.Sqrt(20),
            ScoreCap = three ? 0 : 2.5,
            LogitCap = model.Metadata.Double("final_logit_softcapping") ?? 0,
            Window = n => n == 0 ? 5 : 0,
            Inverse = n => [.. Plain(three && n == 0 ? 77 : 300, 12).Select(f => three && n == 1 ? f / 3 : f)],
            Activation = GeluTanh,
            Layer = (d, n, h) => Sandwich(d, n, h, three),
            Project = (d, n, x) => ($"language_model.model.layers.{n}.self_attn." is var p) ? (d.Linear(p + "q_proj", x), d.Linear(p + "k_proj", x), d.Linear(p + "v_proj", x)) : default,
        };
        Compare(type, model, plain);
    }

    [Theory]
    [InlineData("short", 400, 1.0)]
    [InlineData("long", 20, 1.0)]
    [InlineData("long, part of the head", 20, 0.75)]
    public void Phi3_LongRope_MeansTheFormula(string name, int original, double share)
    {
        int pairs = (int)(8 * share) / 2;
        double[] shorter = [.. Enumerable.Range(0, pairs).Select(i => 1 + (0.1 * i))];
        double[] longer = [.. Enumerable.Range(0, pairs).Select(i => 2 + (1.7 * i))];
        using TinyContainer model = new($$"""
            { "model_type": "phi3", "num_attention_heads": 4, "num_key_value_heads": 2, "rms_norm_eps": 1e-5, "partial_rotary_factor": {{Text(share)}},
              "original_max_position_embeddings": {{original}}, "rope_theta": 100.0, "tie_word_embeddings": true, "sliding_window": 11,
              "rope_scaling": {"type": "longrope", "short_factor": [{{List(shorter)}}], "long_factor": [{{List(longer)}}]}, {{Sizes}} }
            """);
        model.Matrix("model.embed_tokens.weight", Vocabulary, H).Vector("model.norm.weight", H, 1);
        for (int n = 0; n < 2; n++)
        {
            string layer = $"model.layers.{n}.";
            model.Vector(layer + "input_layernorm.weight", H, 1).Vector(layer + "post_attention_layernorm.weight", H, 1)
                .Matrix(layer + "self_attn.qkv_proj.weight", 32 + 16 + 16, H).Matrix(layer + "self_attn.o_proj.weight", H, 32)
                .Matrix(layer + "mlp.gate_up_proj.weight", 2 * Inner, H).Matrix(layer + "mlp.down_proj.weight", H, Inner);
        }

        double factor = 128.0 / original;
        PlainDecoder plain = Llama(model, 2, 8) with
        {
            Window = _ => 11,
            Inverse = _ => [.. Plain(100, 2 * pairs).Select((f, i) => f / (Length > original ? longer : shorter)[i])],
            Magnitude = factor <= 1 ? 1 : Math.Sqrt(1 + (Math.Log(factor) / Math.Log(original))),
            Project = (d, n, x) => ($"model.layers.{n}.self_attn.qkv_proj" is var p) ? (d.Rows(p, x, 0, 32), d.Rows(p, x, 32, 16), d.Rows(p, x, 48, 16)) : default,
            Layer = (d, n, h) => PreNorm(d, n, h, false, x =>
                d.Linear($"model.layers.{n}.mlp.down_proj", [.. d.Rows($"model.layers.{n}.mlp.gate_up_proj", x, 0, Inner).Zip(d.Rows($"model.layers.{n}.mlp.gate_up_proj", x, Inner, Inner), (g, u) => d.Activation(g) * u)])),
        };

        // Magnitude multiplies only what is rotated; the rest of the head passes.
        Compare(name, model, plain);
        CrossBorder(model, plain, original);
    }

    [Theory]
    [InlineData("stacked, fused", "mlp.experts.gate_up_proj")]
    [InlineData("one by one", "block_sparse_moe.experts.0.w1")]
    public void Mixtral_ExpertLayout_MeansTheFormula(string name, string layout)
    {
        const int Experts = 5;
        using TinyContainer model = new($$"""{ "model_type": "mixtral", "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 8, "num_local_experts": {{Experts}}, "num_experts_per_tok": 3, "rms_norm_eps": 1e-5, "rope_theta": 10000.0, {{Sizes}} }""");
        AddAttention(model, "model.", 4, 2, 8, "");
        model.Matrix("lm_head.weight", Vocabulary, H);
        bool fused = layout.StartsWith("mlp", StringComparison.Ordinal);
        for (int n = 0; n < 2; n++)
        {
            string block = $"model.layers.{n}.{(fused ? "mlp" : "block_sparse_moe")}.";
            model.Matrix(block + "gate.weight", Experts, H);
            if (fused)
            {
                model.Add(block + "experts.gate_up_proj", 0, 0.2, Experts, 2 * Inner, H).Add(block + "experts.down_proj", 0, 0.2, Experts, H, Inner);
            }

            for (int e = 0; !fused && e < Experts; e++)
            {
                model.Matrix($"{block}experts.{e}.w1.weight", Inner, H).Matrix($"{block}experts.{e}.w3.weight", Inner, H).Matrix($"{block}experts.{e}.w2.weight", H, Inner);
            }
        }

        PlainDecoder plain = Llama(model, 2, 8) with { Layer = (d, n, h) => PreNorm(d, n, h, false, x => Moe(d, n, x)) };
        Compare(name, model, plain);

        double[] Moe(PlainDecoder d, int n, double[] x)
        {
            string block = $"model.layers.{n}.{(fused ? "mlp" : "block_sparse_moe")}.";
            double[] p = [.. d.Linear(block + "gate", x).Select(Math.Exp)];
            int[] chosen = [.. Enumerable.Range(0, Experts).OrderByDescending(e => p[e]).Take(3)];
            double[] sum = new double[H];
            foreach (int e in chosen)
            {
                double[] gate = fused ? d.Rows(block + "experts.gate_up_proj", x, e * 2 * Inner, Inner) : d.Linear($"{block}experts.{e}.w1", x);
                double[] up = fused ? d.Rows(block + "experts.gate_up_proj", x, (e * 2 * Inner) + Inner, Inner) : d.Linear($"{block}experts.{e}.w3", x);
                double[] act = [.. gate.Zip(up, (g, u) => d.Activation(g) * u)];
                double[] down = fused ? d.Rows(block + "experts.down_proj", act, e * H, H) : d.Linear($"{block}experts.{e}.w2", act);
                sum = [.. sum.Zip(down, (s, y) => s + (y * p[e] / chosen.Sum(c => p[c])))];
            }

            return sum;
        }
    }

    [Theory]
    [InlineData("plain", "\"n_inner\": null", 4 * H, "transformer.")]
    [InlineData("own width, old names", "\"n_inner\": 40", 40, "")]
    [InlineData("scaled by layer", "\"scale_attn_by_inverse_layer_idx\": true, \"activation_function\": \"relu\"", 4 * H, "transformer.")]
    [InlineData("unscaled", "\"scale_attn_weights\": false", 4 * H, "transformer.")]
    public void Gpt2_Option_MeansTheFormula(string name, string option, int inner, string prefix)
    {
        using TinyContainer model = new($$"""{ "model_type": "gpt2", "n_embd": {{H}}, "n_head": 4, "n_layer": 2, "n_positions": 64, "vocab_size": {{Vocabulary}}, "layer_norm_epsilon": 1e-5, {{option}} }""");
        model.Matrix(prefix + "wte.weight", Vocabulary, H).Matrix(prefix + "wpe.weight", 64, H).Vector(prefix + "ln_f.weight", H, 1).Vector(prefix + "ln_f.bias", H);
        for (int n = 0; n < 2; n++)
        {
            string layer = $"{prefix}h.{n}.";
            foreach ((string part, int outputs, int inputs) in ((string, int, int)[])[("attn.c_attn", 3 * H, H), ("attn.c_proj", H, H), ("mlp.c_fc", inner, H), ("mlp.c_proj", H, inner)])
            {
                model.Matrix($"{layer}{part}.weight", inputs, outputs).Vector($"{layer}{part}.bias", outputs);
            }

            model.Vector(layer + "ln_1.weight", H, 1).Vector(layer + "ln_1.bias", H).Vector(layer + "ln_2.weight", H, 1).Vector(layer + "ln_2.bias", H).Add(layer + "attn.bias", 1, 0, 1, 1, 64, 64);
        }

        bool byLayer = model.Metadata.Bool("scale_attn_by_inverse_layer_idx") == true;
        PlainDecoder plain = Llama(model, 4, 8) with
        {
            Tensors = model.Values.ToDictionary(t => t.Key, t => t.Key.Contains(".c_", StringComparison.Ordinal) && t.Key.EndsWith("weight", StringComparison.Ordinal) ? Turned(t.Value, model.Tensors.First(x => x.Name == t.Key).Shape) : t.Value),
            Centred = true,
            Embedding = prefix + "wte",
            Positions = prefix + "wpe",
            FinalNorm = prefix + "ln_f",
            Inverse = _ => [],
            Scale = n => (model.Metadata.Bool("scale_attn_weights") == false ? 1 : 1 / Math.Sqrt(8)) / (byLayer ? n + 1 : 1),
            Activation = option.Contains("relu", StringComparison.Ordinal) ? x => Math.Max(0, x) : GeluTanh,
            Project = (d, n, x) => d.Linear($"{prefix}h.{n}.attn.c_attn", x).Chunk(H).ToArray() is var qkv ? (qkv[0], qkv[1], qkv[2]) : default,
            Layer = (d, n, h) =>
            {
                string layer = $"{prefix}h.{n}.";
                h = PlainDecoder.Sum(h, d.Attend(n, [.. h.Select(x => d.Norm(layer + "ln_1", x))], layer + "attn.c_proj"));
                return PlainDecoder.Sum(h, [.. h.Select(x => d.Linear(layer + "mlp.c_proj", [.. d.Linear(layer + "mlp.c_fc", d.Norm(layer + "ln_2", x)).Select(d.Activation)]))]);
            },
        };
        Compare(name, model, plain);
    }

    [Theory]
    [InlineData("parallel, biased", "\"use_parallel_residual\": true, \"rotary_pct\": 0.5", true, true)]
    [InlineData("sequential, no attention bias", "\"use_parallel_residual\": false, \"rotary_pct\": 0.5, \"attention_bias\": false", false, false)]
    [InlineData("new spelling of the rope", "\"rope_parameters\": {\"rope_type\": \"default\", \"rope_theta\": 10000.0, \"partial_rotary_factor\": 0.5}", true, true)]
    public void GptNeox_Option_MeansTheFormula(string name, string option, bool parallel, bool bias)
    {
        using TinyContainer model = new($$"""{ "model_type": "gpt_neox", "num_attention_heads": 4, "layer_norm_eps": 1e-5, "hidden_act": "gelu", {{option}}, {{Sizes}} }""");
        model.Matrix("gpt_neox.embed_in.weight", Vocabulary, H).Matrix("embed_out.weight", Vocabulary, H).Vector("gpt_neox.final_layer_norm.weight", H, 1).Vector("gpt_neox.final_layer_norm.bias", H);
        for (int n = 0; n < 2; n++)
        {
            string layer = $"gpt_neox.layers.{n}.";
            foreach ((string part, int outputs, int inputs) in ((string, int, int)[])[("attention.query_key_value", 3 * H, H), ("attention.dense", H, H), ("mlp.dense_h_to_4h", Inner, H), ("mlp.dense_4h_to_h", H, Inner)])
            {
                model.Matrix($"{layer}{part}.weight", outputs, inputs);
                if (bias || part.StartsWith("mlp", StringComparison.Ordinal))
                {
                    model.Vector($"{layer}{part}.bias", outputs);
                }
            }

            foreach (string norm in (string[])["input_layernorm", "post_attention_layernorm"])
            {
                model.Vector($"{layer}{norm}.weight", H, 1).Vector($"{layer}{norm}.bias", H);
            }
        }

        PlainDecoder plain = Llama(model, 4, 8) with
        {
            Centred = true,
            Embedding = "gpt_neox.embed_in",
            FinalNorm = "gpt_neox.final_layer_norm",
            Output = "embed_out",
            Inverse = _ => Plain(10000, 4),
            Activation = Gelu,
            Project = (d, n, x) => d.Linear($"gpt_neox.layers.{n}.attention.query_key_value", x).Chunk(8).ToArray() is var heads
                ? ([.. heads.Where((_, i) => i % 3 == 0).SelectMany(y => y)], [.. heads.Where((_, i) => i % 3 == 1).SelectMany(y => y)], [.. heads.Where((_, i) => i % 3 == 2).SelectMany(y => y)])
                : default,
            Layer = (d, n, h) =>
            {
                string layer = $"gpt_neox.layers.{n}.";
                double[][] mixed = PlainDecoder.Sum(h, d.Attend(n, [.. h.Select(x => d.Norm(layer + "input_layernorm", x))], layer + "attention.dense"));
                return PlainDecoder.Sum(mixed, [.. (parallel ? h : mixed).Select(x => d.Linear(layer + "mlp.dense_4h_to_h", [.. d.Linear(layer + "mlp.dense_h_to_4h", d.Norm(layer + "post_attention_layernorm", x)).Select(d.Activation)]))]);
            },
        };
        Compare(name, model, plain);
    }

    private static string Sizes => $"\"hidden_size\": {H}, \"intermediate_size\": {Inner}, \"num_hidden_layers\": 2, \"vocab_size\": {Vocabulary}, \"max_position_embeddings\": 128";

    private static void Compare(string name, TinyContainer model, PlainDecoder plain)
    {
        int[] ids = [.. Enumerable.Range(0, Length).Select(i => (i * 37) % Vocabulary)];
        double[][] expected = plain.Run(ids);
        using DecoderModel engine = Load(model);
        using DecoderState state = engine.CreateState();
        Near(name, expected, engine.Run(state, ids, ids.Length));
        Assert.Empty(engine.Findings);

        using DecoderState byToken = engine.CreateState();
        engine.Run(byToken, ids.AsSpan(0, Length - 3), 1);
        float[] last = [.. ids.Skip(Length - 3).SelectMany(id => engine.Run(byToken, [id], 1))];
        Near(name + ", by token", expected[^3..], last);
    }

    /// <summary>Tokens one by one over the border of LongRoPE, and back: always as a fresh run of that length.</summary>
    private static void CrossBorder(TinyContainer model, PlainDecoder plain, int original)
    {
        if (original > Length)
        {
            return;
        }

        int[] ids = [.. Enumerable.Range(0, Length).Select(i => (i * 37) % Vocabulary)];
        using DecoderModel engine = Load(model);
        using DecoderState state = engine.CreateState();
        float[] last = [];
        foreach (int id in ids)
        {
            last = engine.Run(state, [id], 1);
        }

        Near("over the border", [plain.Run(ids)[^1]], last);
        state.Truncate(original - 4);
        float[] back = engine.Run(state, ids.AsSpan(original - 4, 2), 1);
        using DecoderState fresh = engine.CreateState();
        Assert.InRange(ModelSteps.Distance(back, engine.Run(fresh, ids.AsSpan(0, original - 2), 1)), 0, 1e-4);
    }

    private static DecoderModel Load(TinyContainer model) =>
        DecoderModel.Load(model, new EngineBackend().Find(model), new EngineSettings(model.Info.ContextLength!.Value, KvType.F32, 2, true) { AloneBelow = 0 });

    private static void Near(string name, double[][] expected, float[] ours)
    {
        double[] all = [.. expected.SelectMany(x => x)];
        double deviation = Math.Sqrt(all.Average(x => x * x));
        double distance = all.Zip(ours, (a, b) => Math.Abs(a - b)).Max();
        Assert.True(distance <= RelativeTolerance * Math.Max(1, deviation), $"{name}: {distance:g3} at a deviation of {deviation:g3}");
    }

    private static void AddLayers(TinyContainer model, string prefix, int heads, int kv, int dim, string parts)
    {
        AddAttention(model, prefix, heads, kv, dim, parts);
        for (int n = 0; n < 2; n++)
        {
            foreach ((string part, int outputs, int inputs) in ((string, int, int)[])[("gate_proj", Inner, H), ("up_proj", Inner, H), ("down_proj", H, Inner)])
            {
                model.Matrix($"{prefix}layers.{n}.mlp.{part}.weight", outputs, inputs);
                if (parts.Contains('m', StringComparison.Ordinal))
                {
                    model.Vector($"{prefix}layers.{n}.mlp.{part}.bias", outputs);
                }
            }
        }
    }

    private static void AddAttention(TinyContainer model, string prefix, int heads, int kv, int dim, string parts)
    {
        bool gemma = prefix.StartsWith("language", StringComparison.Ordinal);
        model.Matrix(prefix + "embed_tokens.weight", Vocabulary, H).Vector(prefix + "norm.weight", H, gemma ? 0 : 1);
        for (int n = 0; n < 2; n++)
        {
            string layer = $"{prefix}layers.{n}.";
            model.Vector(layer + "input_layernorm.weight", H, gemma ? 0 : 1).Vector(layer + "post_attention_layernorm.weight", H, gemma ? 0 : 1);
            foreach ((char part, int outputs, int inputs) in ((char, int, int)[])[('q', heads * dim, H), ('k', kv * dim, H), ('v', kv * dim, H), ('o', H, heads * dim)])
            {
                model.Matrix($"{layer}self_attn.{part}_proj.weight", outputs, inputs);
                if (parts.Contains(part, StringComparison.Ordinal))
                {
                    model.Vector($"{layer}self_attn.{part}_proj.bias", outputs);
                }
            }
        }
    }

    private static PlainDecoder Llama(TinyContainer model, int kv, int dim)
    {
        IModelMetadata config = model.Metadata;
        (double[] inverse, double magnitude) = Rope(config, dim);
        return new PlainDecoder
        {
            Tensors = model.Values,
            Hidden = H,
            Layers = 2,
            Heads = 4,
            KvHeads = kv,
            Dim = dim,
            Epsilon = config.Double("rms_norm_eps") ?? 1e-5,
            Inverse = _ => inverse,
            Magnitude = magnitude,
            Window = n => config.TryGet("layer_types", out _) && n == 1 ? 0 : (int)(config.Int64("sliding_window") ?? 0),
            Activation = (config.Text("hidden_act") ?? "silu") switch
            {
                "relu" => x => Math.Max(0, x),
                "relu2" => x => Math.Max(0, x) * Math.Max(0, x),
                "gelu" => Gelu,
                _ => x => x / (1 + Math.Exp(-x)),
            },
            Project = (d, n, x) => ($"model.layers.{n}.self_attn." is var p) ? (d.Linear(p + "q_proj", x), d.Linear(p + "k_proj", x), d.Linear(p + "v_proj", x)) : default,
            Layer = (d, n, h) => PreNorm(d, n, h, false),
        };
    }

    private static double[][] PreNorm(PlainDecoder d, int n, double[][] h, bool headNorms, Func<double[], double[]>? feed = null)
    {
        string layer = $"model.layers.{n}.";
        feed ??= x => Gated(d, layer, x);
        h = PlainDecoder.Sum(h, d.Attend(n, [.. h.Select(x => d.Norm(layer + "input_layernorm", x))], layer + "self_attn.o_proj", headNorms ? layer + "self_attn.q_norm" : null, headNorms ? layer + "self_attn.k_norm" : null));
        return PlainDecoder.Sum(h, [.. h.Select(x => feed(d.Norm(layer + "post_attention_layernorm", x)))]);
    }

    private static double[][] Sandwich(PlainDecoder d, int n, double[][] h, bool headNorms)
    {
        string layer = $"language_model.model.layers.{n}.";
        double[][] mixed = d.Attend(n, [.. h.Select(x => d.Norm(layer + "input_layernorm", x))], layer + "self_attn.o_proj", headNorms ? layer + "self_attn.q_norm" : null, headNorms ? layer + "self_attn.k_norm" : null);
        h = PlainDecoder.Sum(h, [.. mixed.Select(x => d.Norm(layer + "post_attention_layernorm", x))]);
        return PlainDecoder.Sum(h, [.. h.Select(x => d.Norm(layer + "post_feedforward_layernorm", Gated(d, layer, d.Norm(layer + "pre_feedforward_layernorm", x))))]);
    }

    private static double[] Gated(PlainDecoder d, string layer, double[] x) =>
        d.Linear(layer + "mlp.down_proj", [.. d.Linear(layer + "mlp.gate_proj", x).Zip(d.Linear(layer + "mlp.up_proj", x), (g, u) => d.Activation(g) * u)]);

    private static double[] Plain(double theta, int dims) => [.. Enumerable.Range(0, dims / 2).Select(i => Math.Pow(theta, -2.0 * i / dims))];

    /// <summary>The rules once more, from their formulas.</summary>
    private static (double[] Inverse, double Magnitude) Rope(IModelMetadata config, int dim)
    {
        string at = config.TryGet("rope_parameters", out _) ? "rope_parameters." : "rope_scaling.";
        double theta = config.Double(at + "rope_theta", "rope_theta") ?? 10000;
        int dims = (int)(dim * (config.Double("partial_rotary_factor") ?? 1));
        double[] inverse = Plain(theta, dims);
        double factor = config.Double(at + "factor") ?? 1;
        double original = config.Double(at + "original_max_position_embeddings") ?? 128;
        switch (config.Text(at + "rope_type", at + "type"))
        {
            case "linear":
                return ([.. inverse.Select(f => f / factor)], 1);
            case "llama3":
                double low = config.Double(at + "low_freq_factor")!.Value;
                double high = config.Double(at + "high_freq_factor")!.Value;
                return ([.. inverse.Select(f =>
                {
                    double wave = 2 * Math.PI / f;
                    double s = ((original / wave) - low) / (high - low);
                    return wave < original / high ? f : wave > original / low ? f / factor : ((1 - s) * f / factor) + (s * f);
                })], 1);
            case "yarn":
                double fast = Corner(config.Double(at + "beta_fast") ?? 32);
                double slow = Corner(config.Double(at + "beta_slow") ?? 1);
                bool round = config.Bool(at + "truncate") ?? true;
                double from = Math.Max(0, round ? Math.Floor(fast) : fast);
                double to = Math.Min(dims - 1, round ? Math.Ceiling(slow) : slow);
                double m = config.Double(at + "mscale") is { } scale
                    ? ((0.1 * scale * Math.Log(factor)) + 1) / ((0.1 * config.Double(at + "mscale_all_dim")!.Value * Math.Log(factor)) + 1)
                    : (0.1 * Math.Log(factor)) + 1;
                return ([.. inverse.Select((f, i) => Math.Clamp((i - from) / (to - from), 0, 1) is var ramp ? (f * (1 - ramp)) + (f / factor * ramp) : 0)], config.Double(at + "attention_factor") ?? m);
            default:
                return (inverse, 1);
        }

        double Corner(double rotations) => dims * Math.Log(original / (rotations * 2 * Math.PI)) / (2 * Math.Log(theta));
    }

    /// <summary>The series of erf: exact enough to 5, beyond which erf is ±1.</summary>
    private static double Gelu(double x)
    {
        double z = Math.Clamp(x / Math.Sqrt(2), -5, 5);
        double term = z;
        double sum = z;
        for (int n = 1; n < 120; n++)
        {
            term *= -z * z / n;
            sum += term / ((2 * n) + 1);
        }

        return 0.5 * x * (1 + (2 / Math.Sqrt(Math.PI) * sum));
    }

    private static double GeluTanh(double x) => 0.5 * x * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + (0.044715 * x * x * x))));

    private static float[] Turned(float[] stored, TensorShape shape) =>
        [.. Enumerable.Range(0, (int)shape.Columns).SelectMany(r => Enumerable.Range(0, (int)shape.Rows).Select(c => stored[(c * (int)shape.Columns) + r]))];

    private static string Text(double value) => value.ToString(CultureInfo.InvariantCulture);

    private static string List(double[] values) => string.Join(", ", values.Select(Text));

    /// <summary>The base with the options laid over it.</summary>
    private static string Merge(string lower, string upper)
    {
        System.Text.Json.Nodes.JsonObject merged = System.Text.Json.Nodes.JsonNode.Parse(lower)!.AsObject();
        foreach ((string key, System.Text.Json.Nodes.JsonNode? value) in System.Text.Json.Nodes.JsonNode.Parse(upper)!.AsObject())
        {
            merged[key] = value?.DeepClone();
        }

        return merged.ToJsonString();
    }
}
