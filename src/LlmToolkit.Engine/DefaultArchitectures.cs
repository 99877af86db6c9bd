using LlmToolkit.Engine.Architectures;

namespace LlmToolkit.Engine;

/// <summary>The architectures that the engine computes. To add one: add its file under Architectures, and its line here.</summary>
internal static class DefaultArchitectures
{
    public static IReadOnlyList<Architecture> All { get; } =
    [
        new Llama(),
    ];
}
