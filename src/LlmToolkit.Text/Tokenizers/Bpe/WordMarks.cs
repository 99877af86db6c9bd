namespace LlmToolkit.Text;

/// <summary>Cuts texts whose words begin with <c>▁</c>. Where no token holds the mark inside, no merge crosses one, and long texts fall into words.</summary>
internal static class WordMarks
{
    /// <summary>End of the word that begins at <paramref name="from"/>: its leading marks and all up to the next mark.</summary>
    public static int End(ReadOnlySpan<char> text, int from)
    {
        int to = from;
        while (to < text.Length && text[to] == '▁')
        {
            to++;
        }

        int next = text[to..].IndexOf('▁');
        return next < 0 ? text.Length : to + next;
    }
}
