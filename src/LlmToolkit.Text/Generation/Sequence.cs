namespace LlmToolkit.Text;

/// <summary>A session with the tokens that lie in its cache and the buffer for its logits.</summary>
/// <remarks>What is in the cache is always the session's word (<see cref="IGenerationSession.Length"/>): a forward that was cancelled half-way, or a session that can only
/// forget more than it was asked to, leaves both in step.</remarks>
internal sealed class Sequence(IGenerationSession session, int vocabulary) : IDisposable
{
    private int[] _tokens = [];

    /// <summary>Logits of the last token that was forwarded.</summary>
    public float[] Logits { get; } = new float[vocabulary];

    /// <summary>Bytes of the cache.</summary>
    public long KvBytes => session.KvBytes;

    /// <summary>The tokens in the cache.</summary>
    public ReadOnlySpan<int> Tokens => _tokens.AsSpan(0, session.Length);

    /// <summary>How many tokens at the beginning of a prompt lie in the cache.</summary>
    public int CommonPrefix(ReadOnlySpan<int> prompt) => Tokens.CommonPrefixLength(prompt);

    /// <summary>Forgets the tokens from <paramref name="length"/> on; gives the number that is left.</summary>
    public int Rewind(int length)
    {
        if (session.Length > length)
        {
            session.Truncate(length);
        }

        return session.Length;
    }

    /// <summary>Appends tokens; <see cref="Logits"/> are then those after the last one.</summary>
    public void Forward(ReadOnlySpan<int> tokens, CancellationToken cancellationToken)
    {
        int end = session.Length + tokens.Length;
        if (_tokens.Length < end)
        {
            Array.Resize(ref _tokens, Math.Clamp(2 * _tokens.Length, end, Math.Max(end, session.ContextLength)));
        }

        tokens.CopyTo(_tokens.AsSpan(session.Length));
        session.Forward(tokens, Logits, cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose() => session.Dispose();
}
