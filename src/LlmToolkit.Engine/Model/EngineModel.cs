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
