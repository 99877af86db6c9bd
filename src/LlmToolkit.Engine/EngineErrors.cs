namespace LlmToolkit.Engine;

/// <summary>Errors of the engine: LT4000-LT4099.</summary>
internal static class EngineErrors
{
    public static ModelException UnknownSimdLevel(string value) => new(new()
    {
        Code = "LT4001",
        Kind = FaultKind.Usage,
        Category = ErrorCategory.Usage,
        Message = $"LLMTK_SIMD is \"{value}\"; expected scalar, 128, 256 or 512.",
        Field = "LLMTK_SIMD",
        Fixes = ["Unset LLMTK_SIMD: the widest level of this machine is used."],
    });

    public static ModelException SimdLevelMissing(string value, string widest) => new(new()
    {
        Code = "LT4002",
        Kind = FaultKind.Unsupported,
        Category = ErrorCategory.Hardware,
        Message = $"LLMTK_SIMD asks for {value}, but the widest level of this machine is {widest}.",
        Field = "LLMTK_SIMD",
        Fixes = ["Unset LLMTK_SIMD, or name a narrower level."],
    });

    public static ModelException KvTypeMissing(KvType type) => new(new()
    {
        Code = "LT4050",
        Kind = FaultKind.Unsupported,
        Category = ErrorCategory.Hardware,
        Message = $"The engine's cache of keys and values was asked for as {type}; it can be F16 or F32.",
        Field = "KvType",
        Fixes = ["Leave the cache type out: F16 is used.", "Use F16, or F32 where exactness counts more than memory."],
    });
}
