using LlmToolkit.Engine.Blocks;
using LlmToolkit.Engine.Kernels;

namespace LlmToolkit.Engine.Model;

/// <summary>What an architecture builds its recipe with: the configuration, the tensors, and the constructions that families share.</summary>
internal sealed unsafe class RecipeBuilder
{
    private readonly Dictionary<string, IRope> _ropes = new(StringComparer.Ordinal);
    private readonly List<IRope> _ropeList = [];
    private readonly List<KvShape> _cache = [];
    private readonly Dictionary<(int Heads, int Dim), int[]> _orders = [];
    private readonly int _context;

    /// <param name="config">The configuration.</param>
    /// <param name="binder">The tensors.</param>
    /// <param name="conventions">How they are laid out.</param>
    /// <param name="context">The context that is meant.</param>
    public RecipeBuilder(ModelConfig config, WeightBinder binder, Conventions conventions, int context)
    {
        (Config, Binder, Conventions, _context) = (config, binder, conventions, context);
        Hidden = config.Width(ConfigNames.EmbeddingLength);
        Layers = config.Count(ConfigNames.Layers) - (int)Math.Clamp(config.Scheme == NamingScheme.Gguf ? config.Number(ConfigKeys.NextN) ?? 0 : 0, 0, int.MaxValue);
        Layers = Layers > 0 ? Layers : throw EngineErrors.BadConfig(config.File, config.Key(ConfigNames.Layers), $"{Layers}", "at least one layer");
        if (Layers > Math.Max(1, binder.Tensors))
        {
            // No layer is without a tensor; nobody should look for them one by one.
            throw EngineErrors.BadConfig(config.File, config.Key(ConfigNames.Layers), $"{Layers}", $"at most the {binder.Tensors} tensors that there are");
        }

        binder.SizeName = new SizeNames(config, Hidden).Of;
    }

    /// <summary>The configuration.</summary>
    public ModelConfig Config { get; }

    /// <summary>The tensors.</summary>
    public WeightBinder Binder { get; }

    /// <summary>How they are laid out.</summary>
    public Conventions Conventions { get; }

    /// <summary>Width of the hidden state.</summary>
    public int Hidden { get; }

    /// <summary>Number of layers.</summary>
    public int Layers { get; }

    /// <summary>Query heads of a layer.</summary>
    public int Heads(int layer) => Config.CountAt(ConfigNames.Heads, layer);

    /// <summary>Key and value heads of a layer.</summary>
    public int KvHeads(int layer) => Config.CountAt(ConfigNames.KvHeads, layer, Heads(layer));

    /// <summary>Width of a key.</summary>
    public int HeadDim => Config.Width(ConfigNames.HeadDim, Math.Max(1, Hidden / Heads(0)));

    /// <summary>Width of a feed-forward block.</summary>
    public int FeedForward(int layer) => Config.CountAt(ConfigKeys.FeedForward, layer);

    /// <summary>The activation that the configuration names.</summary>
    /// <param name="fallback">What it is where the configuration is silent: in every GGUF.</param>
    public Activation Activation(string fallback)
    {
        string name = Config.Text(ConfigKeys.Activation) ?? fallback;
        return Blocks.Activation.Find(name) ?? throw EngineErrors.UnsupportedConfig(Config.File, Config.Key(ConfigKeys.Activation), name, string.Join(", ", Blocks.Activation.Names));
    }

    /// <summary>An RMSNorm of the hidden state.</summary>
    public INorm RmsNorm(string role, int layer = 0, int? width = null) =>
        new RmsNorm(Binder.Vector(role, ".weight", layer, width ?? Hidden, Conventions.NormOffset), RmsEpsilon, width ?? Hidden);

    /// <summary>A LayerNorm of the hidden state; the bias is optional.</summary>
    public INorm LayerNorm(string role, int layer = 0)
    {
        float epsilon = Config.Epsilon(ConfigKeys.LayerNormEpsilon);
        return new LayerNorm(Binder.Vector(role, ".weight", layer, Hidden, Conventions.NormOffset), Binder.Optional(role, ".bias", layer, Hidden), epsilon, Hidden);
    }

    /// <summary>The table of tokens.</summary>
    public WeightMatrix TokenTable() =>
        Binder.Table("token_embd", Config.Scheme == NamingScheme.Gguf ? null : Config.Width(ConfigNames.Vocabulary), Hidden);

    /// <summary>The output matrix: its own, or the table of tokens where the model ties them.</summary>
    /// <param name="table">The table of tokens.</param>
    /// <param name="tiedByDefault">What the model's class assumes where config.json is silent.</param>
    public WeightMatrix Output(WeightMatrix table, bool tiedByDefault)
    {
        bool tied = Config.Scheme == NamingScheme.HuggingFace && (Config.Flag(ConfigKeys.Tied) ?? tiedByDefault);
        if (!tied && Binder.Has("output"))
        {
            // In a rehearsal the table may be missing; then nothing says how many rows there should be.
            WeightMatrix stored = Binder.Stored("output", 0, 0, false, Binder.Has("token_embd") ? table.Rows : null, Hidden);
            return WeightBinder.Part(stored, 0, stored.Rows, null, Binder.Optional("output", ".bias", 0, stored.Rows));
        }

        return table;
    }

    /// <summary>The rope of a layer: one object for all layers of a kind.</summary>
    public IRope Rope(string kind = RopeReader.Full)
    {
        if (!_ropes.TryGetValue(kind, out IRope? rope))
        {
            RopeFrequencies frequencies = new RopeReader(Config, Binder, HeadDim, _context).Read(kind);
            if (!frequencies.AreFinite)
            {
                throw EngineErrors.BadConfig(Config.File, Config.Key(ConfigKeys.RopeBase), "of a kind that makes angles without end", "a base and factors that give finite angles");
            }

            _ropes[kind] = rope = new HalfSplitRope(frequencies, _ropeList.Count);
            _ropeList.Add(rope);
        }

        return rope;
    }

    /// <summary>Attention of a layer, its projections separate or fused.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="options">What the family adds.</param>
    public SelfAttention Attention(int layer, AttentionOptions options)
    {
        int heads = Heads(layer);
        int dim = HeadDim;
        KvShape cache = new(KvHeads(layer), dim, Config.Width(ConfigKeys.ValueDim, dim));
        if ((long)heads * Math.Max(cache.KeyDim, cache.ValueDim) > ModelConfig.MaxWidth)
        {
            throw EngineErrors.BadConfig(Config.File, Config.Key(ConfigNames.Heads), $"{heads}", $"at most {ModelConfig.MaxWidth} values in all heads together, each {dim} wide");
        }

        if (heads % cache.Heads != 0)
        {
            throw EngineErrors.BadConfig(Config.File, Config.Key(ConfigNames.KvHeads), $"{cache.Heads}", $"a divisor of the {heads} query heads");
        }

        (WeightMatrix query, WeightMatrix key, WeightMatrix value) = Projections(layer, heads, cache);

        // An encoder needs no keys once a layer is done: all layers share one cache.
        int slot = !options.Causal && _cache is [KvShape first] && first == cache ? 0 : _cache.Count;
        if (slot == _cache.Count)
        {
            _cache.Add(cache);
        }

        return new SelfAttention
        {
            Layer = slot,
            Query = query,
            Key = key,
            Value = value,
            Output = Binder.Linear("blk.N.attn_output", layer, Hidden, heads * cache.ValueDim),
            Cache = cache,
            QueryNorm = options.QueryNorm,
            KeyNorm = options.KeyNorm,
            Rope = options.Rope,
            Shape = new AttentionShape
            {
                QueryHeads = heads,
                Scale = options.Scale ?? (float)(1 / Math.Sqrt(dim)),
                SoftCap = options.SoftCap,
                Window = options.Window,
                Causal = options.Causal,
            },
        };
    }

    /// <summary>A feed-forward block with a gate; gate and up may be one matrix, the gate's rows first.</summary>
    public GatedMlp GatedMlp(int layer, Activation activation)
    {
        int inner = FeedForward(layer);
        if (!IsFused("blk.N.ffn_gate", "blk.N.ffn_up", layer, 2 * inner))
        {
            return new GatedMlp(
                Binder.Linear("blk.N.ffn_gate", layer, inner, Hidden),
                Binder.Linear("blk.N.ffn_up", layer, inner, Hidden),
                Binder.Linear("blk.N.ffn_down", layer, Hidden, inner),
                activation);
        }

        WeightMatrix both = Binder.Stored("blk.N.ffn_up", layer, 0, Conventions.Transposed, 2 * inner, Hidden);
        return new GatedMlp(
            WeightBinder.Part(both, 0, inner, null, Binder.BiasPart("blk.N.ffn_up", layer, 2 * inner, 0, inner, null)),
            WeightBinder.Part(both, inner, inner, null, Binder.BiasPart("blk.N.ffn_up", layer, 2 * inner, inner, inner, null)),
            Binder.Linear("blk.N.ffn_down", layer, Hidden, inner),
            activation);
    }

    /// <summary>A feed-forward block without a gate.</summary>
    public PlainMlp PlainMlp(int layer, int inner, Activation activation) =>
        new(Binder.Linear("blk.N.ffn_up", layer, inner, Hidden), Binder.Linear("blk.N.ffn_down", layer, Hidden, inner), activation);

    /// <summary>Experts: stacked, with gate and up fused or not, or one by one.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="activation">Of each expert.</param>
    /// <param name="renormalize">Divide the weights of the chosen by their sum.</param>
    public MoeMlp Experts(int layer, Activation activation, bool renormalize)
    {
        int count = Config.Count(ConfigKeys.Experts);
        int used = Config.CountAt(ConfigKeys.ExpertsUsed, layer);
        int inner = Config.CountAt(ConfigKeys.ExpertFeedForward, layer, FeedForward(layer));
        if (used > count)
        {
            throw EngineErrors.BadConfig(Config.File, Config.Key(ConfigKeys.ExpertsUsed), $"{used}", $"at most the {count} experts");
        }

        WeightMatrix router = Binder.ExactLinear("blk.N.ffn_gate_inp", layer, count, Hidden);
        return new MoeMlp(router, ExpertList(layer, count, inner, activation), new SoftmaxTopK(used, renormalize));
    }

    /// <summary>Puts the recipe together.</summary>
    public DecoderRecipe Finish(TokenEmbedding embedding, ILayer[] layers, IHead head)
    {
        ScratchSize scratch = new() { Hidden = Hidden };
        foreach (ILayer layer in layers)
        {
            layer.Reserve(scratch);
        }

        return new DecoderRecipe { Embedding = embedding, Layers = layers, Head = head, Ropes = [.. _ropeList], Cache = [.. _cache], Scratch = scratch };
    }

    /// <summary>True when one matrix holds what others store apart. Where neither is there, the family's separate form is the one to miss.</summary>
    private bool IsFused(string separate, string fused, int layer, int? rows) =>
        !Binder.Has(separate, layer)
        && (!Binder.Knows(separate) || (Binder.Find(fused, ".weight", layer) is { } found && (rows is null || found.Shape.Count != 2 || found.Shape[Conventions.Transposed ? 1 : 0] == rows)));

    private float RmsEpsilon => Config.Epsilon(ConfigKeys.RmsEpsilon);

    private GatedMlp[] ExpertList(int layer, int count, int inner, Activation activation)
    {
        GatedMlp[] experts = new GatedMlp[count];
        if (Binder.Has("blk.N.ffn_down_exps", layer))
        {
            bool fused = Binder.Has("blk.N.ffn_gate_up_exps", layer);
            WeightMatrix down = Binder.Stack("blk.N.ffn_down_exps", layer, count, Hidden, inner);
            WeightMatrix gate = fused ? Binder.Stack("blk.N.ffn_gate_up_exps", layer, count, 2 * inner, Hidden) : Binder.Stack("blk.N.ffn_gate_exps", layer, count, inner, Hidden);
            WeightMatrix up = fused ? gate : Binder.Stack("blk.N.ffn_up_exps", layer, count, inner, Hidden);
            int step = fused ? 2 * inner : inner;
            for (int e = 0; e < count; e++)
            {
                // A rehearsal has seen all there is to see in the stacks: one object stands for all experts.
                experts[e] = Binder.Rehearsing && e > 0 ? experts[0] : new GatedMlp(
                    WeightBinder.Part(gate, e * step, inner, null, null),
                    WeightBinder.Part(up, (e * step) + (fused ? inner : 0), inner, null, null),
                    WeightBinder.Part(down, e * Hidden, Hidden, null, null),
                    activation);
            }

            return experts;
        }

        for (int e = 0; e < count; e++)
        {
            experts[e] = new GatedMlp(
                Binder.Linear("blk.N.ffn_gate.E", layer, inner, Hidden, e),
                Binder.Linear("blk.N.ffn_up.E", layer, inner, Hidden, e),
                Binder.Linear("blk.N.ffn_down.E", layer, Hidden, inner, e),
                activation);
        }

        return experts;
    }

    private (WeightMatrix Query, WeightMatrix Key, WeightMatrix Value) Projections(int layer, int heads, KvShape cache)
    {
        int dim = cache.KeyDim;
        (int queries, int keys, int values) = (heads * dim, cache.Heads * dim, cache.Heads * cache.ValueDim);
        int[]? queryOrder = Conventions.PairedRows ? Unpair(heads, dim) : null;
        int[]? keyOrder = Conventions.PairedRows ? Unpair(cache.Heads, dim) : null;
        if (!IsFused("blk.N.attn_q", "blk.N.attn_qkv", layer, null))
        {
            return (Separate("blk.N.attn_q", queries, queryOrder), Separate("blk.N.attn_k", keys, keyOrder), Separate("blk.N.attn_v", values, null));
        }

        int rows = queries + keys + values;
        WeightMatrix whole = Binder.Stored("blk.N.attn_qkv", layer, 0, Conventions.Transposed, rows, Hidden);
        if (!Conventions.HeadByHead)
        {
            return (Fused(0, queries, queryOrder), Fused(queries, keys, keyOrder), Fused(queries + keys, values, null));
        }

        return heads == cache.Heads
            ? (Fused(0, queries, OfHead(0)), Fused(0, keys, OfHead(1)), Fused(0, values, OfHead(2)))
            : throw EngineErrors.BadConfig(Config.File, Config.Key(ConfigNames.KvHeads), $"{cache.Heads}", $"{heads}, as many as query heads: the projection is stored head by head");

        WeightMatrix Separate(string role, int count, int[]? order) =>
            WeightBinder.Part(Binder.Stored(role, layer, 0, Conventions.Transposed, count, Hidden), 0, count, order, Binder.BiasPart(role, layer, count, 0, count, order));
        WeightMatrix Fused(int first, int count, int[]? order) =>
            WeightBinder.Part(whole, first, count, order, Binder.BiasPart("blk.N.attn_qkv", layer, rows, first, count, order));
        int[]? OfHead(int part) => Binder.Rehearsing ? null : [.. Enumerable.Range(0, queries).Select(r => (r / dim * 3 * dim) + (part * dim) + (r % dim))];
    }

    /// <summary>Row h*d + j*d/2 + i of a head in halves is stored as row h*d + 2i + j. Source: llama.cpp, <c>convert_hf_to_gguf.py</c> (permute).</summary>
    /// <remarks>One array for all layers of a geometry; none in a rehearsal, which multiplies nothing.</remarks>
    private int[]? Unpair(int heads, int dim)
    {
        if (Binder.Rehearsing)
        {
            return null;
        }

        if (_orders.TryGetValue((heads, dim), out int[]? order))
        {
            return order;
        }

        order = new int[heads * dim];
        for (int row = 0; row < order.Length; row++)
        {
            int within = row % dim;
            order[row] = row - within + (2 * (within % (dim / 2))) + (within / (dim / 2));
        }

        _orders[(heads, dim)] = order;
        return order;
    }
}

/// <summary>What a family adds to plain attention.</summary>
internal sealed record AttentionOptions
{
    /// <summary>The rope; null: none.</summary>
    public IRope? Rope { get; init; }

    /// <summary>Multiplies the scores; null: one over the root of the head's width.</summary>
    public float? Scale { get; init; }

    /// <summary>Cap of the scores; 0: none.</summary>
    public float SoftCap { get; init; }

    /// <summary>Width of the window; 0: none.</summary>
    public int Window { get; init; }

    /// <summary>False: every position sees all.</summary>
    public bool Causal { get; init; } = true;

    /// <summary>Norm of query heads; null: none.</summary>
    public INorm? QueryNorm { get; init; }

    /// <summary>Norm of key heads; null: none.</summary>
    public INorm? KeyNorm { get; init; }
}
