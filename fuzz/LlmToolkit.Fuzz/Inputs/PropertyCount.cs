using System.Globalization;

namespace LlmToolkit.Fuzz;

/// <summary>How many inputs a property test tries.</summary>
internal static class PropertyCount
{
    /// <summary>Inputs of each property: the environment variable LLMTK_FUZZ_COUNT, else 2,000, which take a second or two.</summary>
    public static long Value { get; } = long.TryParse(Environment.GetEnvironmentVariable("LLMTK_FUZZ_COUNT"), NumberStyles.None, CultureInfo.InvariantCulture, out long count) ? count : 2000;
}
