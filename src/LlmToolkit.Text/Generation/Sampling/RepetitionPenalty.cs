namespace LlmToolkit.Text;

/// <summary>Makes tokens of the last part of prompt and answer less likely: a positive logit is divided, any other multiplied.</summary>
/// <remarks>Once for a token, however often it occurred. Paper: CTRL, arXiv 1909.05858, section 4.1; the rule for logits below zero and the window are
/// llama.cpp's (src/llama-sampler.cpp, llama_sampler_penalties), without a window transformers' (RepetitionPenaltyLogitsProcessor).</remarks>
internal sealed class RepetitionPenalty : ILogitsStep
{
    private readonly float _penalty;
    private readonly int[] _counts;

    /// <summary>With a window: a ring of the last tokens. Without: every token that occurred, once.</summary>
    private readonly int[] _seen;
    private readonly bool _ring;
    private int _used;
    private int _next;

    /// <param name="penalty">1: off; above: less likely.</param>
    /// <param name="window">How many of the last tokens count; −1: all.</param>
    /// <param name="vocabulary">Number of logits.</param>
    public RepetitionPenalty(float penalty, int window, int vocabulary)
    {
        _penalty = penalty;
        _counts = new int[vocabulary];
        _ring = window >= 0;
        _seen = new int[_ring ? window : vocabulary];
    }

    /// <inheritdoc/>
    public void Begin(ReadOnlySpan<int> prompt)
    {
        foreach (int token in _ring ? prompt[Math.Max(0, prompt.Length - _seen.Length)..] : prompt)
        {
            Accept(token);
        }
    }

    /// <inheritdoc/>
    public void Apply(Span<float> logits)
    {
        // A ring may hold a token several times: the sign of its count marks it as done.
        for (int i = 0; i < _used; i++)
        {
            int token = _seen[i];
            if (_counts[token] > 0)
            {
                _counts[token] = -_counts[token];
                logits[token] = logits[token] > 0 ? logits[token] / _penalty : logits[token] * _penalty;
            }
        }

        for (int i = 0; i < _used; i++)
        {
            _counts[_seen[i]] = Math.Abs(_counts[_seen[i]]);
        }
    }

    /// <inheritdoc/>
    public void Accept(int token)
    {
        if (!_ring)
        {
            if (_counts[token]++ == 0)
            {
                _seen[_used++] = token;
            }

            return;
        }

        if (_seen.Length == 0)
        {
            return;
        }

        if (_used == _seen.Length)
        {
            _counts[_seen[_next]]--;
        }
        else
        {
            _used++;
        }

        _seen[_next] = token;
        _counts[token]++;
        _next = (_next + 1) % _seen.Length;
    }
}
