namespace LlmToolkit.Fuzz;

/// <summary>Everything that can be fuzzed.</summary>
internal static class Targets
{
    /// <summary>A new target of each kind.</summary>
    public static FuzzTarget[] All() => [new GgufTarget(), new SafetensorsTarget(), new PyTorchTarget(), new HuggingFaceTarget(), new OnnxTarget(), new ValidatorTarget(), new TokenizerTarget(), new TemplateTarget()];
}
