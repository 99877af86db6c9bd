using LlmToolkit.Text;

namespace LlmToolkit.Engine.Model;

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
