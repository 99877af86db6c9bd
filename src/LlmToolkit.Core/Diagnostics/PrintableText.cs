using System.Buffers;
using System.Globalization;
using System.Text;

namespace LlmToolkit;

/// <summary>Makes text safe to print: what comes from a file must not steer a terminal or forge a line of a log.</summary>
internal static class PrintableText
{
    /// <summary>Longest text kept, in characters. Messages of our own have some hundreds.</summary>
    public const int Longest = 2000;

    private static readonly SearchValues<char> Unsafe = SearchValues.Create(
    [
        .. Enumerable.Range(0, 0x20).Select(c => (char)c),
        .. Enumerable.Range(0x7F, 0x21).Select(c => (char)c),
        '\u061C', '\u200E', '\u200F', '\u2028', '\u2029',
        .. Enumerable.Range(0x202A, 5).Select(c => (char)c),
        .. Enumerable.Range(0x2066, 4).Select(c => (char)c),
        '\uFEFF',
    ]);

    /// <summary>The text; escaped and cut where it has to be, and with the names of what folders stand for.</summary>
    public static string Safe(string text)
    {
        text = text is null ? text! : StandIns.Name(text);
        if (text is null || (text.Length <= Longest && !text.AsSpan().ContainsAny(Unsafe)))
        {
            return text!;
        }

        StringBuilder safe = new();
        foreach (char c in text)
        {
            if (safe.Length >= Longest - 8)
            {
                return safe.Append('…').ToString();
            }

            _ = Unsafe.Contains(c) ? safe.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}") : safe.Append(c);
        }

        return safe.ToString();
    }

    /// <summary>The texts; the same list when none has to be changed.</summary>
    public static IReadOnlyList<string> Safe(IReadOnlyList<string> texts) =>
        texts is null || texts.All(t => ReferenceEquals(Safe(t), t)) ? texts! : [.. texts.Select(Safe)];
}
