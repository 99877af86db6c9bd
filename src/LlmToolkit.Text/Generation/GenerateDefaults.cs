namespace LlmToolkit.Text;

/// <summary>The settings that hold where neither the caller nor the model's files say anything: llama.cpp's.</summary>
internal static class GenerateDefaults
{
    /// <summary>Every option that has a default is set.</summary>
    public static GenerateOptions Ours { get; } = new()
    {
        MaxTokens = 512,
        Temperature = 0.8f,
        TopK = 40,
        TopP = 0.95f,
        MinP = 0.05f,
        TypicalP = 1,
        RepetitionPenalty = 1,
        FrequencyPenalty = 0,
        PresencePenalty = 0,
        PenaltyWindow = 64,
        IgnoreEndTokens = false,
        Overflow = ContextOverflow.Error,
        KeepTokens = 4,
        ShowSpecialTokens = false,
    };

    /// <summary>The caller's setting, else the model's own, else ours; and a seed in any case.</summary>
    public static GenerateOptions Resolve(GenerateOptions? caller, GenerateOptions model)
    {
        GenerateOptions resolved = (caller ?? new()).Over(model).Over(Ours);
        return resolved.Seed is null ? resolved with { Seed = Random.Shared.NextInt64() } : resolved;
    }
}
