using LlmToolkit.Engine.Kernels;
using LlmToolkit.Engine.Quants;
using LlmToolkit.Engine.KvCache;
using LlmToolkit.Engine.Model;

namespace LlmToolkit.Engine.Blocks;

/// <summary>Grouped-query attention with its projections.</summary>
internal sealed unsafe class SelfAttention : IBlock
{
    /// <summary>Index of its cache.</summary>
    public required int Layer { get; init; }

    /// <summary>Queries [heads * key width, hidden].</summary>
    public required WeightMatrix Query { get; init; }

    /// <summary>Keys [KV heads * key width, hidden].</summary>
    public required WeightMatrix Key { get; init; }

    /// <summary>Values [KV heads * value width, hidden].</summary>
    public required WeightMatrix Value { get; init; }

    /// <summary>Output [hidden, heads * value width].</summary>
    public required WeightMatrix Output { get; init; }

    /// <summary>Heads, scale, cap, window.</summary>
    public required AttentionShape Shape { get; init; }

    /// <summary>What it caches.</summary>
    public required KvShape Cache { get; init; }

    /// <summary>Norm of each query head, before the rope; null: none.</summary>
    public INorm? QueryNorm { get; init; }

    /// <summary>Norm of each key head, before the rope; null: none.</summary>
    public INorm? KeyNorm { get; init; }

    /// <summary>The rope; null: positions are not this layer's business.</summary>
    public IRope? Rope { get; init; }

    public ActivationForms InputForms => Query.Form | Key.Form | Value.Form;

    private int QueryWidth => Query.Rows;

    private int Stride => Query.Rows + Key.Rows + Value.Rows;

    public void Reserve(ScratchSize size)
    {
        size.Heads = Math.Max(size.Heads, Stride);
        size.Mixed = Math.Max(size.Mixed, Output.Columns);
    }

    public void Run(Worker worker, ForwardPass pass, float* output, bool accumulate)
    {
        int stride = Stride;
        MatMul.Run(worker, Query, pass.Input, pass.Heads, stride);
        MatMul.Run(worker, Key, pass.Input, pass.Heads + QueryWidth, stride);
        MatMul.Run(worker, Value, pass.Input, pass.Heads + QueryWidth + Key.Rows, stride);
        worker.Barrier();
        KvLayer cache = pass.Cache[Layer];
        Place(worker, pass, cache);
        worker.Barrier();
        Activations mixed = pass.Mixed;
        if (pass.Rows == 1)
        {
            // Every worker reads a copy of its own: cheaper than one more barrier.
            Attention.Run(worker, Shape, cache, pass.Heads, stride, pass.Position, 1, pass.Attended, mixed.Width);
            worker.Barrier();
            ForwardPass.Copy(pass.Attended, mixed.Row(worker, 0), Output.Columns);
        }
        else
        {
            float* rows = mixed.Row(worker, 0);
            Attention.Run(worker, Shape, cache, pass.Heads, stride, pass.Position, pass.Rows, rows, mixed.Row(worker, 1) - rows);
            worker.Barrier();
        }

        mixed.Publish(worker, Output.Form);
        MatMul.Run(worker, Output, mixed, output, pass.Width, accumulate);
    }

    /// <summary>Norms and rotates the heads and puts keys and values into the cache.</summary>
    private void Place(Worker worker, ForwardPass pass, KvLayer cache)
    {
        int heads = Shape.QueryHeads + Cache.Heads;
        (int from, int to) = worker.Slice(pass.Rows * heads);
        for (int unit = from; unit < to; unit++)
        {
            (int row, int index) = Math.DivRem(unit, heads);
            float* token = pass.Heads + ((long)row * Stride);
            if (index < Shape.QueryHeads)
            {
                Rotate(pass, QueryNorm, token + ((long)index * Cache.KeyDim), row);
                continue;
            }

            int head = index - Shape.QueryHeads;
            float* key = token + QueryWidth + ((long)head * Cache.KeyDim);
            Rotate(pass, KeyNorm, key, row);
            cache.Write(head, pass.Position + row, key, token + QueryWidth + Key.Rows + ((long)head * Cache.ValueDim));
        }
    }

    private void Rotate(ForwardPass pass, INorm? norm, float* head, int row)
    {
        norm?.Apply(head, head);
        Rope?.Rotate(head, pass.Cos(Rope, row), pass.Sin(Rope, row));
    }
}
