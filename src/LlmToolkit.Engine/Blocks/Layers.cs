using LlmToolkit.Engine.Kernels;
using LlmToolkit.Engine.Quants;
using LlmToolkit.Engine.Model;

namespace LlmToolkit.Engine.Blocks;

/// <summary>A part of a layer that reads <see cref="ForwardPass.Input"/> and writes rows of the hidden width.</summary>
internal unsafe interface IBlock
{
    /// <summary>The forms of the input that its first products read.</summary>
    ActivationForms InputForms { get; }

    /// <summary>Enlarges the scratch to what it needs.</summary>
    void Reserve(ScratchSize size);

    /// <summary>Runs; the input is published. The output is complete behind the next barrier.</summary>
    /// <remarks>Every block passes a barrier of its own before it writes the output: with a single token each worker reads the hidden state for itself, and none may change it before all have.</remarks>
    /// <param name="worker">This worker.</param>
    /// <param name="pass">The chunk.</param>
    /// <param name="output">[rows, width].</param>
    /// <param name="accumulate">Add to the output instead of writing it.</param>
    void Run(Worker worker, ForwardPass pass, float* output, bool accumulate);
}

/// <summary>How a layer's blocks, norms and residuals are wired.</summary>
internal interface ILayer
{
    /// <summary>Enlarges the scratch to what it needs.</summary>
    void Reserve(ScratchSize size);

    /// <summary>Changes the hidden state; begins and ends behind a barrier.</summary>
    void Run(Worker worker, ForwardPass pass);
}

/// <summary>h += mix(norm(h)); h += feed(norm(h)). Llama and most others.</summary>
internal sealed unsafe class PreNormLayer(INorm mixerNorm, IBlock mixer, INorm feedNorm, IBlock feed) : ILayer
{
    public void Reserve(ScratchSize size)
    {
        mixer.Reserve(size);
        feed.Reserve(size);
    }

    public void Run(Worker worker, ForwardPass pass)
    {
        pass.Normalize(worker, mixerNorm, pass.Hidden, mixer.InputForms);
        mixer.Run(worker, pass, pass.Hidden, accumulate: true);
        worker.Barrier();
        pass.Normalize(worker, feedNorm, pass.Hidden, feed.InputForms);
        feed.Run(worker, pass, pass.Hidden, accumulate: true);
        worker.Barrier();
    }
}

/// <summary>h += mix(norm1(h)) + feed(norm2(h)): both read the same hidden state. GPT-NeoX.</summary>
internal sealed unsafe class ParallelLayer(INorm mixerNorm, IBlock mixer, INorm feedNorm, IBlock feed) : ILayer
{
    public void Reserve(ScratchSize size)
    {
        mixer.Reserve(size);
        feed.Reserve(size);
    }

    public void Run(Worker worker, ForwardPass pass)
    {
        pass.Normalize(worker, mixerNorm, pass.Hidden, mixer.InputForms);
        mixer.Run(worker, pass, pass.Branch, accumulate: false);
        worker.Barrier();
        pass.Normalize(worker, feedNorm, pass.Hidden, feed.InputForms);
        feed.Run(worker, pass, pass.Hidden, accumulate: true);
        worker.Barrier();
        (int from, int to) = worker.Slice(pass.Rows);
        for (int row = from; row < to; row++)
        {
            Elementwise.Add(Simd.Level, pass.Branch + ((long)row * pass.Width), pass.Hidden + ((long)row * pass.Width), pass.Width);
        }

        worker.Barrier();
    }
}

/// <summary>h += after(mix(before(h))); h += after(feed(before(h))). Gemma 2 and 3.</summary>
internal sealed unsafe class SandwichLayer(INorm mixerNorm, IBlock mixer, INorm mixedNorm, INorm feedNorm, IBlock feed, INorm fedNorm) : ILayer
{
    public void Reserve(ScratchSize size)
    {
        mixer.Reserve(size);
        feed.Reserve(size);
    }

    public void Run(Worker worker, ForwardPass pass)
    {
        Half(worker, pass, mixerNorm, mixer, mixedNorm);
        Half(worker, pass, feedNorm, feed, fedNorm);
    }

    private static void Half(Worker worker, ForwardPass pass, INorm before, IBlock block, INorm after)
    {
        pass.Normalize(worker, before, pass.Hidden, block.InputForms);
        block.Run(worker, pass, pass.Branch, accumulate: false);
        worker.Barrier();
        (int from, int to) = worker.Slice(pass.Rows);
        for (int row = from; row < to; row++)
        {
            float* branch = pass.Branch + ((long)row * pass.Width);
            after.Apply(branch, branch);
            Elementwise.Add(Simd.Level, branch, pass.Hidden + ((long)row * pass.Width), pass.Width);
        }

        worker.Barrier();
    }
}

/// <summary>h = norm(h + mix(h)); h = norm(h + feed(h)). BERT.</summary>
internal sealed unsafe class PostNormLayer(IBlock mixer, INorm mixedNorm, IBlock feed, INorm fedNorm) : ILayer
{
    public void Reserve(ScratchSize size)
    {
        mixer.Reserve(size);
        feed.Reserve(size);
    }

    public void Run(Worker worker, ForwardPass pass)
    {
        Half(worker, pass, mixer, mixedNorm);
        Half(worker, pass, feed, fedNorm);
    }

    private static void Half(Worker worker, ForwardPass pass, IBlock block, INorm after)
    {
        pass.CopyHidden(worker, block.InputForms);
        block.Run(worker, pass, pass.Hidden, accumulate: true);
        worker.Barrier();
        (int from, int to) = worker.Slice(pass.Rows);
        for (int row = from; row < to; row++)
        {
            float* hidden = pass.Hidden + ((long)row * pass.Width);
            after.Apply(hidden, hidden);
        }

        worker.Barrier();
    }
}
