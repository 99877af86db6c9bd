using LlmToolkit.Text;

namespace LlmToolkit.Engine.Model;

/// <summary>A language model on the managed engine: the Text package's loop over this engine's logits.</summary>
internal sealed class EngineModel : LogitsModel
{
    private readonly DecoderModel _model;

    public EngineModel(ModelInfo info, DecoderModel model, TextAssets text)
        : base(info, EngineBackend.BackendName, model.Settings.Context, text) => _model = model;

    public override int Vocabulary => _model.Recipe.Vocabulary;

    /// <summary>The bound model, for tests and figures.</summary>
    internal DecoderModel Decoder => _model;

    public override IGenerationSession CreateSession(SessionOptions? options = null) => new EngineSession(_model, options?.ContextLength);

    protected override ValueTask FreeAsync()
    {
        _model.Dispose();
        return ValueTask.CompletedTask;
    }
}

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

/// <summary>An encoder on the managed engine.</summary>
internal sealed class EngineEncoder : EncoderModel
{
    private readonly Lock _turn = new();
    private readonly DecoderModel _model;
    private readonly DecoderState _state;

    public EngineEncoder(ModelInfo info, DecoderModel model, TextAssets text)
        : base(info, EngineBackend.BackendName, model.Settings.Context, text) => (_model, _state) = (model, model.CreateState());

    public override int Width => _model.Recipe.Head.Width;

    public override void Encode(ReadOnlySpan<int> ids, Span<float> hidden, CancellationToken cancellationToken = default)
    {
        lock (_turn)
        {
            _model.Encode(_state, ids, hidden, cancellationToken);
        }
    }

    protected override ValueTask FreeAsync()
    {
        _state.Dispose();
        _model.Dispose();
        return ValueTask.CompletedTask;
    }
}
