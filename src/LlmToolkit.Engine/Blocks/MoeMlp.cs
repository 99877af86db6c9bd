using LlmToolkit.Engine.Kernels;
using LlmToolkit.Engine.Quants;
using LlmToolkit.Engine.Model;

namespace LlmToolkit.Engine.Blocks;

/// <summary>Chooses each token's experts.</summary>
internal unsafe interface IRouting
{
    /// <summary>Experts of a token.</summary>
    int Used { get; }

    /// <summary>Reads the router's logits [experts] (and may overwrite them), writes the chosen experts and their weights [used].</summary>
    void Choose(float* logits, int experts, int* chosen, float* weights);
}

/// <summary>Softmax over all experts, the best k, divided by their sum where <paramref name="renormalize"/>. Ties go to the lower index.</summary>
internal sealed unsafe class SoftmaxTopK(int used, bool renormalize) : IRouting
{
    public int Used => used;

    public void Choose(float* logits, int experts, int* chosen, float* weights)
    {
        float max = logits[0];
        for (int e = 1; e < experts; e++)
        {
            max = MathF.Max(max, logits[e]);
        }

        float sum = 0;
        for (int e = 0; e < experts; e++)
        {
            // Weights that are not numbers must not lead to an expert twice.
            float p = MathF.Exp(logits[e] - max);
            logits[e] = p >= 0 ? p : 0;
            sum += logits[e];
        }

        float kept = 0;
        for (int k = 0; k < used; k++)
        {
            int best = 0;
            for (int e = 1; e < experts; e++)
            {
                best = logits[e] > logits[best] ? e : best;
            }

            chosen[k] = best;
            weights[k] = logits[best] / sum;
            kept += weights[k];
            logits[best] = -1;
        }

        for (int k = 0; renormalize && k < used; k++)
        {
            weights[k] /= kept;
        }
    }
}

/// <summary>A feed-forward block of which each token uses a few experts.</summary>
/// <param name="router">[experts, hidden]; always with float activations.</param>
/// <param name="experts">The experts, all of one size.</param>
/// <param name="routing">Who goes where.</param>
internal sealed unsafe class MoeMlp(WeightMatrix router, IReadOnlyList<GatedMlp> experts, IRouting routing) : IBlock
{
    private readonly GatedMlp[] _experts = [.. experts];

    public ActivationForms InputForms { get; } = experts.Aggregate(router.Form, (forms, e) => forms | e.InputForms);

    public void Reserve(ScratchSize size)
    {
        size.Experts = Math.Max(size.Experts, _experts.Length);
        size.ExpertsUsed = Math.Max(size.ExpertsUsed, routing.Used);
        _experts[0].Reserve(size);
    }

    public void Run(Worker worker, ForwardPass pass, float* output, bool accumulate)
    {
        ExpertScratch scratch = pass.Experts!;
        MatMul.Run(worker, router, pass.Input, scratch.Logits, _experts.Length);
        worker.Barrier();
        (int from, int to) = worker.Slice(pass.Rows);
        for (int row = from; row < to; row++)
        {
            routing.Choose(scratch.Logits + ((long)row * _experts.Length), _experts.Length, scratch.Chosen + ((long)row * routing.Used), scratch.Weights + ((long)row * routing.Used));
            if (!accumulate)
            {
                new Span<float>(output + ((long)row * pass.Width), pass.Width).Clear();
            }
        }

        worker.Barrier();
        if (pass.Rows == 1)
        {
            RunToken(worker, pass, scratch, output);
        }
        else
        {
            RunRows(worker, pass, scratch, output);
        }
    }

    /// <summary>One token: its experts' wide halves together, then their narrow halves, with one barrier between. In the order of the experts, as <see cref="RunRows"/>.</summary>
    private void RunToken(Worker worker, ForwardPass pass, ExpertScratch scratch, float* output)
    {
        int used = routing.Used;
        long wide = 2L * _experts[0].Gate.Rows;
        for (int k = 0; k < used; k++)
        {
            _experts[scratch.Chosen[k]].Widen(worker, pass.Input, pass.Wide + (k * wide));
        }

        worker.Barrier();
        int last = -1;
        for (int n = 0; n < used; n++)
        {
            int next = -1;
            for (int k = 0; k < used; k++)
            {
                int expert = scratch.Chosen[k];
                next = expert > last && (next < 0 || expert < scratch.Chosen[next]) ? k : next;
            }

            last = scratch.Chosen[next];
            _experts[last].Narrow(worker, pass.Wide + (next * wide), pass.Inner, 1, scratch.Weights + next, output, pass.Width, accumulate: true);
        }
    }

    /// <summary>Several tokens: expert by expert, over the tokens that chose it.</summary>
    private void RunRows(Worker worker, ForwardPass pass, ExpertScratch scratch, float* output)
    {
        if (worker.Index == 0)
        {
            Sort(scratch, pass.Rows * routing.Used);
        }

        worker.Barrier();
        for (int e = 0; e < _experts.Length; e++)
        {
            int* choices = scratch.Order + scratch.Starts[e];
            int count = scratch.Starts[e + 1] - scratch.Starts[e];
            if (count == 0)
            {
                continue;
            }

            GatedMlp expert = _experts[e];
            Activations gathered = scratch.Gathered;
            gathered.Rows = count;
            (int from, int to) = gathered.Share(worker);
            for (int i = from; i < to; i++)
            {
                ForwardPass.Copy(pass.Input.Row(worker, choices[i] / routing.Used), gathered.Row(worker, i), pass.Width);
            }

            gathered.Publish(worker, expert.InputForms);
            expert.Widen(worker, gathered, pass.Wide);
            worker.Barrier();
            expert.Narrow(worker, pass.Wide, pass.Inner, count, null, scratch.Results, pass.Width, accumulate: false);
            worker.Barrier();
            (from, to) = worker.Slice(count);
            for (int i = from; i < to; i++)
            {
                float* result = scratch.Results + ((long)i * pass.Width);
                Elementwise.Scale(Simd.Level, scratch.Weights[choices[i]], result, pass.Width);
                Elementwise.Add(Simd.Level, result, output + ((long)(choices[i] / routing.Used) * pass.Width), pass.Width);
            }
        }

        // The next block sets the rows of the shared activations: not while they are read.
        worker.Barrier();
    }

    /// <summary>Counting sort of the choices by expert; stable, so tokens stay in order.</summary>
    private void Sort(ExpertScratch scratch, int choices)
    {
        new Span<int>(scratch.Starts, _experts.Length + 1).Clear();
        for (int i = 0; i < choices; i++)
        {
            scratch.Starts[scratch.Chosen[i] + 1]++;
        }

        for (int e = 0; e < _experts.Length; e++)
        {
            scratch.Starts[e + 1] += scratch.Starts[e];
        }

        for (int i = 0; i < choices; i++)
        {
            scratch.Order[scratch.Starts[scratch.Chosen[i]]++] = i;
        }

        // Placing moved every start to the next expert's.
        for (int e = _experts.Length; e > 0; e--)
        {
            scratch.Starts[e] = scratch.Starts[e - 1];
        }

        scratch.Starts[0] = 0;
    }
}
