namespace LlmToolkit.Text;

/// <summary>Idle sequences, kept so that the next turn of a conversation forwards only its new tokens.</summary>
/// <remarks>Not thread-safe: the model's turn protects it, and at most one sequence is out at a time.</remarks>
/// <param name="capacity">Sequences that exist at most; each holds a KV cache.</param>
/// <param name="create">Makes an empty one.</param>
internal sealed class SequencePool(int capacity, Func<Sequence> create) : IDisposable
{
    // A shorter common prefix than a tenth of the prompt is chance (a begin token, a system text): the session may be worth more to another conversation.
    // The rule and its number are llama.cpp's (tools/server, slot_prompt_similarity).
    private const double Similar = 0.1;

    /// <summary>The least recently used first.</summary>
    private readonly List<Sequence> _idle = [];

    /// <summary>Bytes of the caches of the idle ones.</summary>
    public long KvBytes => _idle.Sum(s => s.KvBytes);

    /// <summary>Takes the sequence that shares most with the prompt, else a new one, else the least recently used.</summary>
    public Sequence Take(ReadOnlySpan<int> prompt)
    {
        Sequence? best = null;
        int longest = -1;
        foreach (Sequence sequence in _idle)
        {
            int common = sequence.CommonPrefix(prompt);
            if (common >= longest)
            {
                (best, longest) = (sequence, common);
            }
        }

        if (best is null || longest < Similar * prompt.Length)
        {
            if (_idle.Count < capacity)
            {
                return create();
            }

            best = _idle[0];
        }

        _idle.Remove(best);
        return best;
    }

    /// <summary>Gives a sequence back; it is now the most recently used.</summary>
    public void Return(Sequence sequence) => _idle.Add(sequence);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Sequence sequence in _idle)
        {
            sequence.Dispose();
        }

        _idle.Clear();
    }
}
