using LlmToolkit.Engine.Model;

namespace LlmToolkit.Engine.Tests.Model;

/// <summary>How tensors are found, checked and used: in either vocabulary, whole or in parts.</summary>
public sealed class WeightBinderTests
{
    private const int H = 32;
    private const int Inner = 64;
    private const int Dim = 8;
    private const int Vocabulary = 50;

    [Fact]
    public void Load_FloatCheckpoint_CopiesOnlyNormsAndBiases()
    {
        using TinyContainer model = Llama();
        model.Vector("model.layers.0.self_attn.q_proj.bias", H);
        using DecoderModel engine = Load(model);
        long norms = ((2 * 2) + 1) * H * sizeof(float);
        Assert.Equal(norms + (H * sizeof(float)), engine.CopiedBytes);
        Assert.Equal(model.Tensors.Where(t => t.Shape.Count == 2).Sum(t => t.Bytes), engine.MappedBytes);
        Assert.Empty(engine.Findings);
    }

    [Fact]
    public void Load_ContainerDisposedFirst_ModelGoesOn()
    {
        TinyContainer model = Llama();
        using DecoderModel engine = Load(model);
        float[] before = Logits(engine);
        model.Dispose();
        Assert.Equal(before, Logits(engine));
    }

    [Fact]
    public void Load_DoublePrecision_GivesTheLogitsOfFloat()
    {
        using TinyContainer model = Llama();
        using DecoderModel floats = Load(model);
        const string Name = "model.layers.1.mlp.up_proj.weight";
        float[] values = model.Values[Name];
        using TinyContainer other = Llama();
        other.Remove(Name);
        other.AddDoubles(Name, values, Inner, H);
        using DecoderModel doubles = Load(other);
        Assert.Equal(Logits(floats), Logits(doubles));
        Assert.Equal(floats.CopiedBytes + (Inner * H * sizeof(float)), doubles.CopiedBytes);
    }

    [Theory]
    [InlineData("model.embed_tokens.weight")]
    [InlineData("model.norm.weight")]
    [InlineData("model.layers.1.self_attn.v_proj.weight")]
    [InlineData("model.layers.0.mlp.down_proj.weight")]
    public void Load_TensorMissing_NamesIt(string name)
    {
        using TinyContainer model = Llama();
        model.Remove(name);
        ModelException error = Assert.Throws<ModelException>(() => Load(model));
        Assert.Equal("LT4020", error.Diagnostic.Code);
        Assert.Contains(name, error.Message, StringComparison.Ordinal);
        Assert.NotEmpty(error.Diagnostic.Fixes);
    }

    [Theory]
    [InlineData("model.embed_tokens.weight", "[50, 32]")]
    [InlineData("model.layers.1.self_attn.k_proj.weight", "[16, 32]")]
    [InlineData("model.layers.0.mlp.down_proj.weight", "[32, 64]")]
    [InlineData("model.layers.0.input_layernorm.weight", "[32]")]
    public void Load_ShapeWrong_SaysFoundAndExpected(string name, string expected)
    {
        using TinyContainer model = Llama();
        model.Remove(name);
        model.Matrix(name, 7, 9);
        ModelException error = Assert.Throws<ModelException>(() => Load(model));
        Assert.Equal("LT4021", error.Diagnostic.Code);
        Assert.Contains(name, error.Message, StringComparison.Ordinal);
        Assert.Contains("[7, 9]", error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("hidden_size", "LT4011", null)]
    [InlineData("num_attention_heads", "LT4012", "0")]
    [InlineData("num_hidden_layers", "LT4012", "-1")]
    [InlineData("num_hidden_layers", "LT4012", "99999999999")]
    [InlineData("num_attention_heads", "LT4012", "2.5")]
    [InlineData("num_attention_heads", "LT4012", "16777216")]
    [InlineData("head_dim", "LT4012", "1073741825")]
    [InlineData("head_dim", "LT4012", "1")]
    [InlineData("num_key_value_heads", "LT4012", "3")]
    [InlineData("hidden_act", "LT4013", "\"swoosh\"")]
    [InlineData("rope_scaling", "LT4013", "{\"rope_type\": \"spiral\"}")]
    [InlineData("rope_scaling", "LT4012", "{\"rope_type\": \"longrope\", \"short_factor\": [1], \"long_factor\": [1]}")]
    [InlineData("rope_scaling", "LT4011", "{\"rope_type\": \"longrope\", \"short_factor\": [1, 1, 1, 1]}")]
    [InlineData("layer_types", "LT4013", "[\"full_attention\", \"linear_attention\"]")]
    [InlineData("layer_types", "LT4012", "[\"full_attention\"]")]
    public void Load_ConfigurationWrong_NamesTheKey(string key, string code, string? value)
    {
        using TinyContainer model = Llama($", \"{key}\": {value ?? "null"}");
        ModelException error = Assert.Throws<ModelException>(() => Load(model));
        Assert.Equal(code, error.Diagnostic.Code);
        Assert.NotEmpty(error.Diagnostic.Fixes);
    }

    [Fact]
    public void Load_TensorThatNothingUses_IsAFinding()
    {
        using TinyContainer model = Llama();
        model.Vector("model.layers.0.mystery.weight", 3).Vector("model.layers.0.self_attn.rotary_emb.inv_freq", 4).Vector("model.layers.2.mlp.up_proj.weight", 3);
        using DecoderModel engine = Load(model);
        Diagnostic finding = Assert.Single(engine.Findings);
        Assert.Equal("LT4025", finding.Code);
        Assert.StartsWith("1 tensor(s)", finding.Message, StringComparison.Ordinal);
        Assert.Contains("model.layers.0.mystery.weight", finding.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("model.language_model.")]
    [InlineData("language_model.model.")]
    public void Load_OtherPrefix_GivesTheSameLogits(string prefix)
    {
        using TinyContainer usual = Llama();
        using TinyContainer other = new(Config(""));
        foreach (TensorInfo tensor in usual.Tensors)
        {
            other.Add(tensor.Name.StartsWith("model.", StringComparison.Ordinal) ? prefix + tensor.Name["model.".Length..] : tensor.Name, usual.Values[tensor.Name], [.. tensor.Shape]);
        }

        using DecoderModel a = Load(usual);
        using DecoderModel b = Load(other);
        Assert.Equal(Logits(a), Logits(b));
    }

    /// <summary>llama.cpp's names, its permuted rows of q and k with their biases, fused or not, the gate in ffn_up or not.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Load_GgufOfTheSameValues_GivesTheSameLogits(bool fused)
    {
        using TinyContainer checkpoint = Llama();
        for (int n = 0; n < 2; n++)
        {
            checkpoint.Vector($"model.layers.{n}.self_attn.q_proj.bias", H).Vector($"model.layers.{n}.self_attn.k_proj.bias", 2 * Dim).Vector($"model.layers.{n}.self_attn.v_proj.bias", 2 * Dim);
        }

        using TinyContainer gguf = Twin(checkpoint, fused, "");
        using DecoderModel a = Load(checkpoint);
        using DecoderModel b = Load(gguf);
        Assert.Equal(Logits(a), Logits(b));
        Assert.Empty(b.Findings);
    }

    /// <summary>A GGUF chooses its LongRoPE factors by the context that is meant, a checkpoint by the length of the sequence.</summary>
    [Theory]
    [InlineData(16, "long")]
    [InlineData(40, "short")]
    public void Load_GgufLongRope_ChoosesByTheContext(int context, string chosen)
    {
        const string Factors = "\"short_factor\": [1, 1.5, 2, 3], \"long_factor\": [2, 3, 5, 9]";

        // Original lengths at which eight tokens are long or short for the checkpoint.
        using TinyContainer checkpoint = Llama($", \"rope_scaling\": {{ \"rope_type\": \"longrope\", {Factors}, \"original_max_position_embeddings\": {(chosen == "long" ? 4 : 16)}, \"attention_factor\": 1.25 }}");
        using TinyContainer gguf = Twin(checkpoint, fused: false, ", \"llama.rope.scaling.type\": \"longrope\", \"llama.rope.scaling.attn_factor\": 1.25, \"llama.rope.scaling.original_context_length\": " + (chosen == "long" ? context - 1 : context));
        gguf.Add("rope_factors_short.weight", [1, 1.5f, 2, 3], 4).Add("rope_factors_long.weight", [2, 3, 5, 9], 4);
        using DecoderModel a = Load(checkpoint);
        using DecoderModel b = DecoderModel.Load(gguf, new EngineBackend().Find(gguf), new EngineSettings(12, KvType.F32, 2, true) { MeantContext = context, AloneBelow = 0 });
        Assert.Equal(Logits(a), Logits(b));
        Assert.Empty(b.Findings);
    }

    [Fact]
    public void Load_GgufYarn_GivesTheLogitsOfTheCheckpoint()
    {
        using TinyContainer checkpoint = Llama(", \"rope_scaling\": { \"rope_type\": \"yarn\", \"factor\": 4.0, \"original_max_position_embeddings\": 16 }");
        using TinyContainer gguf = Twin(checkpoint, fused: false, ", \"llama.rope.scaling.type\": \"yarn\", \"llama.rope.scaling.factor\": 4.0, \"llama.rope.scaling.original_context_length\": 16");
        using DecoderModel a = Load(checkpoint);
        using DecoderModel b = Load(gguf);
        Assert.Equal(Logits(a), Logits(b));
    }

    [Fact]
    public void Find_UnknownArchitecture_IsRefusedWithTheWayToTheKnown()
    {
        using TinyContainer model = new("""{ "model_type": "mamba" }""");
        ModelException error = Assert.Throws<ModelException>(() => new EngineBackend().Find(model));
        Assert.Equal("LT4010", error.Diagnostic.Code);
        Assert.Equal(FaultKind.Unsupported, error.Diagnostic.Kind);
        Assert.Contains("\"mamba\"", error.Message, StringComparison.Ordinal);
        Assert.Contains("list-architectures", error.Diagnostic.Fixes[0], StringComparison.Ordinal);
    }

    [Fact]
    public void Like_AnotherName_RunsAsTheKnownOne()
    {
        Architecture mine = Architecture.Like(DefaultArchitectures.All[0], [], ["my_llama"]);
        using TinyContainer model = Llama(", \"model_type\": \"my_llama\"");
        Assert.Throws<ModelException>(() => new EngineBackend().Find(model));
        Assert.Same(mine, new EngineBackend(mine).Find(model));
        using DecoderModel engine = DecoderModel.Load(model, mine, new EngineSettings(64, KvType.F32, 1, true) { AloneBelow = 0 });
        using DecoderModel known = Load(Llama());
        Assert.Equal(Logits(known), Logits(engine));
    }

    private static TinyContainer Llama(string more = "")
    {
        TinyContainer model = new(Config(more));
        model.Matrix("model.embed_tokens.weight", Vocabulary, H).Vector("model.norm.weight", H, 1).Matrix("lm_head.weight", Vocabulary, H);
        for (int n = 0; n < 2; n++)
        {
            string layer = $"model.layers.{n}.";
            model.Vector(layer + "input_layernorm.weight", H, 1).Vector(layer + "post_attention_layernorm.weight", H, 1)
                .Matrix(layer + "self_attn.q_proj.weight", H, H).Matrix(layer + "self_attn.k_proj.weight", 2 * Dim, H).Matrix(layer + "self_attn.v_proj.weight", 2 * Dim, H)
                .Matrix(layer + "self_attn.o_proj.weight", H, H).Matrix(layer + "mlp.gate_proj.weight", Inner, H).Matrix(layer + "mlp.up_proj.weight", Inner, H)
                .Matrix(layer + "mlp.down_proj.weight", H, Inner);
        }

        return model;
    }

    /// <summary>Later keys of an object win.</summary>
    private static string Config(string more)
    {
        System.Text.Json.Nodes.JsonObject config = [];
        string text = $$"""
            { "model_type": "llama", "hidden_size": {{H}}, "intermediate_size": {{Inner}}, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
              "vocab_size": {{Vocabulary}}, "max_position_embeddings": 64, "rms_norm_eps": 1e-5 {{more}} }
            """;
        using System.Text.Json.JsonDocument document = System.Text.Json.JsonDocument.Parse(text);
        foreach (System.Text.Json.JsonProperty property in document.RootElement.EnumerateObject())
        {
            config[property.Name] = System.Text.Json.Nodes.JsonNode.Parse(property.Value.GetRawText());
        }

        return config.ToJsonString();
    }

    /// <summary>The same values as llama.cpp's converter would write them.</summary>
    private static TinyContainer Twin(TinyContainer checkpoint, bool fused, string more)
    {
        TinyContainer gguf = new(
            $$"""
            { "general.architecture": "llama", "llama.embedding_length": {{H}}, "llama.feed_forward_length": {{Inner}}, "llama.block_count": 2, "llama.attention.head_count": 4,
              "llama.attention.head_count_kv": 2, "llama.context_length": 64, "llama.attention.layer_norm_rms_epsilon": 1e-5 {{more}} }
            """,
            NamingScheme.Gguf);
        gguf.Add("token_embd.weight", checkpoint.Values["model.embed_tokens.weight"], Vocabulary, H).Add("output_norm.weight", checkpoint.Values["model.norm.weight"], H)
            .Add("output.weight", checkpoint.Values["lm_head.weight"], Vocabulary, H);
        for (int n = 0; n < 2; n++)
        {
            float[] Of(string name) => checkpoint.Values[$"model.layers.{n}.{name}"];
            gguf.Add($"blk.{n}.attn_norm.weight", Of("input_layernorm.weight"), H).Add($"blk.{n}.ffn_norm.weight", Of("post_attention_layernorm.weight"), H)
                .Add($"blk.{n}.attn_output.weight", Of("self_attn.o_proj.weight"), H, H).Add($"blk.{n}.ffn_down.weight", Of("mlp.down_proj.weight"), H, Inner);
            foreach ((string suffix, int width) in ((string, int)[])[("weight", H), ("bias", 1)])
            {
                if (!checkpoint.Values.ContainsKey($"model.layers.{n}.self_attn.q_proj.{suffix}"))
                {
                    continue;
                }

                float[] q = Paired(Of("self_attn.q_proj." + suffix), width);
                float[] k = Paired(Of("self_attn.k_proj." + suffix), width);
                float[] v = Of("self_attn.v_proj." + suffix);
                long[] Shape(float[] values) => width == 1 ? [values.Length] : [values.Length / width, width];
                if (fused)
                {
                    float[] all = [.. q, .. k, .. v];
                    gguf.Add($"blk.{n}.attn_qkv.{suffix}", all, Shape(all));
                }
                else
                {
                    gguf.Add($"blk.{n}.attn_q.{suffix}", q, Shape(q)).Add($"blk.{n}.attn_k.{suffix}", k, Shape(k)).Add($"blk.{n}.attn_v.{suffix}", v, Shape(v));
                }
            }

            if (fused)
            {
                gguf.Add($"blk.{n}.ffn_up.weight", [.. Of("mlp.gate_proj.weight"), .. Of("mlp.up_proj.weight")], 2 * Inner, H);
            }
            else
            {
                gguf.Add($"blk.{n}.ffn_gate.weight", Of("mlp.gate_proj.weight"), Inner, H).Add($"blk.{n}.ffn_up.weight", Of("mlp.up_proj.weight"), Inner, H);
            }
        }

        return gguf;
    }

    /// <summary>Row h*d + 2i + j ← row h*d + j*d/2 + i: what llama.cpp's converter does.</summary>
    private static float[] Paired(float[] values, int width)
    {
        float[] paired = new float[values.Length];
        for (int row = 0; row < values.Length / width; row++)
        {
            int within = row % Dim;
            int from = row - within + (within % 2 * Dim / 2) + (within / 2);
            values.AsSpan(from * width, width).CopyTo(paired.AsSpan(row * width));
        }

        return paired;
    }

    private static DecoderModel Load(TinyContainer model) => DecoderModel.Load(model, new EngineBackend().Find(model), new EngineSettings(64, KvType.F32, 2, true) { AloneBelow = 0 });

    private static float[] Logits(DecoderModel engine)
    {
        using DecoderState state = engine.CreateState();
        return engine.Run(state, [3, 1, 4, 1, 5, 9, 2, 6], 8);
    }
}
