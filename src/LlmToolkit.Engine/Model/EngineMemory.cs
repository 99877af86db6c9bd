namespace LlmToolkit.Engine.Model;

/// <summary>The one place that knows what a loaded model costs, from its facts alone.</summary>
internal static class EngineMemory
{
    /// <summary>The runtime, its compiled code and its heap before any model.</summary>
    private const long RuntimeBase = 48L << 20;

    /// <summary>A shorter context is not worth loading a model for unasked.</summary>
    private const int LeastContext = 512;

    /// <summary>A worker's panels of dequantized weights and its attention tiles.</summary>
    private const long ScratchPerThread = 2L << 20;

    /// <summary>Bytes that a tokenizer keeps for an entry: text, index, merges.</summary>
    private const long TokenizerEntry = 220;

    /// <summary>What a model needs at a context length.</summary>
    /// <param name="model">Its facts.</param>
    /// <param name="context">Longest sequence, in tokens.</param>
    /// <param name="kv">Type of the cache.</param>
    /// <param name="threads">Workers.</param>
    /// <param name="transposed">True when the container stores projections [in, out], which are turned in a copy.</param>
    public static MemoryEstimate Estimate(ModelInfo model, int context, KvType kv, int threads, bool transposed = false)
    {
        long hidden = model.EmbeddingLength ?? 4096;
        long headDim = model.HeadDim ?? 128;
        long heads = model.Heads ?? Math.Max(1, hidden / headDim);
        long kvHeads = model.KvHeads ?? heads;
        long vocabulary = model.Vocabulary ?? 32000;
        int rows = model.IsEncoder ? context : Math.Min(DecoderModel.ChunkRows, context);
        ScratchSize scratch = new()
        {
            Hidden = Bounded(hidden),
            Heads = Bounded((heads + (2 * kvHeads)) * headDim),
            Mixed = Bounded(heads * headDim),

            // The feed-forward width is not among the facts; no common family goes much beyond four times the hidden width.
            Inner = Bounded(4 * hidden),
        };

        // Half of a byte form beside each row of floats: see Activations.
        long forms = (long)rows * ((2L * scratch.Hidden) + scratch.Mixed + scratch.Inner) * 3 / 2;
        return new MemoryEstimate
        {
            Context = context,
            WeightsMapped = model.FileBytes,
            WeightsPrivate = model.CopiedBytes + (transposed ? Projections(model) : 0),
            Kv = Kv(model, context, kv),
            Compute = scratch.Bytes(rows) + forms + (threads * ScratchPerThread),
            Logits = model.IsEncoder ? (long)context * hidden * sizeof(float) : 2 * vocabulary * sizeof(float),
            Tokenizer = vocabulary * TokenizerEntry,
            RuntimeBase = RuntimeBase,
            Confidence = model.EmbeddingLength is null || (model.KvBytesPerToken is null && !model.IsEncoder) ? 0.4 : 0.85,
        };
    }

    /// <summary>The longest context of at least <see cref="LeastContext"/> tokens with which the private memory stays within <paramref name="room"/>; null: none.</summary>
    public static int? LargestContext(MemoryEstimate whole, long room)
    {
        if (whole.MustBytes <= room)
        {
            return whole.Context;
        }

        long perToken = Math.Max(1, whole.Kv / Math.Max(1, whole.Context));
        long context = (room - (whole.MustBytes - whole.Kv)) / perToken / LeastContext * LeastContext;
        return context >= LeastContext && context < whole.Context ? (int)context : null;
    }

    private static long Kv(ModelInfo model, int context, KvType kv)
    {
        long perToken = model.KvBytesPerToken ?? 0;
        perToken = model.IsEncoder ? perToken / Math.Max(1, model.Layers ?? 1) : perToken;
        return kv == KvType.F32 ? 2 * perToken * context : perToken * context;
    }

    /// <summary>Bytes of everything but the tables of tokens and positions.</summary>
    private static long Projections(ModelInfo model)
    {
        long parameters = Math.Max(1, model.Parameters ?? 1);
        long tables = ((long)(model.Vocabulary ?? 0) + (model.ContextLength ?? 0)) * (model.EmbeddingLength ?? 0);
        return (long)(model.BytesByType.Values.Sum() * (double)Math.Max(0, parameters - tables) / parameters);
    }

    private static int Bounded(long width) => (int)Math.Clamp(width, 1, 1 << 24);
}
