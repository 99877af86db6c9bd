using System.Runtime.InteropServices;
using LlmToolkit.Engine.Quants;

namespace LlmToolkit.Engine.Kernels;

/// <summary>
/// The input of products: rows of floats, and their byte form where weights want it. With one row every worker writes a private copy (cheaper than a
/// barrier); with several the rows are shared out. The pattern is: write the rows of <see cref="Share"/> to <see cref="Row"/>, then <see cref="Publish"/>, then <see cref="MatMul.Run"/>.
/// </summary>
internal sealed unsafe class Activations : IDisposable
{
    private readonly float* _rows;
    private readonly int _maxRows;

    public Activations(int maxRows, int width, int workers)
    {
        _maxRows = Math.Max(maxRows, workers);
        Width = width;
        _rows = (float*)NativeMemory.AlignedAlloc((nuint)_maxRows * (nuint)width * sizeof(float), 64);
    }

    /// <summary>Columns.</summary>
    public int Width { get; }

    /// <summary>Rows in use. Set by one worker's caller before the work begins, or by every worker to the same value.</summary>
    public int Rows { get; set; }

    /// <summary>The rows that this worker writes.</summary>
    public (int From, int To) Share(Worker worker) => Rows == 1 ? (0, 1) : worker.Slice(Rows);

    /// <summary>A row, as this worker sees it.</summary>
    public float* Row(Worker worker, int row) => _rows + ((long)(Rows == 1 ? worker.Index : row) * Width);

    /// <summary>Makes the forms that the products to come read. With several rows all workers meet here.</summary>
    public void Publish(Worker worker, ActivationForms forms)
    {
        if (Rows > 1)
        {
            worker.Barrier();
        }
    }

    public void Dispose() => NativeMemory.AlignedFree(_rows);
}
