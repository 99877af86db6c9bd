using LlmToolkit.Engine.Kernels;
using LlmToolkit.Engine.Quants;
using LlmToolkit.Engine.Model;

namespace LlmToolkit.Engine.Blocks;

/// <summary>down(act(gate(x)) * up(x)).</summary>
internal sealed unsafe class GatedMlp(WeightMatrix gate, WeightMatrix up, WeightMatrix down, Activation activation) : IBlock
{
    /// <summary>The gate [inner, hidden].</summary>
    public WeightMatrix Gate { get; } = gate;

    /// <summary>What it gates [inner, hidden].</summary>
    public WeightMatrix Up { get; } = up;

    /// <summary>Back to the hidden width [hidden, inner].</summary>
    public WeightMatrix Down { get; } = down;

    public ActivationForms InputForms => Gate.Form | Up.Form;

    public void Reserve(ScratchSize size) => size.Inner = Math.Max(size.Inner, Gate.Rows);

    public void Run(Worker worker, ForwardPass pass, float* output, bool accumulate)
    {
        Widen(worker, pass.Input, pass.Wide);
        worker.Barrier();
        Narrow(worker, pass.Wide, pass.Inner, pass.Rows, null, output, pass.Width, accumulate);
    }

    /// <summary>Gates and ups of the input's rows, side by side [rows, 2 * inner].</summary>
    public void Widen(Worker worker, Activations input, float* wide)
    {
        MatMul.Run(worker, Gate, input, wide, 2L * Gate.Rows);
        MatMul.Run(worker, Up, input, wide + Gate.Rows, 2L * Gate.Rows);
    }

    /// <summary>Activates and projects down; <paramref name="weights"/>, where not null, multiply the rows.</summary>
    public void Narrow(Worker worker, float* wide, Activations inner, int rows, float* weights, float* output, long stride, bool accumulate)
    {
        inner.Rows = rows;
        (int from, int to) = inner.Share(worker);
        for (int row = from; row < to; row++)
        {
            float* gates = wide + (2L * row * Gate.Rows);
            float* y = inner.Row(worker, row);
            activation.Apply(gates, gates + Gate.Rows, y, Gate.Rows);
            if (weights != null)
            {
                Elementwise.Scale(Simd.Level, weights[row], y, Gate.Rows);
            }
        }

        inner.Publish(worker, Down.Form);
        MatMul.Run(worker, Down, inner, output, stride, accumulate);
    }
}

/// <summary>down(act(up(x))).</summary>
internal sealed unsafe class PlainMlp(WeightMatrix up, WeightMatrix down, Activation activation) : IBlock
{
    public ActivationForms InputForms => up.Form;

    public void Reserve(ScratchSize size) => size.Inner = Math.Max(size.Inner, up.Rows);

    public void Run(Worker worker, ForwardPass pass, float* output, bool accumulate)
    {
        MatMul.Run(worker, up, pass.Input, pass.Wide, up.Rows);
        worker.Barrier();
        Activations inner = pass.Inner;
        inner.Rows = pass.Rows;
        (int from, int to) = inner.Share(worker);
        for (int row = from; row < to; row++)
        {
            activation.Apply(pass.Wide + ((long)row * up.Rows), null, inner.Row(worker, row), up.Rows);
        }

        inner.Publish(worker, down.Form);
        MatMul.Run(worker, down, inner, output, pass.Width, accumulate);
    }
}
