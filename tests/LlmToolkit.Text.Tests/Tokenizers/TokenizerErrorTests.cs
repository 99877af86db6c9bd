using System.Text;
using LlmToolkit.Text;

namespace LlmToolkit.Tests.Tokenizers;

/// <summary>Files that must be refused, and how.</summary>
public class TokenizerErrorTests
{
    private const string Words = """ "model":{"type":"WordLevel","vocab":{"a":0},"unk_token":"u"} """;

    public static TheoryData<string, string, string> BadJson => new()
    {
        { "no json", "{", "LT3003" },
        { "no object", "[]", "LT3003" },
        { "no model", """{"version":"1.0"}""", "LT3003" },
        { "version 2", """{"version":"2.0",""" + Words + "}", "LT3003" },
        { "unknown model", """{"model":{"type":"Magic","vocab":{}}}""", "LT3004" },
        { "unknown normalizer", """{"normalizer":{"type":"Magic"},""" + Words + "}", "LT3004" },
        { "unknown pre-tokenizer", """{"pre_tokenizer":{"type":"Magic"},""" + Words + "}", "LT3004" },
        { "unknown decoder", """{"decoder":{"type":"Magic"},""" + Words + "}", "LT3004" },
        { "unknown post-processor", """{"post_processor":{"type":"Magic"},""" + Words + "}", "LT3004" },
        { "merge of three", """{"model":{"type":"BPE","vocab":{"a":0,"b":1,"ab":2},"merges":["a b c"]}}""", "LT3005" },
        { "merge without result", """{"model":{"type":"BPE","vocab":{"a":0,"b":1},"merges":["a b"]}}""", "LT3005" },
        { "huge id", """{"model":{"type":"WordLevel","vocab":{"a":2000000000},"unk_token":"a"}}""", "LT3006" },
        { "negative id", """{"model":{"type":"WordLevel","vocab":{"a":-1},"unk_token":"a"}}""", "LT3006" },
        { "unk_id beyond the vocabulary", """{"model":{"type":"Unigram","vocab":[["a",0]],"unk_id":1}}""", "LT3003" },
        { "pattern without end", """{"pre_tokenizer":{"type":"Split","pattern":{"Regex":"(a"},"behavior":"Isolated"},""" + Words + "}", "LT3007" },
        { "back reference", """{"pre_tokenizer":{"type":"Split","pattern":{"Regex":"(a)\\1"},"behavior":"Isolated"},""" + Words + "}", "LT3007" },
        { "repetition bomb", """{"pre_tokenizer":{"type":"Split","pattern":{"Regex":"((((ab){999}){999}){999}){999}"},"behavior":"Isolated"},""" + Words + "}", "LT3007" },
        { "charsmap too short", """{"normalizer":{"type":"Precompiled","precompiled_charsmap":"AAAA"},""" + Words + "}", "LT3009" },
        { "template with an unknown token", """{"post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"x","type_id":0}}],"pair":[],"special_tokens":{}},""" + Words + "}", "LT3003" },
    };

    [Theory, MemberData(nameof(BadJson))]
    public void Read_BadJson_SaysWhatAndHow(string name, string json, string code)
    {
        ModelException error = Assert.Throws<ModelException>(() => TokenizerJsonReader.Read(Encoding.UTF8.GetBytes(json), "tokenizer.json", new TokenizerConfig()));

        Assert.True(error.Diagnostic.Code == code, $"{name}: {error.Diagnostic.Code} {error.Message}");
        Assert.NotEmpty(error.Diagnostic.Fixes);
    }

    public static TheoryData<string, byte[]> BadProtobuf => new()
    {
        { "empty", [] },
        { "length beyond the end", [0x0A, 0x7F, 1] },
        { "field 0", [0x00] },
        { "wire type 7", [0x0F] },
        { "endless integer", [0x08, .. Enumerable.Repeat((byte)0xFF, 12)] },
        { "text", [.. "version https://git-lfs.github.com/spec/v1"u8] },
    };

    [Theory, MemberData(nameof(BadProtobuf))]
    public void Read_BadProtobuf_SaysWhatAndWhere(string name, byte[] file)
    {
        ModelException error = Assert.Throws<ModelException>(() => SentencePieceReader.Read(file, "tokenizer.model", new TokenizerConfig()));

        Assert.True(error.Diagnostic.Code == "LT3010", $"{name}: {error.Message}");
    }

    [Fact]
    public void Read_DamagedModel_NeverCrashes()
    {
        byte[] file = File.ReadAllBytes(SharedData.Conformance("sentencepiece", "bpe-llama", "tokenizer.model"));
        Random random = new(7);
        for (int i = 0; i < 60; i++)
        {
            byte[] damaged = [.. file];
            for (int k = 0; k < 8; k++)
            {
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            }

            try
            {
                SentencePieceReader.Read(damaged.AsSpan(0, random.Next(1, damaged.Length)), null, new TokenizerConfig()).Encode("Hello wörld");
            }
            catch (ModelException)
            {
            }
        }
    }

    [Fact]
    public void Create_NoFiles_NamesWhatIsExpected()
    {
        ModelException error = Assert.Throws<ModelException>(() => TokenizerFactory.Create(new TokenizerSource()));

        Assert.Equal("LT3001", error.Diagnostic.Code);
    }

    [Fact]
    public void FromPath_Absent_IsUsage() => Assert.Equal(FaultKind.Usage, Assert.Throws<ModelException>(() => TokenizerSources.FromPath("no/such/path")).Diagnostic.Kind);

    [Fact]
    public void Create_UnknownPre_IsUnsupportedAndNamesTheWayOut()
    {
        MiniGguf metadata = MiniGguf.Open(SharedData.Conformance("vocab", "gpt-2.gguf.gz"));
        metadata.Set("tokenizer.ggml.pre", "from-the-future");
        ModelException error = Assert.Throws<ModelException>(() => TokenizerFactory.Create(new TokenizerSource { Metadata = metadata }));

        Assert.Equal(("LT3013", FaultKind.Unsupported), (error.Diagnostic.Code, error.Diagnostic.Kind));
        Assert.Contains("--pre", error.Diagnostic.Fixes[0], StringComparison.Ordinal);
        Assert.NotEmpty(TokenizerFactory.Create(new TokenizerSource { Metadata = metadata, Pre = "gpt-2" }).Encode("hi").Ids);
    }
}
