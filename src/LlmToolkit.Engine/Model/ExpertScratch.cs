using LlmToolkit.Engine.Kernels;

namespace LlmToolkit.Engine.Model;

/// <summary>Buffers of expert layers: who goes to which expert, and the rows on their way.</summary>
internal sealed unsafe class ExpertScratch : IDisposable
{
    private readonly NativeBuffer _memory;

    public ExpertScratch(int maxRows, ScratchSize size, int workers)
    {
        long rows = maxRows;
        long choices = rows * size.ExpertsUsed;
        _memory = new NativeBuffer(((rows * size.Experts) + (rows * size.Hidden) + (3 * choices) + size.Experts + 1) * sizeof(float));
        Logits = (float*)_memory.Address;
        Results = Logits + (rows * size.Experts);
        Weights = Results + (rows * size.Hidden);
        Chosen = (int*)(Weights + choices);
        Order = Chosen + choices;
        Starts = Order + choices;
        Gathered = new Activations(maxRows, size.Hidden, workers);
    }

    /// <summary>Router logits [rows, experts]; probabilities later.</summary>
    public float* Logits { get; }

    /// <summary>Results of one expert [its rows, width].</summary>
    public float* Results { get; }

    /// <summary>Weights of the choices [rows, used].</summary>
    public float* Weights { get; }

    /// <summary>Experts of each token [rows, used].</summary>
    public int* Chosen { get; }

    /// <summary>Choices (row * used + k) sorted by expert.</summary>
    public int* Order { get; }

    /// <summary>Where each expert's choices start in <see cref="Order"/> [experts + 1].</summary>
    public int* Starts { get; }

    /// <summary>The tokens of one expert.</summary>
    public Activations Gathered { get; }

    public void Dispose()
    {
        Gathered.Dispose();
        _memory.Release();
    }
}
