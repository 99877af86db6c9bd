namespace LlmToolkit.Diagnosis.Messages;

/// <summary>Explains the messages of one producer by a list of its phrases. Of several the one that stands first counts: later lines only repeat that something failed.</summary>
/// <param name="producer">Whose messages they are, for people.</param>
/// <param name="messages">Its phrases, the particular ones before the general.</param>
internal sealed class MessageExplainer(string producer, IReadOnlyList<KnownMessage> messages) : IErrorExplainer
{
    /// <summary>Most of a text that is searched, in characters: a paste, not a log file.</summary>
    private const int MostText = 200_000;

    private const int LongestExcerpt = 160;

    /// <summary>The phrases, for tests.</summary>
    public IReadOnlyList<KnownMessage> Messages => messages;

    /// <inheritdoc/>
    public Diagnostic? Explain(Exception exception, LoadContext context) => null;

    /// <inheritdoc/>
    public Diagnostic? Explain(string message, LoadContext context)
    {
        // Terminals wrap lines: white space of any kind is one space.
        string text = string.Join(' ', (message.Length > MostText ? message[..MostText] : message).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        KnownMessage? first = null;
        (int Start, int End) where = default;
        foreach (KnownMessage known in messages)
        {
            if (known.Find(text) is { } found && (first is null || found.Start < where.Start))
            {
                (first, where) = (known, found);
            }
        }

        return first is null ? null : Said(first.Explain(Excerpt(text, where)));
    }

    private Diagnostic Said(Diagnostic diagnostic) => diagnostic with { Evidence = diagnostic.Evidence is null ? null : $"{producer}: {diagnostic.Evidence}" };

    /// <summary>The phrase with what stands around it, up to the length of a line or two.</summary>
    private static string Excerpt(string text, (int Start, int End) where)
    {
        int room = Math.Max(0, LongestExcerpt - (where.End - where.Start));
        int from = Math.Max(0, where.Start - (room / 3));
        int to = Math.Min(text.Length, where.End + (room * 2 / 3));
        return $"{(from > 0 ? "…" : "")}{text[from..to]}{(to < text.Length ? "…" : "")}";
    }
}
