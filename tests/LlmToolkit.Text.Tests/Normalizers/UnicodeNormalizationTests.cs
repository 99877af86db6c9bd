using LlmToolkit.Text;

namespace LlmToolkit.Tests.Normalizers;

/// <summary>The four forms; expected values from Unicode's NormalizationTest.txt.</summary>
public class UnicodeNormalizationTests
{
    [Theory]
    [InlineData("\u1E0A\u0323", "\u1E0C\u0307", "D\u0323\u0307", "\u1E0C\u0307", "D\u0323\u0307")]
    [InlineData("\uAC01", "\uAC01", "\u1100\u1161\u11A8", "\uAC01", "\u1100\u1161\u11A8")]
    [InlineData("\uFB01", "\uFB01", "\uFB01", "fi", "fi")]
    [InlineData("\u212B", "\u00C5", "A\u030A", "\u00C5", "A\u030A")]
    [InlineData("\u0958", "\u0915\u093C", "\u0915\u093C", "\u0915\u093C", "\u0915\u093C")]
    [InlineData("a\u0315\u0300\u05AE\u0300b", "\u00E0\u05AE\u0300\u0315b", "a\u05AE\u0300\u0300\u0315b", "\u00E0\u05AE\u0300\u0315b", "a\u05AE\u0300\u0300\u0315b")]
    [InlineData("\uD834\uDD5E", "\uD834\uDD57\uD834\uDD65", "\uD834\uDD57\uD834\uDD65", "\uD834\uDD57\uD834\uDD65", "\uD834\uDD57\uD834\uDD65")]
    [InlineData("plain", "plain", "plain", "plain", "plain")]
    public void Apply_Text_GivesForms(string text, string nfc, string nfd, string nfkc, string nfkd)
    {
        Assert.Equal(nfc, new UnicodeNormalizer(true, false).Apply(text));
        Assert.Equal(nfd, new UnicodeNormalizer(false, false).Apply(text));
        Assert.Equal(nfkc, new UnicodeNormalizer(true, true).Apply(text));
        Assert.Equal(nfkd, new UnicodeNormalizer(false, true).Apply(text));
    }
}
