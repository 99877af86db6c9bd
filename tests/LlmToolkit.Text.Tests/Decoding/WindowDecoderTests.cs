using LlmToolkit.Text;
using LlmToolkit.Tests.Tokenizers;

namespace LlmToolkit.Tests.Decoding;

/// <summary>Pieces and flush of a stream add up to the decoded text, whatever the ids.</summary>
public class WindowDecoderTests
{
    [Theory]
    [InlineData("gpt-2")]
    [InlineData("llama-spm")]
    [InlineData("qwen2")]
    public void Push_RandomIds_AddUpToTheText(string name)
    {
        Tokenizer tokenizer = TokenizerFactory.Create(new TokenizerSource { Metadata = MiniGguf.Open(SharedData.Conformance("vocab", $"{name}.gguf.gz")) });
        Random random = new(11);
        for (int round = 0; round < 40; round++)
        {
            // Low ids are single bytes in all three: many halves of characters.
            int[] ids = [.. Enumerable.Range(0, 60).Select(_ => random.Next(random.Next(2) == 0 ? 300 : tokenizer.VocabularySize))];
            foreach (bool skip in (ReadOnlySpan<bool>)[false, true])
            {
                StreamingDecoder decoder = tokenizer.CreateDecoder(skip);
                string streamed = string.Concat(ids.Select(decoder.Push)) + decoder.Flush();

                Assert.Equal(tokenizer.Decode(ids, skip), streamed);
            }
        }
    }

    [Fact]
    public void Push_EndlessInvalidBytes_StaysCheapAndAddsUp()
    {
        Tokenizer tokenizer = TokenizerFactory.Create(new TokenizerSource { Metadata = MiniGguf.Open(SharedData.Conformance("vocab", "gpt-2.gguf.gz")) });
        int half = tokenizer.TokenId(ByteAlphabet.CharOf(0xF0).ToString())!.Value;
        int[] ids = [.. Enumerable.Repeat(half, 20_000), tokenizer.TokenId("a")!.Value];
        StreamingDecoder decoder = tokenizer.CreateDecoder();

        Assert.Equal(tokenizer.Decode(ids), string.Concat(ids.Select(decoder.Push)) + decoder.Flush());
    }

    [Fact]
    public void Push_CharacterInThreeTokens_ComesWhole()
    {
        Tokenizer tokenizer = TokenizerFactory.Create(new TokenizerSource { Metadata = MiniGguf.Open(SharedData.Conformance("vocab", "gpt-2.gguf.gz")) });
        int[] ids = [.. tokenizer.Encode("\uD83E\uDD99").Ids];
        StreamingDecoder decoder = tokenizer.CreateDecoder();

        Assert.True(ids.Length > 1);
        Assert.All(ids[..^1], id => Assert.Null(decoder.Push(id)));
        Assert.Equal("\uD83E\uDD99", decoder.Push(ids[^1]));
        Assert.Null(decoder.Flush());
    }
}
