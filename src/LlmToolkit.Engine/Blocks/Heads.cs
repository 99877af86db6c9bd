using LlmToolkit.Engine.Kernels;
using LlmToolkit.Engine.Model;

namespace LlmToolkit.Engine.Blocks;

/// <summary>What a model gives of its last hidden states.</summary>
internal unsafe interface IHead
{
    /// <summary>Floats of one position.</summary>
    int Width { get; }

    /// <summary>Runs behind a barrier on <paramref name="count"/> rows; the outputs are complete when all workers have returned.</summary>
    void Run(Worker worker, ForwardPass pass, float* hidden, int count, float* outputs);
}

/// <summary>Logits: the final norm, the output matrix, a cap where the model has one.</summary>
/// <param name="norm">The final norm.</param>
/// <param name="matrix">[vocabulary, width], often the embedding itself.</param>
/// <param name="softCap">c in c * tanh(logit / c); 0: none.</param>
internal sealed unsafe class LogitsHead(INorm norm, WeightMatrix matrix, float softCap = 0) : IHead
{
    public int Width => matrix.Rows;

    public void Run(Worker worker, ForwardPass pass, float* hidden, int count, float* outputs)
    {
        pass.Input.Rows = count;
        pass.Normalize(worker, norm, hidden, matrix.Form);
        MatMul.Run(worker, matrix, pass.Input, outputs, matrix.Rows);
        if (softCap == 0)
        {
            return;
        }

        worker.Barrier();
        for (int row = 0; row < count; row++)
        {
            (int from, int to) = worker.Slice(matrix.Rows, 16);
            Elementwise.SoftCap(Simd.Level, softCap, outputs + ((long)row * matrix.Rows) + from, to - from);
        }
    }
}

/// <summary>The hidden states themselves: encoders.</summary>
/// <param name="width">Width of the hidden state.</param>
internal sealed unsafe class HiddenHead(int width) : IHead
{
    public int Width => width;

    public void Run(Worker worker, ForwardPass pass, float* hidden, int count, float* outputs)
    {
        (int from, int to) = worker.Slice(count);
        if (to > from)
        {
            ForwardPass.Copy(hidden + ((long)from * width), outputs + ((long)from * width), (to - from) * width);
        }
    }
}
