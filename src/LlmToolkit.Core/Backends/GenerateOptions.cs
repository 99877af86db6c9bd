using System.Runtime.CompilerServices;

namespace LlmToolkit;

/// <summary>What to do when prompt and answer do not fit the context.</summary>
public enum ContextOverflow
{
    /// <summary>A prompt that leaves no room for one token is an error. The default.</summary>
    Error,

    /// <summary>The oldest tokens after the first <see cref="GenerateOptions.KeepTokens"/> are dropped; the last chunk says how many.</summary>
    DropOldest,
}

/// <summary>How to continue a prompt. Immutable; change a copy with <c>with</c>. Null means: the model's own setting, else ours.</summary>
public sealed record GenerateOptions
{
    /// <summary>Most tokens to generate; a ceiling, cut to what the context leaves. Null: 512.</summary>
    public int? MaxTokens { get; init => field = AtLeast(value, 1); }

    /// <summary>0 always takes the likeliest token; higher is more varied; 0 to 100. Null: the model's own, else 0.8.</summary>
    public float? Temperature { get; init => field = Within(value, 0, 100); }

    /// <summary>Only the k likeliest tokens; 0: all. Null: the model's own, else 40.</summary>
    public int? TopK { get; init => field = AtLeast(value, 0); }

    /// <summary>Only the likeliest tokens that together reach this probability; 0 to 1, 1: all. Null: the model's own, else 0.95.</summary>
    public float? TopP { get; init => field = Within(value, 0, 1); }

    /// <summary>Only tokens at least this fraction as likely as the likeliest; 0 to 1, 0: all. Null: the model's own, else 0.05.</summary>
    public float? MinP { get; init => field = Within(value, 0, 1); }

    /// <summary>Locally typical sampling; 0 to 1, 1: off. Null: the model's own, else 1.</summary>
    public float? TypicalP { get; init => field = Within(value, 0, 1); }

    /// <summary>Divides positive and multiplies negative logits of tokens in the last <see cref="PenaltyWindow"/>; 1: off, must be over 0. Null: the model's own, else 1.</summary>
    public float? RepetitionPenalty { get; init => field = Within(value, float.Epsilon, 100); }

    /// <summary>Subtracted for each earlier occurrence; −2 to 2. Null: 0.</summary>
    public float? FrequencyPenalty { get; init => field = Within(value, -2, 2); }

    /// <summary>Subtracted once for a token that occurred; −2 to 2. Null: 0.</summary>
    public float? PresencePenalty { get; init => field = Within(value, -2, 2); }

    /// <summary>How many of the last tokens the repetition penalty looks at; −1: all. Null: 64.</summary>
    public int? PenaltyWindow { get; init => field = AtLeast(value, -1); }

    /// <summary>Seed of the sampler: the same seed gives the same text. Null: a fresh one.</summary>
    public long? Seed { get; init; }

    /// <summary>Added to logits, by token id.</summary>
    public IReadOnlyDictionary<int, float>? LogitBias { get; init; }

    /// <summary>Texts that end the answer and are not part of it.</summary>
    public IReadOnlyList<string>? Stop { get; init; }

    /// <summary>Go on past the model's end tokens. Null: false.</summary>
    public bool? IgnoreEndTokens { get; init; }

    /// <summary>How many alternatives to report with each token; 0: the token's own log probability only. Null: no log probabilities.</summary>
    public int? LogProbs { get; init => field = AtLeast(value, 0); }

    /// <summary>What to do when the context is full. Null: error.</summary>
    public ContextOverflow? Overflow { get; init; }

    /// <summary>How many first tokens <see cref="ContextOverflow.DropOldest"/> keeps. Null: 4.</summary>
    public int? KeepTokens { get; init => field = AtLeast(value, 0); }

    /// <summary>Write control tokens into the text. Null: false.</summary>
    public bool? ShowSpecialTokens { get; init; }

    /// <summary>These options where they are set, the other's elsewhere.</summary>
    public GenerateOptions Over(GenerateOptions fallback)
    {
        ArgumentNullException.ThrowIfNull(fallback);
        return new GenerateOptions
        {
            MaxTokens = MaxTokens ?? fallback.MaxTokens,
            Temperature = Temperature ?? fallback.Temperature,
            TopK = TopK ?? fallback.TopK,
            TopP = TopP ?? fallback.TopP,
            MinP = MinP ?? fallback.MinP,
            TypicalP = TypicalP ?? fallback.TypicalP,
            RepetitionPenalty = RepetitionPenalty ?? fallback.RepetitionPenalty,
            FrequencyPenalty = FrequencyPenalty ?? fallback.FrequencyPenalty,
            PresencePenalty = PresencePenalty ?? fallback.PresencePenalty,
            PenaltyWindow = PenaltyWindow ?? fallback.PenaltyWindow,
            Seed = Seed ?? fallback.Seed,
            LogitBias = LogitBias ?? fallback.LogitBias,
            Stop = Stop ?? fallback.Stop,
            IgnoreEndTokens = IgnoreEndTokens ?? fallback.IgnoreEndTokens,
            LogProbs = LogProbs ?? fallback.LogProbs,
            Overflow = Overflow ?? fallback.Overflow,
            KeepTokens = KeepTokens ?? fallback.KeepTokens,
            ShowSpecialTokens = ShowSpecialTokens ?? fallback.ShowSpecialTokens,
        };
    }

    private static int? AtLeast(int? value, int minimum, [CallerMemberName] string? name = null) =>
        value is null || value >= minimum ? value : throw new ArgumentOutOfRangeException(name, value, $"{name} must be at least {minimum}.");

    private static float? Within(float? value, float minimum, float maximum, [CallerMemberName] string? name = null) =>
        value is null || (value >= minimum && value <= maximum) ? value : throw new ArgumentOutOfRangeException(name, value, $"{name} must lie between {minimum} and {maximum}.");
}
