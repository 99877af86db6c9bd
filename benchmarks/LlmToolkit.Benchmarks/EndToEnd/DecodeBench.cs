using BenchmarkDotNet.Attributes;

namespace LlmToolkit.Benchmarks.EndToEnd;

/// <summary>The packed model at work: a prompt of 256 tokens read, and 64 tokens written after it. Tokens a second = the number / time.</summary>
/// <remarks>The model is so small that barriers and what lies between the products weigh more than in any other: it shows what a call costs.</remarks>
[MemoryDiagnoser]
public class DecodeBench
{
    private const int PromptTokens = 256;
    private const int AnswerTokens = 64;

    private readonly int[] _prompt = new int[PromptTokens];
    private ILogitsModel _model = null!;
    private IGenerationSession _session = null!;
    private float[] _logits = [];

    /// <summary>Workers.</summary>
    [Params(1, 2)]
    public int Threads { get; set; }

    /// <summary>Loads the model.</summary>
    [GlobalSetup]
    public async Task Setup()
    {
        _model = (ILogitsModel)await new ModelLoader().LoadAsync(Product.Model, new LoadOptions { Threads = Threads }).ConfigureAwait(false);
        _session = _model.CreateSession();
        _logits = new float[_model.Vocabulary];
        Random random = new(1);
        for (int i = 0; i < PromptTokens; i++)
        {
            _prompt[i] = random.Next(_model.Vocabulary);
        }

        Prefill();
    }

    /// <summary>Closes it.</summary>
    [GlobalCleanup]
    public async Task Cleanup()
    {
        _session.Dispose();
        await _model.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Reads the prompt.</summary>
    [Benchmark]
    public float Prefill()
    {
        _session.Truncate(0);
        _session.Forward(_prompt, _logits);
        return _logits[0];
    }

    /// <summary>Writes the answer, always the likeliest token.</summary>
    [Benchmark]
    public int Decode()
    {
        _session.Truncate(PromptTokens);
        int token = 0;
        for (int i = 0; i < AnswerTokens; i++)
        {
            _session.Forward([token], _logits);
            token = _logits.IndexOf(_logits.Max());
        }

        return token;
    }
}
