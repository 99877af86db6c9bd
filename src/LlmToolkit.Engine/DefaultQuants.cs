using LlmToolkit.Engine.Quants;

namespace LlmToolkit.Engine;

/// <summary>The weight types that the engine multiplies. To add one: add its file under Quants, and its line here.</summary>
internal static class DefaultQuants
{
    public static IReadOnlyList<Quant> All { get; } =
    [
        new F32(),
        new F16(),
        new BF16(),
    ];

    /// <summary>The implementation for a type, or null.</summary>
    public static Quant? Find(DType type) => All.FirstOrDefault(q => q.DType == type);
}
