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
}
