using System.Globalization;
using System.Text;

namespace LlmToolkit.Formats.Shared;

/// <summary>Text from a file as it may stand in a message: no control characters, no endless line.</summary>
internal static class Shown
{
    /// <summary>Longest text taken over into a message, in characters.</summary>
    public const int Longest = 120;

    /// <summary>Control, format and line-breaking characters as \u escapes; long texts cut.</summary>
    public static string Text(string text)
    {
        StringBuilder shown = new();
        foreach (char c in text)
        {
            if (shown.Length >= Longest)
            {
                return shown.Append('…').ToString();
            }

            bool plain = char.GetUnicodeCategory(c) is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate
                or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned);
            _ = plain ? shown.Append(c) : shown.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
        }

        return shown.ToString();
    }

    /// <summary>The first names, and how many more there are.</summary>
    public static string Names(IReadOnlyCollection<string> names, int most = 5) =>
        string.Join(", ", names.Take(most).Select(Text)) + (names.Count > most ? $" and {names.Count - most} more" : "");

    /// <summary>A size for people: <c>4976698672 bytes (4.63 GiB)</c>.</summary>
    public static string Bytes(long count)
    {
        (int shift, string unit) = count switch { >= 1L << 40 => (40, "TiB"), >= 1L << 30 => (30, "GiB"), >= 1L << 20 => (20, "MiB"), >= 1L << 10 => (10, "KiB"), _ => (0, "") };
        return shift == 0 ? string.Create(CultureInfo.InvariantCulture, $"{count} bytes") : string.Create(CultureInfo.InvariantCulture, $"{count} bytes ({(double)count / (1L << shift):0.##} {unit})");
    }

    /// <summary>The first bytes of a file, as numbers and as letters: <c>50 4B 03 04 "PK.."</c>.</summary>
    public static string FirstBytes(ReadOnlySpan<byte> bytes, int most = 8)
    {
        StringBuilder numbers = new();
        StringBuilder letters = new();
        foreach (byte b in bytes[..Math.Min(most, bytes.Length)])
        {
            numbers.Append(CultureInfo.InvariantCulture, $"{b:X2} ");
            letters.Append(b is >= 0x20 and < 0x7F ? (char)b : '.');
        }

        return $"{numbers}\"{letters}\"";
    }
}
