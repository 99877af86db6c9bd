using LlmToolkit.Engine.Quants;

namespace LlmToolkit.Engine;

/// <summary>Values of stored rows, for whoever is not a kernel.</summary>
internal static class Dequantizer
{
    /// <summary>Writes the values of whole blocks; false for a type that the engine does not multiply.</summary>
    public static unsafe bool TryRun(DType type, ReadOnlySpan<byte> row, Span<float> values)
    {
        if (DefaultQuants.Find(type) is not Quant quant)
        {
            return false;
        }

        fixed (byte* bytes = row)
        fixed (float* floats = values)
        {
            quant.Dequantize(bytes, floats, values.Length);
        }

        return true;
    }
}
