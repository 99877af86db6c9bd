using System.Globalization;

namespace LlmToolkit.Diagnosis;

/// <summary>Every error code of the toolkit, at hand without a network: what it means, why it happens, what to do.</summary>
public static class ErrorCatalog
{
    private static readonly Lazy<IReadOnlyList<ErrorEntry>> s_all = new(ErrorCatalogFile.ReadEmbedded);

    private static readonly Lazy<Dictionary<string, ErrorEntry>> s_byCode = new(() => s_all.Value.ToDictionary(e => e.Code, StringComparer.Ordinal));

    /// <summary>What each range of codes is for; the first code of a range.</summary>
    private static readonly (int First, string Name)[] s_ranges =
    [
        (1000, "GGUF"), (1100, "Safetensors"), (1200, "PyTorch"), (1300, "Model directories"), (1400, "What is no model, or not ours"), (1500, "Files"),
        (2000, "Sources"), (2100, "Detection"), (2200, "Checks"), (3000, "Tokenizers"), (3100, "Chat templates"), (3200, "Generation and embedding"),
        (4000, "Engine"), (4100, "Routing"), (4200, "Native libraries and other backends"), (5000, "Memory"), (6000, "Network and Hub"), (7000, "Server"), (8000, "Command line"), (9000, "Unexpected"),
    ];

    /// <summary>All entries in the order of their codes.</summary>
    public static IReadOnlyList<ErrorEntry> All => s_all.Value;

    /// <summary>Looks a code up.</summary>
    /// <param name="code">As it is printed, or shorter: <c>LT1203</c>, <c>lt1203</c>, <c>1203</c>.</param>
    /// <returns>The entry; null when there is no such code.</returns>
    public static ErrorEntry? Find(string code)
    {
        ArgumentNullException.ThrowIfNull(code);
        return Number(code) is int number ? s_byCode.Value.GetValueOrDefault(Written(number)) : null;
    }

    /// <summary>True when a text has the form of a code, known or not.</summary>
    public static bool IsCode(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Number(text) is not null;
    }

    /// <summary>The entries that a code or a text comes nearest to: neighbours by number, or those that share the most words.</summary>
    /// <param name="text">A code that does not exist, or words.</param>
    /// <param name="count">How many at most. Default: 3.</param>
    public static IReadOnlyList<ErrorEntry> Nearest(string text, int count = 3)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (Number(text) is int number)
        {
            return [.. All.OrderBy(e => Math.Abs(int.Parse(e.Code.AsSpan(2), CultureInfo.InvariantCulture) - number)).Take(count)];
        }

        HashSet<string> words = Words(text);
        return [.. All.Select(e => (Entry: e, Shared: (2 * Words(e.Title).Count(words.Contains)) + Words(e.Example).Count(words.Contains)))
            .Where(e => e.Shared > 0).OrderByDescending(e => e.Shared).Take(count).Select(e => e.Entry)];
    }

    /// <summary>The name of the range that a code lies in, such as <c>PyTorch</c>.</summary>
    public static string RangeOf(string code)
    {
        ArgumentNullException.ThrowIfNull(code);
        return Number(code) is int number ? s_ranges.LastOrDefault(r => r.First <= number).Name ?? "Other" : "Other";
    }

    /// <summary>The entry of a code that the toolkit itself names.</summary>
    internal static ErrorEntry Known(string code) => s_byCode.Value[code];

    private static string Written(int number) => string.Create(CultureInfo.InvariantCulture, $"LT{number:D4}");

    private static int? Number(string text)
    {
        ReadOnlySpan<char> digits = text.AsSpan().Trim();
        if (digits.StartsWith("LT", StringComparison.OrdinalIgnoreCase))
        {
            digits = digits[2..].TrimStart("- ");
        }

        return digits.Length is > 0 and <= 4 && int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : null;
    }

    /// <summary>The words of a text that tell something: four letters or more.</summary>
    private static HashSet<string> Words(string text) =>
        [.. text.Split([' ', '.', ',', ':', ';', '"', '\'', '(', ')', '/', '\n', '\t'], StringSplitOptions.RemoveEmptyEntries).Where(w => w.Length >= 4).Select(w => w.ToLowerInvariant())];
}
