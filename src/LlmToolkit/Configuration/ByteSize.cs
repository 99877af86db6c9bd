using System.Globalization;

namespace LlmToolkit.Configuration;

/// <summary>Sizes as people write them.</summary>
public static class ByteSize
{
    /// <summary><c>6GiB</c>, <c>512MiB</c>, <c>2GB</c>, <c>1.5G</c> (binary) or bytes; false where the text is none, or 0.</summary>
    public static bool TryParse(string? text, out long bytes)
    {
        bytes = 0;
        if (string.IsNullOrEmpty(text))
        {
            return false;
        }

        string unit = text.TrimStart("0123456789.".ToCharArray());
        decimal? factor = unit.ToUpperInvariant() switch
        {
            "" or "B" => 1,
            "K" or "KIB" => 1L << 10,
            "M" or "MIB" => 1L << 20,
            "G" or "GIB" => 1L << 30,
            "T" or "TIB" => 1L << 40,
            "KB" => 1_000,
            "MB" => 1_000_000,
            "GB" => 1_000_000_000,
            "TB" => 1_000_000_000_000,
            _ => null,
        };
        // Compared before it is multiplied: the product of 28 digits and a unit overflows.
        if (factor is null
            || !decimal.TryParse(text.AsSpan(0, text.Length - unit.Length), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal number)
            || number <= 0
            || number > long.MaxValue / factor.Value)
        {
            return false;
        }

        bytes = (long)(number * factor.Value);
        return bytes > 0;
    }
}
