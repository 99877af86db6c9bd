using LlmToolkit.Text;

namespace LlmToolkit.Tests.Generation;

public sealed class StopMatcherTests
{
    [Fact]
    public void Push_RandomTextsAndCuts_EqualsNaiveDefinition()
    {
        Random random = new(1);
        for (int round = 0; round < 20_000; round++)
        {
            string alphabet = round % 2 == 0 ? "ab" : "abcé";
            string text = Text(random, alphabet, random.Next(0, 30));
            string[] stops = [.. Enumerable.Range(0, random.Next(0, 4)).Select(_ => Text(random, alphabet, random.Next(0, 6)))];
            (string Text, string? Stop) expected = Naive(text, stops);

            (string Text, string? Stop) actual = Stream(text, stops, random);

            Assert.True(expected == actual, $"text {text}, stops [{string.Join(", ", stops)}]: expected {expected}, got {actual}");
        }
    }

    [Fact]
    public void Push_AfterEachPiece_HoldsBackNoMoreThanAPartialStop()
    {
        Random random = new(2);
        for (int round = 0; round < 5_000; round++)
        {
            string text = Text(random, "ab", 20);
            string[] stops = [Text(random, "ab", 5) + "c", Text(random, "ab", 3) + "c"];
            StopMatcher matcher = new(stops);
            string given = "";
            for (int i = 0; i < text.Length; i++)
            {
                given += matcher.Push(text[i].ToString());
                string seen = text[..(i + 1)];
                int partial = Enumerable.Range(0, seen.Length + 1).Max(n => stops.Any(s => n < s.Length && s.StartsWith(seen[^n..], StringComparison.Ordinal)) ? n : 0);
                Assert.Equal(seen[..^partial], given);
            }
        }
    }

    [Fact]
    public void Push_EmojiThatBeginsAsTheStop_IsGivenWhole()
    {
        StopMatcher matcher = new(["😁!"]);

        Assert.Equal("a😀", matcher.Push("a😀"));
        Assert.Equal("", matcher.Push("😁"));
        Assert.Equal("😁?", matcher.Push("?"));
        Assert.Null(matcher.Found);
    }

    [Fact]
    public void Push_SeveralCompleteAtOnce_LongestCounts()
    {
        StopMatcher matcher = new(["c", "abc", "bc"]);

        Assert.Equal("x", matcher.Push("xabcabc"));
        Assert.Equal("abc", matcher.Found);
        Assert.Equal("", matcher.Push("more"));
        Assert.Equal("", matcher.Flush());
    }

    private static (string Text, string? Stop) Stream(string text, string[] stops, Random random)
    {
        StopMatcher matcher = new(stops);
        string given = "";
        for (int at = 0; at < text.Length && matcher.Found is null;)
        {
            int size = Math.Min(random.Next(1, 6), text.Length - at);
            given += matcher.Push(text.Substring(at, size));
            at += size;
        }

        return (given + (matcher.Found is null ? matcher.Flush() : ""), matcher.Found);
    }

    /// <summary>The definition: the first character with which a stop text is complete ends the text; the longest that is complete there is cut off.</summary>
    private static (string Text, string? Stop) Naive(string text, string[] stops)
    {
        for (int end = 1; end <= text.Length; end++)
        {
            string? found = stops.Where(s => s.Length > 0 && text[..end].EndsWith(s, StringComparison.Ordinal)).MaxBy(s => s.Length);
            if (found is not null)
            {
                return (text[..(end - found.Length)], found);
            }
        }

        return (text, null);
    }

    private static string Text(Random random, string alphabet, int length) =>
        new([.. Enumerable.Range(0, length).Select(_ => alphabet[random.Next(alphabet.Length)])]);
}
