using LlmToolkit.Text;

namespace LlmToolkit.Tests.Generation;

public sealed class AnswerTests
{
    [Fact]
    public void Push_TokenThatBeginsWithASpace_KeepsItWhereTheAnswerContinuesAText()
    {
        string file = SharedData.Conformance("tokenizers-synthetic", "bpe-llama2", "tokenizer.json");
        Tokenizer tokenizer = TokenizerFactory.Create(new TokenizerSource { Files = new Dictionary<string, string> { ["tokenizer.json"] = file } });
        int[] prompt = [.. tokenizer.Encode("Once upon a time").Ids];
        int[] ids = [.. tokenizer.Encode("there was", options: new EncodeOptions { AddSpecial = false }).Ids];

        Assert.Equal(" there was", Text(prompt[^1]));
        Assert.Equal("there was", Text(null));
        // The begin token shows nothing: the answer is the text's beginning.
        Assert.Equal("there was", Text(tokenizer.BosToken));
        // Half of a character in front does not come out with the answer.
        Assert.DoesNotContain("\uFFFD", Text(tokenizer.TokenId("<0xF0>")), StringComparison.Ordinal);

        string Text(int? last)
        {
            Answer answer = new(tokenizer, new GenerateOptions());
            if (last is not null)
            {
                answer.Continue(last.Value);
            }

            foreach (int id in ids)
            {
                answer.Push(id, isEnd: false, logProb: null);
            }

            answer.Flush();
            return answer.TakeLast(FinishReason.Stop, new TokenUsage(0, 0, 0)).Text;
        }
    }
}
