using LlmToolkit.Engine.Kernels;

namespace LlmToolkit.Engine.Model;

/// <summary>A bound model: recipe, weights, workers and one scratch. Sequences take turns on it, chunk by chunk.</summary>
internal sealed unsafe class DecoderModel : IDisposable
{
    /// <summary>Tokens of a chunk: enough to amortise reading the weights, few enough that cancelling is prompt and the scratch small.</summary>
    public const int ChunkRows = 512;

    private readonly Lock _turn = new();
    private readonly DecoderWeights _weights;
    private readonly WorkerPool _pool;
    private readonly WorkerPool _alone = new(1);
    private readonly ForwardPass _pass;
    private bool _disposed;

    private DecoderModel(DecoderRecipe recipe, DecoderWeights weights, EngineSettings settings, int chunkRows)
    {
        (Recipe, _weights, Settings) = (recipe, weights, settings);
        _pool = new WorkerPool(settings.Threads);
        _pass = new ForwardPass(recipe, chunkRows, settings.Threads);
    }

    /// <summary>The blocks.</summary>
    public DecoderRecipe Recipe { get; }

    /// <summary>How it was loaded.</summary>
    public EngineSettings Settings { get; }

    /// <summary>Bytes of weights used in place.</summary>
    public long MappedBytes => _weights.MappedBytes;

    /// <summary>Bytes of private copies.</summary>
    public long CopiedBytes => _weights.CopiedBytes;

    /// <summary>What was noticed while binding.</summary>
    public IReadOnlyList<Diagnostic> Findings => _weights.Findings;

    /// <summary>Binds a container's tensors.</summary>
    /// <exception cref="ModelException">A tensor or a setting is missing, unfit or unknown.</exception>
    public static DecoderModel Load(ModelContainer container, Architecture architecture, EngineSettings settings)
    {
        string file = container.Artifact.Path;
        DecoderWeights weights = new();
        try
        {
            WeightBinder binder = Binder(container, architecture, new LoadedWeights(container, weights, settings.Exact));
            DecoderRecipe recipe = architecture.Build(Builder(container, architecture, binder, settings.MeantContext ?? settings.Context));
            if (recipe.Embedding.MaxPositions is { } positions && positions < settings.Context)
            {
                settings = settings.ContextAsked ? throw EngineErrors.ContextTooLong(file, settings.Context, positions) : settings with { Context = positions };
            }

            List<TensorInfo> unused = Unused(binder, recipe.Layers.Length);
            weights.Findings = unused.Count == 0 ? [] : [EngineErrors.UnusedTensors(file, unused)];

            // An encoder's positions see each other: a text cannot be cut into chunks.
            return new DecoderModel(recipe, weights, settings, architecture.IsEncoder ? settings.Context : Math.Min(ChunkRows, settings.Context));
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }

    /// <summary>What finds an architecture's tensors in a container.</summary>
    internal static WeightBinder Binder(ModelContainer container, Architecture architecture, WeightSource source) =>
        new(container, architecture.Tensors, architecture.Prefixes, source, architecture.Conventions(container.Naming).Transposed);

    /// <summary>What an architecture builds its recipe with.</summary>
    internal static RecipeBuilder Builder(ModelContainer container, Architecture architecture, WeightBinder binder, int context)
    {
        IReadOnlyDictionary<ConfigName, double> defaults = container.Naming == NamingScheme.Gguf ? architecture.GgufDefaults : architecture.Defaults;
        ModelConfig config = new(container.Metadata, container.Naming, container.Info.Architecture ?? "", container.Artifact.Path, defaults);
        return new RecipeBuilder(config, binder, architecture.Conventions(container.Naming), context);
    }

    /// <summary>Tensors that nothing has asked for and that somebody may miss.</summary>
    internal static List<TensorInfo> Unused(WeightBinder binder, int layers) => [.. binder.Unused().Where(t => !IgnoredTensors.Contains(t.Name, layers))];

    /// <summary>An empty sequence.</summary>
    /// <exception cref="ModelException">The system has no memory for the cache.</exception>
    public DecoderState CreateState(int? context = null) => DecoderState.Create(Recipe, Settings.Kv, Math.Clamp(context ?? Settings.Context, 1, Settings.Context));

    /// <summary>Appends tokens to a sequence and gives the outputs of the last ones: as many as fit in <paramref name="outputs"/>.</summary>
    public void Forward(DecoderState state, ReadOnlySpan<int> tokens, Span<float> outputs, CancellationToken cancellationToken)
    {
        int wanted = Wanted(tokens.Length, outputs.Length);
        Check(tokens, state.Length, state.Capacity);
        int total = state.Length + tokens.Length;
        int epoch = Epoch(total);
        if (epoch != state.Epoch && state.Length > 0 && tokens.Length > 0)
        {
            Recompute(state, total, epoch, cancellationToken);
        }

        state.Epoch = tokens.Length > 0 ? epoch : state.Epoch;
        Append(state, tokens, outputs, wanted, total, cancellationToken);
    }

    /// <summary>The hidden states of a whole text, for encoders.</summary>
    public void Encode(DecoderState state, ReadOnlySpan<int> ids, Span<float> hidden, CancellationToken cancellationToken)
    {
        state.Truncate(0);
        Forward(state, ids, hidden, cancellationToken);
    }

    public void Dispose()
    {
        lock (_turn)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
            _pool.Dispose();
            _alone.Dispose();
            _pass.Dispose();
            _weights.Dispose();
        }
    }

    private WorkerPool Workers(int rows) => rows * (MappedBytes + CopiedBytes) < Settings.AloneBelow ? _alone : _pool;

    private int Wanted(int tokens, int floats)
    {
        int width = Recipe.Head.Width;
        return floats % width == 0 && floats / width <= tokens
            ? floats / width
            : throw new ArgumentException($"The output has {floats} floats; expected a multiple of {width}, at most {tokens} times.", nameof(floats));
    }

    private void Check(ReadOnlySpan<int> tokens, int length, int capacity)
    {
        if (tokens.Length > capacity - length)
        {
            throw EngineErrors.ContextFull(length, tokens.Length, capacity);
        }

        for (int i = 0; i < tokens.Length; i++)
        {
            if ((uint)tokens[i] >= (uint)Recipe.Vocabulary)
            {
                throw EngineErrors.TokenOutside(tokens[i], i, Recipe.Vocabulary);
            }
        }
    }

    private int Epoch(int length)
    {
        int epoch = 0;
        foreach (Blocks.IRope rope in Recipe.Ropes)
        {
            epoch = Math.Max(epoch, rope.Frequencies.Epoch(length));
        }

        return epoch;
    }

    /// <summary>The cached keys were rotated for another length: their tokens go through the model again.</summary>
    private void Recompute(DecoderState state, int total, int epoch, CancellationToken cancellationToken)
    {
        int[] ids = state.Ids.ToArray();
        state.Truncate(0);
        state.Epoch = epoch;
        Append(state, ids, [], 0, total, cancellationToken);
    }

    private void Append(DecoderState state, ReadOnlySpan<int> tokens, Span<float> outputs, int wanted, int total, CancellationToken cancellationToken)
    {
        int width = Recipe.Head.Width;
        int silent = tokens.Length - wanted;
        fixed (int* ids = tokens)
        fixed (float* floats = outputs)
        {
            for (int from = 0; from < tokens.Length; from += _pass.MaxRows)
            {
                cancellationToken.ThrowIfCancellationRequested();
                int rows = Math.Min(_pass.MaxRows, tokens.Length - from);
                int heard = Math.Clamp(from + rows - silent, 0, rows);
                float* target = floats + ((long)Math.Max(0, from - silent) * width);
                lock (_turn)
                {
                    ObjectDisposedException.ThrowIf(_disposed, this);
                    _pass.Run(Workers(rows), state.Cache, ids + from, rows, state.Length, total, target, heard);
                    _weights.ThrowIfChanged();
                }

                state.Append(tokens.Slice(from, rows));
            }
        }
    }
}
