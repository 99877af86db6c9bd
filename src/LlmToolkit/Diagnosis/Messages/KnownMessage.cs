namespace LlmToolkit.Diagnosis.Messages;

/// <summary>A message of another program: a whole phrase of it, and what it means. Single words are never looked for: "ram" is in "parameter".</summary>
internal sealed class KnownMessage
{
    /// <summary>Longest text that a * stands for, in characters.</summary>
    private const int LongestGap = 400;

    private readonly string[] _parts;
    private readonly Func<string, Diagnostic> _explain;

    /// <summary>A message with a meaning of its own.</summary>
    /// <param name="phrase">The phrase; * stands for names and numbers, of any length up to 400 characters.</param>
    /// <param name="explain">Makes the diagnostic of the matched text.</param>
    public KnownMessage(string phrase, Func<string, Diagnostic> explain)
    {
        _parts = phrase.Split('*', StringSplitOptions.RemoveEmptyEntries);
        _explain = explain;
        Phrase = phrase;
    }

    /// <summary>A message that means what one of our codes means.</summary>
    /// <param name="phrase">As above.</param>
    /// <param name="code">The code.</param>
    /// <param name="cause">Why another program says it in these words; null: as the catalogue says.</param>
    /// <param name="certainty">How sure it is that the code fits. Default: likely.</param>
    public KnownMessage(string phrase, string code, string? cause = null, Certainty certainty = Certainty.Likely)
        : this(phrase, said => Of(code, said, cause, certainty)) => Code = code;

    /// <summary>The phrase.</summary>
    public string Phrase { get; }

    /// <summary>The code it stands for, if it is one of the catalogue.</summary>
    public string? Code { get; }

    /// <summary>Where the phrase stands in a text whose white space is single; null: it does not.</summary>
    public (int Start, int End)? Find(string text)
    {
        for (int from = 0; from < text.Length;)
        {
            int start = text.IndexOf(_parts[0], from, StringComparison.OrdinalIgnoreCase);
            if (start < 0)
            {
                return null;
            }

            if (End(text, start) is int end && !InWord(text, start) && !InWord(text, end))
            {
                return (start, end);
            }

            from = start + 1;
        }

        return null;
    }

    /// <summary>The diagnostic of a text in which the phrase was found.</summary>
    public Diagnostic Explain(string said) => _explain(said);

    private int? End(string text, int start)
    {
        int at = start + _parts[0].Length;
        foreach (string part in _parts.AsSpan(1))
        {
            int next = text.IndexOf(part, at, Math.Min(text.Length - at, LongestGap + part.Length), StringComparison.OrdinalIgnoreCase);
            if (next < 0)
            {
                return null;
            }

            at = next + part.Length;
        }

        return at;
    }

    /// <summary>True when a boundary of the phrase lies inside a word of the text.</summary>
    private static bool InWord(string text, int at) => at > 0 && at < text.Length && char.IsLetterOrDigit(text[at - 1]) && char.IsLetterOrDigit(text[at]);

    private static Diagnostic Of(string code, string said, string? cause, Certainty certainty)
    {
        ErrorEntry entry = ErrorCatalog.Known(code);
        Diagnostic diagnostic = entry.ToDiagnostic($"{entry.Title}.", certainty) with { Evidence = said };
        return cause is null ? diagnostic : diagnostic with { Cause = cause };
    }
}
