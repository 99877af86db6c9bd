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
        new Q8_0(),
        new Q4_0(),
        new Q4_1(),
        new Q5_0(),
        new Q5_1(),
        new Q4_K(),
        new Q5_K(),
        new Q6_K(),
    ];

    /// <summary>The implementation for a type, or null.</summary>
    public static Quant? Find(DType type) => All.FirstOrDefault(q => q.DType == type);
}
