using LlmToolkit.Engine.Model;

namespace LlmToolkit.Engine.Tests.Model;

/// <summary>A rehearsal finds what a load would, all of it, and reads nothing.</summary>
public sealed class RehearsalTests
{
    [Theory, MemberData(nameof(ConformanceModel.AllDecoders), MemberType = typeof(ConformanceModel)), MemberData(nameof(ConformanceModel.AllEncoders), MemberType = typeof(ConformanceModel))]
    public void Run_ReferenceModel_FindsNothing(ConformanceModel model)
    {
        using ModelContainer container = ConformanceModel.Open(model.Path);

        Rehearsal rehearsal = Rehearsal.Run(container, new EngineBackend().Find(container));

        Assert.Equal((null, 0, 0, false), (rehearsal.Configuration?.Message, rehearsal.Missing.Count, rehearsal.Unfit.Count, rehearsal.Cut));
        Assert.Empty(rehearsal.Unused);
    }

    [Fact]
    public void Run_ManyFaults_FindsThemAll()
    {
        using TinyContainer model = Llama(3);
        model.Remove("model.layers.1.self_attn.v_proj.weight");
        model.Remove("model.layers.2.mlp.gate_proj.weight");
        model.Remove("model.norm.weight");
        model.Remove("model.layers.0.mlp.up_proj.weight");
        model.Matrix("model.layers.0.mlp.up_proj.weight", 63, 32);
        model.Vector("left.over", 8);

        Rehearsal rehearsal = Run(model);

        Assert.Equal(["model.layers.1.self_attn.v_proj.weight", "model.layers.2.mlp.gate_proj.weight", "model.norm.weight"], rehearsal.Missing);
        Diagnostic unfit = Assert.Single(rehearsal.Unfit);
        Assert.Equal(("LT4021", "model.layers.0.mlp.up_proj.weight"), (unfit.Code, unfit.Field));
        Assert.Contains("dimension 0 is 63, but intermediate_size makes it 64", unfit.Message, StringComparison.Ordinal);
        Assert.Empty(rehearsal.Unused);
    }

    [Fact]
    public void Run_TensorLeftOver_IsNamedWhereAllElseIsWell()
    {
        using TinyContainer model = Llama(1);
        model.Vector("model.layers.0.left.over", 8);
        Assert.Equal("model.layers.0.left.over", Assert.Single(Run(model).Unused).Name);
    }

    [Fact]
    public void Run_ThousandsOfTensorsMissing_EndsEarly()
    {
        using TinyContainer model = Llama(600, present: 1);
        for (int i = 0; i < 600; i++)
        {
            model.Vector($"other.{i}", 1);
        }

        Rehearsal rehearsal = Run(model);

        Assert.True(rehearsal.Cut);
        Assert.InRange(rehearsal.Missing.Count, 1000, 4000);
    }

    [Fact]
    public void Run_MoreLayersThanTensors_IsAWrongSetting()
    {
        using TinyContainer model = Llama(50_000, present: 1);
        Assert.Equal(("LT4012", "num_hidden_layers"), Run(model).Configuration is { } fault ? (fault.Code, fault.Field) : default);
    }

    private static Rehearsal Run(TinyContainer model) => Rehearsal.Run(model, new EngineBackend().Find(model));

    private static TinyContainer Llama(int layers, int? present = null)
    {
        TinyContainer model = new($$"""
            { "model_type": "llama", "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": {{layers}}, "num_attention_heads": 4, "num_key_value_heads": 2, "vocab_size": 50, "max_position_embeddings": 64, "rms_norm_eps": 1e-5 }
            """);
        model.Matrix("model.embed_tokens.weight", 50, 32).Vector("model.norm.weight", 32, 1).Matrix("lm_head.weight", 50, 32);
        for (int n = 0; n < (present ?? layers); n++)
        {
            string layer = $"model.layers.{n}.";
            model.Vector(layer + "input_layernorm.weight", 32, 1).Vector(layer + "post_attention_layernorm.weight", 32, 1)
                .Matrix(layer + "self_attn.q_proj.weight", 32, 32).Matrix(layer + "self_attn.k_proj.weight", 16, 32).Matrix(layer + "self_attn.v_proj.weight", 16, 32).Matrix(layer + "self_attn.o_proj.weight", 32, 32)
                .Matrix(layer + "mlp.gate_proj.weight", 64, 32).Matrix(layer + "mlp.up_proj.weight", 64, 32).Matrix(layer + "mlp.down_proj.weight", 32, 64);
        }

        return model;
    }
}
