namespace LlmToolkit.Engine.Model;

/// <summary>One sequence on the managed engine.</summary>
internal sealed class EngineSession(DecoderModel model, int? context) : IGenerationSession
{
    private readonly DecoderState _state = model.CreateState(context);
    private bool _disposed;

    public int Length => _state.Length;

    public int ContextLength => _state.Capacity;

    public long KvBytes => _state.Bytes;

    public void Forward(ReadOnlySpan<int> tokens, Span<float> logits, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        model.Forward(_state, tokens, logits, cancellationToken);
    }

    public void Truncate(int length)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        _state.Truncate(length);
    }

    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            _state.Dispose();
        }
    }
}
