using System.Text.Json;

namespace LlmToolkit.Text;

/// <summary>Truncation and padding as a tokenizer.json configures them. Encoding itself never applies them: ask for it.</summary>
/// <remarks>Rules: huggingface/tokenizers, <c>src/utils/truncation.rs</c> and <c>padding.rs</c>.</remarks>
public sealed class TokenizerLimits
{
    private readonly int? _maxLength;
    private readonly string _strategy;
    private readonly bool _cutLeft;
    private readonly Padding? _padding;

    private TokenizerLimits(int? maxLength, string strategy, bool cutLeft, Padding? padding) =>
        (_maxLength, _strategy, _cutLeft, _padding) = (maxLength, strategy, cutLeft, padding);

    /// <summary>What the source's tokenizer.json says; a source without one, or one that says nothing, changes nothing.</summary>
    /// <exception cref="ModelException">The file cannot be read.</exception>
    public static TokenizerLimits Read(TokenizerSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        if (!source.Files.TryGetValue("tokenizer.json", out string? path))
        {
            return new TokenizerLimits(null, "", false, null);
        }

        try
        {
            using FileStream file = File.OpenRead(path);
            using JsonDocument json = JsonDocument.Parse(file);
            JsonElement? cut = Section(json.RootElement, "truncation");
            return new TokenizerLimits(
                cut is { } c ? Whole(c, "max_length") : null,
                cut is { } s && Text(s, "strategy") is { } strategy ? strategy : "LongestFirst",
                cut is { } d && Text(d, "direction") == "Left",
                Section(json.RootElement, "padding") is { } p ? ReadPadding(p) : null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw TokenizerErrors.UnusableLimits(path, e);
        }
    }

    /// <summary>Cuts and pads one encoding.</summary>
    /// <exception cref="ModelException">The text that may be cut is missing or too short.</exception>
    public TokenizerEncoding Apply(TokenizerEncoding encoding)
    {
        ArgumentNullException.ThrowIfNull(encoding);
        TokenizerEncoding cut = Cut(encoding);
        return _padding is null ? cut : Pad(cut, _padding);
    }

    private TokenizerEncoding Cut(TokenizerEncoding encoding)
    {
        if (_maxLength is not int most || encoding.Ids.Count <= most)
        {
            return encoding;
        }

        int first = encoding.SequenceIds.Count(s => s == 0);
        int second = encoding.SequenceIds.Count(s => s == 1);
        int room = Math.Max(0, most - (encoding.Ids.Count - first - second));
        (int keepFirst, int keepSecond) = _strategy switch
        {
            "OnlyFirst" => (Only(first, encoding.Ids.Count - most), second),
            "OnlySecond" => (first, Only(second, encoding.Ids.Count - most)),
            _ => LongestFirst(first, second, room),
        };
        int[] seen = [0, 0];
        int[] skip = _cutLeft ? [first - keepFirst, second - keepSecond] : [0, 0];
        int[] keep = [keepFirst, keepSecond];
        return Select(encoding, [.. Enumerable.Range(0, encoding.Ids.Count).Where(i =>
        {
            if (encoding.SequenceIds[i] is not int sequence)
            {
                return true;
            }

            int at = seen[sequence]++ - skip[sequence];
            return at >= 0 && at < keep[sequence];
        })]);
    }

    /// <summary>What is left of the one text that may be cut: at least one token, or the strategy cannot be kept.</summary>
    private int Only(int count, int surplus) =>
        count > surplus ? count - surplus : throw TokenizerErrors.CannotTruncate(_strategy, count, surplus);

    /// <summary>The longer text gives way first; where both are too long they share the room, the odd token going to the longer one.</summary>
    private static (int First, int Second) LongestFirst(int first, int second, int room)
    {
        if (second == 0)
        {
            return (Math.Min(first, room), 0);
        }

        (int shorter, int longer) = first > second ? (second, first) : (first, second);
        longer = shorter > room ? shorter : Math.Max(shorter, room - shorter);
        if (shorter + longer > room)
        {
            shorter = room / 2;
            longer = shorter + (room % 2);
        }

        return first > second ? (longer, shorter) : (shorter, longer);
    }

    private static TokenizerEncoding Select(TokenizerEncoding e, int[] kept) => e with
    {
        Ids = [.. kept.Select(i => e.Ids[i])],
        Tokens = [.. kept.Select(i => e.Tokens[i])],
        Offsets = e.Offsets is { } offsets ? [.. kept.Select(i => offsets[i])] : null,
        TypeIds = [.. kept.Select(i => e.TypeIds[i])],
        SpecialTokensMask = [.. kept.Select(i => e.SpecialTokensMask[i])],
        SequenceIds = [.. kept.Select(i => e.SequenceIds[i])],
    };

    private static TokenizerEncoding Pad(TokenizerEncoding e, Padding padding)
    {
        int length = Math.Max(e.Ids.Count, padding.Length ?? 0);
        length = padding.Multiple is int multiple and > 0 ? (length + multiple - 1) / multiple * multiple : length;
        int count = length - e.Ids.Count;
        return count <= 0 ? e : e with
        {
            Ids = With(e.Ids, padding.Id),
            Tokens = With(e.Tokens, padding.Token),
            Offsets = e.Offsets is { } offsets ? With(offsets, (0, 0)) : null,
            TypeIds = With(e.TypeIds, padding.TypeId),
            SpecialTokensMask = With(e.SpecialTokensMask, 1),
            SequenceIds = With(e.SequenceIds, null),
        };

        IReadOnlyList<T> With<T>(IReadOnlyList<T> values, T value)
        {
            IEnumerable<T> pad = Enumerable.Repeat(value, count);
            return padding.Left ? [.. pad, .. values] : [.. values, .. pad];
        }
    }

    private static Padding ReadPadding(JsonElement p) => new(
        p.TryGetProperty("strategy", out JsonElement strategy) && strategy.ValueKind == JsonValueKind.Object ? Whole(strategy, "Fixed") : null,
        Whole(p, "pad_to_multiple_of"),
        Text(p, "direction") == "Left",
        Whole(p, "pad_id") ?? 0,
        Whole(p, "pad_type_id") ?? 0,
        Text(p, "pad_token") ?? "[PAD]");

    private static JsonElement? Section(JsonElement root, string name) =>
        root.ValueKind == JsonValueKind.Object && root.TryGetProperty(name, out JsonElement section) && section.ValueKind == JsonValueKind.Object ? section : null;

    /// <summary>A length from the file; one that no text reaches is no limit, and none may be padded to.</summary>
    private static int? Whole(JsonElement section, string name) =>
        section.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int number) && number is >= 0 and <= 1 << 20 ? number : null;

    private static string? Text(JsonElement section, string name) =>
        section.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private sealed record Padding(int? Length, int? Multiple, bool Left, int Id, int TypeId, string Token);
}
