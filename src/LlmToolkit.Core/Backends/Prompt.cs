namespace LlmToolkit;

/// <summary>A part of a prompt.</summary>
/// <param name="Text">The text.</param>
/// <param name="AllowControl">True for the template's own text, where control tokens mean themselves; false for a user's text, where they are only text.</param>
public readonly record struct PromptSegment(string Text, bool AllowControl);

/// <summary>What a model is asked to continue: segments of text that know whether they may hold control tokens, or token ids.</summary>
public sealed class Prompt
{
    private Prompt(IReadOnlyList<PromptSegment> segments, IReadOnlyList<int>? ids, bool addSpecial) =>
        (Segments, Ids, AddSpecial) = (segments, ids, addSpecial);

    /// <summary>The segments; empty when <see cref="Ids"/> is set.</summary>
    public IReadOnlyList<PromptSegment> Segments { get; }

    /// <summary>Token ids, used exactly as given; null for a prompt of text.</summary>
    public IReadOnlyList<int>? Ids { get; }

    /// <summary>True when the tokenizer adds its own begin and end tokens.</summary>
    public bool AddSpecial { get; }

    /// <summary>Raw text from a user: the tokenizer adds its begin token, control tokens inside are only text.</summary>
    public static Prompt FromText(string text) => new([new PromptSegment(text, false)], null, true);

    /// <summary>Token ids, used exactly as given.</summary>
    public static Prompt FromIds(params IReadOnlyList<int> ids) => new([], ids, false);

    /// <summary>A rendered chat template: it writes its own begin token.</summary>
    public static Prompt FromTemplate(IReadOnlyList<PromptSegment> segments) => new(segments, null, false);

    /// <summary>Raw text is a prompt.</summary>
    public static implicit operator Prompt(string text) => FromText(text);

    /// <summary>Raw text is a prompt.</summary>
    public static Prompt ToPrompt(string text) => FromText(text);

    /// <summary>The whole text, for display.</summary>
    public override string ToString() => Ids is null ? string.Concat(Segments.Select(s => s.Text)) : string.Join(',', Ids);
}
