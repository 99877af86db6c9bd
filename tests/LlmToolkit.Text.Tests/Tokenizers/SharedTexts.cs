namespace LlmToolkit.Tests.Tokenizers;

/// <summary>Texts that tokenizers stumble over.</summary>
internal static class SharedTexts
{
    public static IReadOnlyList<string> Lines() =>
    [
        "Hello, world!", " leading", "trailing ", "two  spaces", "a\nb\r\n\r\nc", "\t\ttabs", "don't we'll I'VE", "x1y22z333", "3.14159", "日本語のテキスト", "Привет, мир!", "naïve café",
        "😀 emoji 👨‍👩‍👧‍👦", "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𠀀𠀁", "مرحبا بالعالم", "한국어", "e\u0301 combining", "if (x == 1) { return y[0]; }", "https://example.org/a?b=c&d=e#f", "…—“quotes”", "a\u00A0b\u3000c",
        "ALL CAPS and lower", "snake_case camelCase", "1,234,567.89", "----====####", "\u200Bzero\u200Dwidth", "ﬁ ligature ½ ② ㎏",
    ];
}
