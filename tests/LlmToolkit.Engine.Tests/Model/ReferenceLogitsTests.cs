using LlmToolkit.Engine.Model;
using LlmToolkit.Tests;

namespace LlmToolkit.Engine.Tests.Model;

/// <summary>The engine against transformers on the same weights: logits of every stored position, and the greedy continuation.</summary>
public sealed class ReferenceLogitsTests
{
    [Theory, MemberData(nameof(ConformanceModel.AllDecoders), MemberType = typeof(ConformanceModel))]
    public void Forward_Prompts_GivesReferenceLogits(ConformanceModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        ReferenceTensors expected = model.Expected();
        using DecoderModel engine = model.Load();
        List<string> misses = [];
        foreach (int n in expected.Prompts())
        {
            using DecoderState state = engine.CreateState();
            float[] logits = expected.Floats($"logits.{n}");
            float[] ours = engine.Run(state, expected.Ids($"prompt.{n}"), (int)expected.Shape($"logits.{n}")[0]);
            double distance = ModelSteps.Distance(ours, logits);
            double tolerance = model.Tolerance(logits);
            if (!(distance <= tolerance))
            {
                misses.Add($"prompt {n}: {distance:g3} > {tolerance:g3}");
            }
        }

        Assert.True(misses.Count == 0, $"{model}: {string.Join("; ", misses)}");
        Assert.Empty(engine.Findings);
    }

    [Theory, MemberData(nameof(ConformanceModel.AllDecoders), MemberType = typeof(ConformanceModel))]
    public void Forward_Greedily_GivesReferenceTokens(ConformanceModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        ReferenceTensors expected = model.Expected();
        using DecoderModel engine = model.Load();
        foreach (int n in expected.Prompts().Where(n => expected.Has($"greedy.{n}")))
        {
            using DecoderState state = engine.CreateState();
            int[] greedy = expected.Ids($"greedy.{n}");
            float[] margins = expected.Floats($"margin.{n}");
            ReadOnlySpan<int> next = expected.Ids($"prompt.{n}");
            for (int step = 0; step < greedy.Length && margins[step] >= 0.01; step++)
            {
                int token = ModelSteps.ArgMax(engine.Run(state, next, 1));
                Assert.True(token == greedy[step], $"{model}, prompt {n}, step {step}: {token} instead of {greedy[step]}, margin {margins[step]}");
                next = greedy.AsSpan(step, 1);
            }
        }
    }

    [Theory, MemberData(nameof(ConformanceModel.AllEncoders), MemberType = typeof(ConformanceModel))]
    public void Encode_Texts_GivesReferenceStates(ConformanceModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        ReferenceTensors expected = model.Expected();
        using DecoderModel engine = model.Load();
        using DecoderState state = engine.CreateState();
        foreach (int n in expected.Prompts())
        {
            float[] hidden = expected.Floats($"hidden.{n}");
            float[] ours = new float[hidden.Length];
            engine.Encode(state, expected.Ids($"prompt.{n}"), ours, TestContext.Current.CancellationToken);
            double distance = ModelSteps.Distance(ours, hidden);
            Assert.True(distance <= model.Tolerance(hidden), $"{model}, prompt {n}: {distance:g3} > {model.Tolerance(hidden):g3}");
        }

        Assert.Empty(engine.Findings);
    }

    /// <summary>A container is a container: the same values give the same bits, permuted rows and fused projections or not.</summary>
    [Theory, MemberData(nameof(ConformanceModel.Twins), MemberType = typeof(ConformanceModel))]
    public void Forward_GgufAndCheckpoint_AgreeBitForBit(string name)
    {
        Assert.SkipWhen(name == "mistral", "A GGUF of that architecture has no window.");
        ConformanceModel checkpoint = new(name, false);
        ReferenceTensors expected = checkpoint.Expected();
        using DecoderModel a = checkpoint.Load();
        using DecoderModel b = new ConformanceModel(name, true).Load();
        foreach (int n in expected.Prompts())
        {
            using DecoderState left = a.CreateState();
            using DecoderState right = b.CreateState();
            int[] ids = expected.Ids($"prompt.{n}");
            double distance = ModelSteps.Distance(a.Run(left, ids, ids.Length), b.Run(right, ids, ids.Length));
            Assert.True(distance == 0, $"{name}, prompt {n}: {distance:g3}");
        }
    }
}
