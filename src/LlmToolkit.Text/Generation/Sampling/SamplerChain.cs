namespace LlmToolkit.Text;

/// <summary>Chooses the next token. Made for one answer; allocates nothing per token.</summary>
/// <remarks>
/// Order: logit bias → repetition, frequency and presence penalty → top-k → typical → top-p → min-p → temperature → draw. It is llama.cpp's default
/// (common/common.h, common_params_sampling.samplers); the cuts see the probabilities at temperature 1, so that a high temperature brings no
/// nonsense back. Steps that are off are not in the chain. At temperature 0 the likeliest token is taken after bias and penalties, without a draw.
/// </remarks>
internal sealed class SamplerChain
{
    private readonly List<ILogitsStep> _logitsSteps = [];
    private readonly List<ICandidateStep> _candidateSteps = [];
    private readonly int _topK;
    private readonly Candidates? _candidates;
    private readonly Xoshiro _random;

    /// <param name="options">Every sampling option set, the seed too (<see cref="GenerateDefaults.Resolve"/>).</param>
    /// <param name="vocabulary">Number of logits.</param>
    public SamplerChain(GenerateOptions options, int vocabulary)
    {
        _random = new Xoshiro(options.Seed!.Value);
        AddLogitsSteps(options, vocabulary);
        if (options.Temperature > 0)
        {
            _topK = options.TopK!.Value;
            _candidates = new Candidates(_topK == 0 ? vocabulary : Math.Min(_topK, vocabulary));
            AddCandidateSteps(options);
        }
    }

    /// <summary>Takes note of the prompt's tokens, once, before the first choice.</summary>
    public void Begin(ReadOnlySpan<int> prompt)
    {
        foreach (ILogitsStep step in _logitsSteps)
        {
            step.Begin(prompt);
        }
    }

    /// <summary>Chooses a token and takes note of it; −1 when the logits say nothing: NaN, −∞ or a +∞ to draw from. Changes the logits.</summary>
    public int Next(Span<float> logits)
    {
        foreach (ILogitsStep step in _logitsSteps)
        {
            step.Apply(logits);
        }

        int token = _candidates is null ? GreedySampler.Choose(logits) : Draw(_candidates, logits);
        if (token >= 0)
        {
            foreach (ILogitsStep step in _logitsSteps)
            {
                step.Accept(token);
            }
        }

        return token;
    }

    private int Draw(Candidates candidates, ReadOnlySpan<float> logits)
    {
        candidates.Fill(logits, _topK);
        if (candidates.Count == 0 || float.IsPositiveInfinity(candidates.MaxLogit()))
        {
            return -1;
        }

        foreach (ICandidateStep step in _candidateSteps)
        {
            step.Apply(candidates);
        }

        double left = _random.NextDouble() * candidates.Exponentials();
        ReadOnlySpan<double> weights = candidates.Weights;
        int chosen = 0;
        while (chosen < weights.Length - 1 && (left -= weights[chosen]) >= 0)
        {
            chosen++;
        }

        return candidates.Items[chosen].Id;
    }

    private void AddLogitsSteps(GenerateOptions options, int vocabulary)
    {
        if (options.LogitBias is { Count: > 0 } bias)
        {
            _logitsSteps.Add(new LogitBias(bias));
        }

        if (options.RepetitionPenalty != 1)
        {
            _logitsSteps.Add(new RepetitionPenalty(options.RepetitionPenalty!.Value, options.PenaltyWindow!.Value, vocabulary));
        }

        if (options.FrequencyPenalty != 0 || options.PresencePenalty != 0)
        {
            _logitsSteps.Add(new OccurrencePenalty(options.FrequencyPenalty!.Value, options.PresencePenalty!.Value, vocabulary));
        }
    }

    private void AddCandidateSteps(GenerateOptions options)
    {
        if (options.TypicalP < 1)
        {
            _candidateSteps.Add(new TypicalSampler(options.TypicalP!.Value));
        }

        if (options.TopP < 1)
        {
            _candidateSteps.Add(new TopPSampler(options.TopP!.Value));
        }

        if (options.MinP > 0)
        {
            _candidateSteps.Add(new MinPSampler(options.MinP!.Value));
        }

        if (options.Temperature != 1)
        {
            _candidateSteps.Add(new TemperatureSampler(options.Temperature!.Value));
        }
    }
}
