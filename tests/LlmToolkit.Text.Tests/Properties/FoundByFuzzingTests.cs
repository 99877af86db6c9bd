using System.Text.Json;

namespace LlmToolkit.Text.Tests.Properties;

/// <summary>Inputs that once broke a rule, cut down to what it needs.</summary>
public sealed class FoundByFuzzingTests
{
    private static readonly JsonElement s_messages = JsonElement.Parse("""[{"role":"user","content":"hello"}]""");

    /// <summary>JsonException or InvalidOperationException got out.</summary>
    [Theory]
    [InlineData("{\"a\":NaN,")]
    [InlineData("{\"a\":Infinity,}")]
    [InlineData("{\"version\":\"1.0\",\"model\":{\"type\":\"BPE\",\"vocab\":{\"\\ud800\":0},\"merges\":[]}}")]
    [InlineData("{\"version\":\"\\udc00\",\"model\":{\"type\":\"BPE\"}}")]
    [InlineData("{\"version\":NaN,\"model\":{\"type\":\"\\ud800\"}}")]
    [InlineData("{\"added_tokens\":\"\u00ff\"")]
    public void Create_BrokenTokenizerJson_IsRefused(string json)
    {
        foreach (byte[] bytes in (byte[][])[System.Text.Encoding.UTF8.GetBytes(json), System.Text.Encoding.Latin1.GetBytes(json)])
        {
            string path = Path.Combine(Directory.CreateTempSubdirectory("llmtk-").FullName, "tokenizer.json");
            File.WriteAllBytes(path, bytes);

            ModelException e = Assert.Throws<ModelException>(() => TokenizerFactory.Create(new TokenizerSource { Files = new Dictionary<string, string> { ["tokenizer.json"] = path } }));
            Assert.StartsWith("LT30", e.Diagnostic.Code, StringComparison.Ordinal);
            Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
        }
    }

    /// <summary>ArgumentException: the pattern to replace was empty.</summary>
    [Theory]
    [InlineData("""{"type":"BPEDecoder","suffix":""}""")]
    [InlineData("""{"type":"CTC","pad_token":"","word_delimiter_token":"","cleanup":true}""")]
    public void Decode_EmptyPatterns_ReplaceNothing(string decoder)
    {
        string path = Path.Combine(Directory.CreateTempSubdirectory("llmtk-").FullName, "tokenizer.json");
        File.WriteAllText(path, $$"""{"version":"1.0","decoder":{{decoder}},"model":{"type":"BPE","vocab":{"a":0,"b":1},"merges":[]} }""");

        Tokenizer tokenizer = TokenizerFactory.Create(new TokenizerSource { Files = new Dictionary<string, string> { ["tokenizer.json"] = path } });
        Assert.Equal("ab", tokenizer.Decode([0, 1]));
        Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
    }

    /// <summary>These took up to 7 s and 3.7 GB before a step limit that fits them.</summary>
    [Theory]
    [InlineData("{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}")]
    [InlineData("{% set n = namespace(n=0) %}{% for m in messages|tojson(indent=100000) if m.role != 'tool' %}{% set n.n = n.n + loop.index0 * 2 %}{{ n.n ~ ': ' ~ (m.content or '') }}{% endfor %}")]
    [InlineData("{% set s = messages[0].content %}{% for i in range(40) %}{% set s = s|replace('','b') %}{{ s|replace('','b')|replace('','b')|replace('','b')|replace('','b')|replace('','b')|replace('','b')|replace('','b')|replace('','b')|replace('','b')|replace('','b')|replace('','b')|replace('','b')|replace('','b')|replace('','b')|replace('','b')|replace('','b')|replace('','b')|replace('','b')|replace('','b')|replace('','b')|replace('','b')|replace('','b')|replace('','b') }}{% endfor %}")]
    public void Render_TemplateThatRunsAway_IsStoppedWithinBounds(string source)
    {
        ChatTemplate template = ChatTemplate.Parse(source);
        long before = GC.GetAllocatedBytesForCurrentThread();

        ModelException? e = Record.Exception(() => template.RenderText(new ChatTemplateInput { Messages = s_messages })) as ModelException;

        Assert.True(e is null || e.Diagnostic.Code == "LT3106", e?.Message);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1L << 30);
    }

    /// <summary>The parts of a text with many marks were found by a search through all of them.</summary>
    [Fact]
    public void Render_PartsOfATextWithManyMarks_TakeLinearTime()
    {
        ChatTemplate template = ChatTemplate.Parse("{% set s = messages[0].content|replace('e', '-') %}{{ s|replace('', '.')|replace('', '.')|replace('.', '')|length }}");
        JsonElement messages = JsonSerializer.SerializeToElement(new[] { new { role = "user", content = new string('e', 20_000) + string.Concat(Enumerable.Repeat("xe", 50_000)) } });
        System.Diagnostics.Stopwatch watch = System.Diagnostics.Stopwatch.StartNew();

        Assert.Equal("120000", template.RenderText(new ChatTemplateInput { Messages = messages }));
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 10);
    }

    /// <summary>Control characters of a file got into messages.</summary>
    [Fact]
    public void Parse_ControlCharactersInATemplate_AreEscapedInTheMessage()
    {
        ModelException e = Assert.Throws<ModelException>(() => ChatTemplate.Parse("{{ \u001b[2J }}\n"));
        Assert.DoesNotContain(e.Message, c => char.IsControl(c));
        Assert.Contains("\\u001b", e.Message, StringComparison.Ordinal);
    }
}
