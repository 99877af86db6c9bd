using LlmToolkit.Engine.Architectures;

namespace LlmToolkit.Engine;

/// <summary>The architectures that the engine computes. To add one: add its file under Architectures, and its line here.</summary>
internal static class DefaultArchitectures
{
    public static IReadOnlyList<Architecture> All { get; } =
    [
        new Llama(),
        new Mixtral(),
        new Qwen2(),
        new Qwen3(),
        new SmolLm3(),
        new Gemma2(),
        new Gemma3(),
        new Phi3(),
        new Gpt2(),
        new GptNeox(),
        new Bert(),
        new Roberta(),
    ];
}
