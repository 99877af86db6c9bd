using LlmToolkit.Engine.Architectures;
using LlmToolkit.Engine.Blocks;
using LlmToolkit.Engine.Kernels;
using LlmToolkit.Engine.Model;

namespace LlmToolkit.Engine.Tests.Docs;

/// <summary>Fable: Llama with attention and feed-forward side by side, a squared ReLU, and norms that need no sum over the row.</summary>
internal sealed class Fable() : Llama(["fable"], ["fable"])
{
    internal override TensorNames Tensors { get; } = new(Names)
    {
        ["blk.N.attn_norm"] = ["layers.N.norm"],
        ["blk.N.ffn_gate"] = ["layers.N.ffn.gate"],
        ["blk.N.ffn_up"] = ["layers.N.ffn.up"],
        ["blk.N.ffn_down"] = ["layers.N.ffn.down"],
    };

    private protected override string ActivationByDefault => "relu2";

    internal override Conventions Conventions(NamingScheme scheme) => new();

    internal override DecoderRecipe Build(RecipeBuilder b)
    {
        WeightMatrix table = b.TokenTable();
        ILayer[] layers = [.. Enumerable.Range(0, b.Layers).Select(n => Layer(b, n))];
        return b.Finish(new TokenEmbedding { Table = table }, layers, new LogitsHead(Norm(b, "output_norm"), b.Output(table, TiedByDefault), SoftCap(b)));
    }

    private protected override ILayer Layer(RecipeBuilder b, int n)
    {
        INorm norm = Norm(b, "blk.N.attn_norm", n);
        return new ParallelLayer(norm, Attention(b, n), norm, FeedForward(b, n));
    }

    private static unsafe DynamicTanh Norm(RecipeBuilder b, string role, int n = 0) =>
        new(*b.Binder.Vector(role, ".alpha", n, 1), b.Binder.Vector(role, ".weight", n, b.Hidden), b.Hidden);
}

/// <summary>tanh(alpha × x) × weight: a wrinkle that no other family has, so it lies beside its architecture.</summary>
internal sealed unsafe class DynamicTanh(float alpha, float* weight, int count) : INorm
{
    private readonly float* _weight = weight;

    public void Apply(float* x, float* y)
    {
        for (int i = 0; i < count; i++)
        {
            y[i] = MathF.Tanh(alpha * x[i]) * _weight[i];
        }
    }
}
