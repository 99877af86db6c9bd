namespace LlmToolkit.Formats.Foreign;

/// <summary>The beginning of a text, whatever stands before it.</summary>
internal static class TextStart
{
    /// <summary>What follows a byte order mark and white space.</summary>
    public static ReadOnlySpan<byte> Of(ReadOnlySpan<byte> head)
    {
        head = head.StartsWith("\uFEFF"u8) ? head[3..] : head;
        return head.TrimStart(" \t\r\n"u8);
    }

    /// <summary>Compares ASCII without regard to case.</summary>
    public static bool BeginsWith(ReadOnlySpan<byte> text, string begin) => text.Length >= begin.Length && System.Text.Ascii.EqualsIgnoreCase(text[..begin.Length], begin);
}
