using LlmToolkit.Text;

namespace LlmToolkit.Tests.PreTokenizers;

public class CodePointRegexTests
{
    [Theory]
    [InlineData(@"\p{L}+", "a𝔘b1𠀀", "0-4 5-7")]
    [InlineData(@"(?i:'s|'LL)", "'S 'll 'ſ", "0-2 3-6")]
    [InlineData(@"\s+(?!\S)|\s+", "a   b  ", "1-3 3-4 5-7")]
    [InlineData(@"a++b|a", "aab aa", "0-3 4-5 5-6")]
    [InlineData(@"a+?b", "aaab", "0-4")]
    [InlineData(@"(?<=a)b|(?<!a)c", "abcac", "1-2 2-3")]
    [InlineData(@"(?:ab|a)(?:c|bc)", "abc", "0-3")]
    [InlineData(@"[a-z&&[^aeiou]]+", "hello", "0-1 2-4")]
    [InlineData(@"(?>a+)ab|b", "aab", "2-3")]
    [InlineData(@"(a*)*b", "aaab", "0-4")]
    [InlineData(@"[^\x00-\x7F]", "aé😀", "1-2 2-4")]
    [InlineData(@"\d{2,3}", "1 12 12345", "2-4 5-8 8-10")]
    [InlineData(@"^a|a$", "a a\naa", "0-1 2-3 4-5 5-6")]
    [InlineData(@"(?=(?:\d{3})+(?!\d))", "1234567", "1-1 4-4")]
    [InlineData(@"\p{Han}+", "漢字かな", "0-2")]
    public void Find_Pattern_GivesMatches(string pattern, string text, string expected)
    {
        List<(int Start, int End)> matches = SplitPattern.Matches(new CodePointRegex(pattern), text);

        Assert.Equal(expected, string.Join(' ', matches.Select(m => $"{m.Start}-{m.End}")));
    }

    [Fact]
    public void Find_RunThatNeverEndsAsAsked_IsLinear()
    {
        // Quadratic, this would take minutes.
        string text = new string(' ', 2_000_000) + "a";

        Assert.Empty(SplitPattern.Matches(new CodePointRegex(@"\s+$"), text));
    }

    [Fact]
    public void Find_ExplodingPattern_IsStopped()
    {
        ModelException error = Assert.Throws<ModelException>(() => SplitPattern.Matches(new CodePointRegex("(?:a|a)+(?:a|a)+(?:a|a)+b"), new string('a', 5_000)));

        Assert.Equal("LT3018", error.Diagnostic.Code);
    }

    [Theory]
    [InlineData(200_000)]
    public void Parse_DeepNesting_IsRefused(int depth)
    {
        Assert.Equal("LT3007", Assert.Throws<ModelException>(() => new CodePointRegex("a" + new string('*', depth))).Diagnostic.Code);
        Assert.Equal("LT3007", Assert.Throws<ModelException>(() => new CodePointRegex(new string('(', depth) + "a")).Diagnostic.Code);
        Assert.Equal("LT3007", Assert.Throws<ModelException>(() => new CodePointRegex(new string('[', depth) + "a")).Diagnostic.Code);
    }
}
