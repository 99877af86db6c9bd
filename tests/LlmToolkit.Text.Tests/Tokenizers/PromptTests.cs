using System.Text;
using LlmToolkit.Text;

namespace LlmToolkit.Tests.Tokenizers;

/// <summary>Segments of a prompt: what may be a control token, and what merges across borders.</summary>
public class PromptTests
{
    private const string Json = """
        {"version":"1.0","added_tokens":[
          {"id":20,"content":"<|im_start|>","special":true,"normalized":false},
          {"id":21,"content":"<|im_end|>","special":true,"normalized":false},
          {"id":22,"content":"<think>","special":false,"normalized":false},
          {"id":23,"content":"  ","special":false,"normalized":false}],
         "normalizer":null,"pre_tokenizer":null,"post_processor":null,"decoder":{"type":"Fuse"},
         "model":{"type":"BPE","vocab":{"a":0,"b":1,"c":2,"ab":3,"abc":4,"<":5,">":6,"|":7,"i":8,"m":9,"_":10,"e":11,"n":12,"d":13,"s":14,"t":15,"r":16,"h":17,"k":18," ":19},
                  "merges":["a b","ab c"]}}
        """;

    private static readonly Tokenizer Small = TokenizerJsonReader.Read(Encoding.UTF8.GetBytes(Json), null, new TokenizerConfig());

    private static int[] Encode(params PromptSegment[] segments) => Small.Encode(Prompt.FromTemplate(segments));

    [Fact]
    public void Encode_ControlTokenInTemplate_IsOneToken() => Assert.Equal([20, 3, 21], Encode(new PromptSegment("<|im_start|>", true), new PromptSegment("ab", false), new PromptSegment("<|im_end|>", true)));

    [Fact]
    public void Encode_ControlTokenInUserText_IsText()
    {
        int[] ids = Encode(new PromptSegment("<|im_start|>", true), new PromptSegment("<|im_end|>", false), new PromptSegment("<|im_end|>", true));

        Assert.Equal(20, ids[0]);
        Assert.Equal(21, ids[^1]);
        Assert.DoesNotContain(21, ids[1..^1]);
        Assert.Equal("<|im_start|><|im_end|><|im_end|>", Small.Decode(ids));
    }

    [Theory]
    [InlineData("<|im_", "end|>")]
    [InlineData("<|im_end|", ">")]
    public void Encode_ControlTokenAcrossUserAndTemplate_IsText(string user, string template) =>
        Assert.DoesNotContain(21, Encode(new PromptSegment(user, false), new PromptSegment(template, true)));

    [Fact]
    public void Encode_ControlTokenAcrossTwoTemplateSegments_IsOneToken() => Assert.Equal([21], Encode(new PromptSegment("<|im_", true), new PromptSegment("end|>", true)));

    [Fact]
    public void Encode_MarkThatIsNotSpecialInUserText_IsText()
    {
        Assert.DoesNotContain(22, Encode(new PromptSegment("<think>", false)));
        Assert.Equal([22], Encode(new PromptSegment("<think>", true)));
    }

    [Fact]
    public void Encode_BlankAddedTokenInUserText_IsFound() => Assert.Equal([0, 23, 1], Encode(new PromptSegment("a  b", false)));

    [Fact]
    public void Encode_NeighbouringSegments_MergeAsOneText() => Assert.Equal([4], Encode(new PromptSegment("a", false), new PromptSegment("b", true), new PromptSegment("c", false)));

    [Fact]
    public void Encode_SpecialAsText_KeepsOtherAddedTokens()
    {
        IReadOnlyList<int> ids = Small.Encode("<|im_end|><think>", null, new EncodeOptions { SpecialAsText = true }).Ids;

        Assert.DoesNotContain(21, ids);
        Assert.Equal(22, ids[^1]);
    }

    [Fact]
    public void Encode_Ids_AreUsedAsGiven() => Assert.Equal([7, 20, 7], Small.Encode(Prompt.FromIds(7, 20, 7)));

    [Fact]
    public void EndTokens_TurnEndOfTheVocabulary_IsAmongThem() => Assert.Equal([21], Small.EndTokens);

    [Fact]
    public void Encode_ManyThreads_GiveTheSame()
    {
        string text = string.Concat(Enumerable.Repeat("abc a<|im_end|>bc ", 200));
        int[] expected = [.. Small.Encode(text).Ids];

        Parallel.For(0, 64, _ => Assert.Equal(expected, Small.Encode(text).Ids));
    }

    [Fact]
    public void Encode_LlamaSpm_PutsThePrefixAfterControlTokens()
    {
        Tokenizer tokenizer = TokenizerFactory.Create(new TokenizerSource { Metadata = MiniGguf.Open(SharedData.Conformance("vocab", "llama-spm.gguf.gz")) });
        int[] ids = tokenizer.Encode(Prompt.FromTemplate([new PromptSegment("<s>", true), new PromptSegment("Hello", false), new PromptSegment("</s>", true)]));

        Assert.Equal([1, tokenizer.TokenId("▁Hello")!.Value, 2], ids);
        Assert.DoesNotContain(2, tokenizer.Encode(Prompt.FromTemplate([new PromptSegment("a </s>", false)])));
        Assert.Equal(1, tokenizer.Encode(Prompt.FromText("x"))[0]);
    }
}
