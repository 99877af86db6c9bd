using System.Runtime.InteropServices;
using LlmToolkit.Engine.Blocks;
using LlmToolkit.Engine.Kernels;
using LlmToolkit.Engine.Quants;
using LlmToolkit.Engine.KvCache;

namespace LlmToolkit.Engine.Model;

/// <summary>
/// One chunk of tokens on its way through the model: all workers run it together. Its buffers are the model's scratch, used by one session at a time.
/// </summary>
/// <remarks>
/// The rule for blocks: what they read was written before a barrier; what they leave in the output is not yet behind one. Layers put the barriers between blocks.
/// </remarks>
internal sealed unsafe class ForwardPass : IParallelWork, IDisposable
{
    private readonly DecoderRecipe _recipe;
    private readonly List<nint> _buffers = [];
    private readonly nint[] _cos;
    private readonly nint[] _sin;

    /// <param name="recipe">The model.</param>
    /// <param name="maxRows">Most tokens of a chunk.</param>
    /// <param name="workers">Workers of the pool.</param>
    public ForwardPass(DecoderRecipe recipe, int maxRows, int workers)
    {
        _recipe = recipe;
        ScratchSize size = recipe.Scratch;
        MaxRows = maxRows;
        Width = size.Hidden;
        Hidden = Floats(maxRows, size.Hidden);
        Branch = Floats(maxRows, size.Hidden);
        Heads = Floats(maxRows, size.Heads);
        Attended = Floats(1, size.Mixed);

        // One token through several experts needs as many rows as it has experts.
        Wide = Floats(Math.Max(maxRows, size.ExpertsUsed), 2L * size.Inner);
        Input = new Activations(maxRows, size.Hidden, workers);
        Mixed = new Activations(maxRows, size.Mixed, workers);
        Inner = new Activations(maxRows, size.Inner, workers);
        Experts = size.Experts > 0 ? new ExpertScratch(maxRows, size, workers) : null;
        _cos = [.. recipe.Ropes.Select(r => (nint)Floats(maxRows, r.Frequencies.Pairs))];
        _sin = [.. recipe.Ropes.Select(r => (nint)Floats(maxRows, r.Frequencies.Pairs))];
    }

    /// <summary>Most tokens of a chunk.</summary>
    public int MaxRows { get; }

    /// <summary>Width of the hidden state.</summary>
    public int Width { get; }

    /// <summary>The residual stream [rows, width].</summary>
    public float* Hidden { get; }

    /// <summary>A branch beside it [rows, width].</summary>
    public float* Branch { get; }

    /// <summary>Queries, keys and values [rows, …].</summary>
    public float* Heads { get; }

    /// <summary>Attention's result of a single token.</summary>
    public float* Attended { get; }

    /// <summary>Gates and ups of the feed-forward blocks.</summary>
    public float* Wide { get; }

    /// <summary>What the block at work reads: normalised hidden states.</summary>
    public Activations Input { get; }

    /// <summary>Attention's result, as the output projection reads it.</summary>
    public Activations Mixed { get; }

    /// <summary>The activated feed-forward state, as the down projection reads it.</summary>
    public Activations Inner { get; }

    /// <summary>Buffers of expert layers; null when there are none.</summary>
    public ExpertScratch? Experts { get; }

    /// <summary>Tokens of this chunk.</summary>
    public int Rows { get; private set; }

    /// <summary>Position of the first.</summary>
    public int Position { get; private set; }

    /// <summary>Keys and values by layer.</summary>
    public KvLayer[] Cache { get; private set; } = [];

    private int* Tokens { get; set; }

    private int Length { get; set; }

    private float* Outputs { get; set; }

    private int Wanted { get; set; }

    /// <summary>Runs a chunk and returns when it is done.</summary>
    /// <param name="pool">The workers.</param>
    /// <param name="cache">Keys and values by layer.</param>
    /// <param name="tokens">Ids of the chunk, checked.</param>
    /// <param name="rows">How many.</param>
    /// <param name="position">Position of the first.</param>
    /// <param name="length">Length of the sequence once every token of the call is in.</param>
    /// <param name="outputs">Receives the logits (or hidden states) of the last tokens.</param>
    /// <param name="wanted">Of how many.</param>
    public void Run(WorkerPool pool, KvLayer[] cache, int* tokens, int rows, int position, int length, float* outputs, int wanted)
    {
        (Cache, Rows, Position, Length, Wanted) = (cache, rows, position, length, wanted);
        Tokens = tokens;
        Outputs = outputs;
        Input.Rows = rows;
        Mixed.Rows = rows;
        Inner.Rows = rows;
        foreach (IRope rope in _recipe.Ropes)
        {
            rope.Frequencies.Prepare(length);
        }

        pool.Run(this);
    }

    void IParallelWork.Run(Worker worker)
    {
        (int from, int to) = worker.Slice(Rows);
        for (int row = from; row < to; row++)
        {
            _recipe.Embedding.Embed(worker, Tokens[row], Position + row, Hidden + ((long)row * Width));
            foreach (IRope rope in _recipe.Ropes)
            {
                rope.Frequencies.Angles(Position + row, Length, Cos(rope, row), Sin(rope, row));
            }
        }

        worker.Barrier();
        foreach (ILayer layer in _recipe.Layers)
        {
            layer.Run(worker, this);
        }

        if (Wanted > 0)
        {
            _recipe.Head.Run(worker, this, Hidden + ((long)(Rows - Wanted) * Width), Wanted, Outputs);
        }
    }

    /// <summary>Cosines of a row's position.</summary>
    public float* Cos(IRope rope, int row) => (float*)_cos[rope.Table] + ((long)row * rope.Frequencies.Pairs);

    /// <summary>Sines of a row's position.</summary>
    public float* Sin(IRope rope, int row) => (float*)_sin[rope.Table] + ((long)row * rope.Frequencies.Pairs);

    /// <summary>Fills <see cref="Input"/> with normalised rows; what reads it comes next.</summary>
    public void Normalize(Worker worker, INorm norm, float* rows, ActivationForms forms)
    {
        (int from, int to) = Input.Share(worker);
        for (int row = from; row < to; row++)
        {
            norm.Apply(rows + ((long)row * Width), Input.Row(worker, row));
        }

        Input.Publish(worker, forms);
    }

    /// <summary>Fills <see cref="Input"/> with the hidden state as it is.</summary>
    public void CopyHidden(Worker worker, ActivationForms forms)
    {
        (int from, int to) = Input.Share(worker);
        for (int row = from; row < to; row++)
        {
            Copy(Hidden + ((long)row * Width), Input.Row(worker, row), Width);
        }

        Input.Publish(worker, forms);
    }

    /// <summary>Copies a row.</summary>
    public static void Copy(float* from, float* to, int count) => new ReadOnlySpan<float>(from, count).CopyTo(new Span<float>(to, count));

    public void Dispose()
    {
        foreach (nint buffer in _buffers)
        {
            NativeMemory.AlignedFree((void*)buffer);
        }

        _buffers.Clear();
        Input.Dispose();
        Mixed.Dispose();
        Inner.Dispose();
        Experts?.Dispose();
    }

    private float* Floats(long rows, long width)
    {
        void* buffer = NativeMemory.AlignedAlloc(checked((nuint)Math.Max(rows * width, 16) * sizeof(float)), 64);
        _buffers.Add((nint)buffer);
        return (float*)buffer;
    }
}
