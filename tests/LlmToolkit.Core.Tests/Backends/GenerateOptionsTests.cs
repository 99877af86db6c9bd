namespace LlmToolkit.Core.Tests.Backends;

public sealed class GenerateOptionsTests
{
    private static readonly Dictionary<string, Func<double?, GenerateOptions>> s_set = new()
    {
        ["MaxTokens"] = v => new() { MaxTokens = (int?)v },
        ["Temperature"] = v => new() { Temperature = (float?)v },
        ["TopK"] = v => new() { TopK = (int?)v },
        ["TopP"] = v => new() { TopP = (float?)v },
        ["MinP"] = v => new() { MinP = (float?)v },
        ["TypicalP"] = v => new() { TypicalP = (float?)v },
        ["RepetitionPenalty"] = v => new() { RepetitionPenalty = (float?)v },
        ["FrequencyPenalty"] = v => new() { FrequencyPenalty = (float?)v },
        ["PresencePenalty"] = v => new() { PresencePenalty = (float?)v },
        ["PenaltyWindow"] = v => new() { PenaltyWindow = (int?)v },
        ["LogProbs"] = v => new() { LogProbs = (int?)v },
        ["KeepTokens"] = v => new() { KeepTokens = (int?)v },
    };

    public static TheoryData<string> Names => [.. s_set.Keys];

    [Theory, MemberData(nameof(Names))]
    public void Option_Null_IsAllowed(string name) => Assert.Equal(new GenerateOptions(), s_set[name](null));

    [Theory]
    [InlineData("MaxTokens", 1, 100000)]
    [InlineData("Temperature", 0, 100)]
    [InlineData("TopK", 0, 100000)]
    [InlineData("TopP", 0, 1)]
    [InlineData("MinP", 0, 1)]
    [InlineData("TypicalP", 0, 1)]
    [InlineData("RepetitionPenalty", 0.001, 100)]
    [InlineData("FrequencyPenalty", -2, 2)]
    [InlineData("PresencePenalty", -2, 2)]
    [InlineData("PenaltyWindow", -1, 100000)]
    [InlineData("LogProbs", 0, 20)]
    [InlineData("KeepTokens", 0, 100000)]
    public void Option_AtTheEndsOfItsRange_IsAllowed(string name, double least, double most)
    {
        Assert.NotEqual(new GenerateOptions(), s_set[name](least));
        Assert.NotEqual(new GenerateOptions(), s_set[name](most));
    }

    [Theory]
    [InlineData("MaxTokens", 0)]
    [InlineData("Temperature", -0.1)]
    [InlineData("Temperature", 101)]
    [InlineData("Temperature", double.NaN)]
    [InlineData("TopK", -1)]
    [InlineData("TopP", -0.1)]
    [InlineData("TopP", 1.1)]
    [InlineData("TopP", double.NaN)]
    [InlineData("MinP", 1.1)]
    [InlineData("TypicalP", -0.1)]
    [InlineData("RepetitionPenalty", 0)]
    [InlineData("RepetitionPenalty", -1)]
    [InlineData("FrequencyPenalty", 2.1)]
    [InlineData("PresencePenalty", -2.1)]
    [InlineData("PenaltyWindow", -2)]
    [InlineData("LogProbs", -1)]
    [InlineData("KeepTokens", -1)]
    public void Option_OutsideItsRange_IsNamed(string name, double value) =>
        Assert.Equal(name, Assert.Throws<ArgumentOutOfRangeException>(() => s_set[name](value)).ParamName);

    [Fact]
    public void Over_EveryOption_TakesTheCallersFirst()
    {
        GenerateOptions full = new()
        {
            MaxTokens = 1,
            Temperature = 0.1f,
            TopK = 2,
            TopP = 0.2f,
            MinP = 0.3f,
            TypicalP = 0.4f,
            RepetitionPenalty = 1.1f,
            FrequencyPenalty = 0.5f,
            PresencePenalty = 0.6f,
            PenaltyWindow = 3,
            Seed = 4,
            LogitBias = new Dictionary<int, float> { [1] = 2 },
            Stop = ["x"],
            IgnoreEndTokens = false,
            LogProbs = 5,
            Overflow = ContextOverflow.DropOldest,
            KeepTokens = 6,
            ShowSpecialTokens = false,
        };
        GenerateOptions other = new()
        {
            MaxTokens = 11,
            Temperature = 0,
            TopK = 0,
            TopP = 1,
            MinP = 0,
            TypicalP = 1,
            RepetitionPenalty = 1,
            FrequencyPenalty = 0,
            PresencePenalty = 0,
            PenaltyWindow = 0,
            Seed = 0,
            LogitBias = new Dictionary<int, float>(),
            Stop = [],
            IgnoreEndTokens = true,
            LogProbs = 0,
            Overflow = ContextOverflow.Error,
            KeepTokens = 0,
            ShowSpecialTokens = true,
        };

        Assert.Equal(full, full.Over(other));
        Assert.Equal(other, other.Over(full));
        Assert.Equal(full, new GenerateOptions().Over(full));
        Assert.Equal(full, full.Over(new GenerateOptions()));
    }

    [Theory]
    [InlineData("ContextLength", 0)]
    [InlineData("ContextLength", -5)]
    [InlineData("Threads", 0)]
    public void LoadOptions_NotPositive_IsNamed(string name, int value) => Assert.Equal(name, Assert.Throws<ArgumentOutOfRangeException>(
        () => name == "Threads" ? new LoadOptions { Threads = value } : new LoadOptions { ContextLength = value }).ParamName);

    [Fact]
    public void Prompt_OfEachKind_KnowsWhatItIs()
    {
        Prompt text = "hi <s>";
        Prompt ids = Prompt.FromIds(1, 2);
        Prompt template = Prompt.FromTemplate([new PromptSegment("<s>", true), new PromptSegment("hi", false)]);

        Assert.Equal((true, null, "hi <s>"), (text.AddSpecial, text.Ids, text.ToString()));
        Assert.False(text.Segments[0].AllowControl);
        Assert.Equal((false, "1,2"), (ids.AddSpecial, ids.ToString()));
        Assert.Equal((false, "<s>hi"), (template.AddSpecial, template.ToString()));
    }
}
