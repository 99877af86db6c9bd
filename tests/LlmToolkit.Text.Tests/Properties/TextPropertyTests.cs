using LlmToolkit.Fuzz;

namespace LlmToolkit.Text.Tests.Properties;

/// <summary>Valid tokenizers and templates with 1 to 3 words changed: each works or is refused, in bounded time and memory.</summary>
/// <remarks>A failure prints the input; <c>fuzz/README.md</c> says how to run many more.</remarks>
public sealed class TextPropertyTests
{
    [Fact]
    public void Tokenizer_Mutated_WorksOrIsRefused() => Holds(new TokenizerTarget());

    [Fact]
    public void Template_Mutated_WorksOrIsRefused() => Holds(new TemplateTarget());

    private static void Holds(FuzzTarget target)
    {
        using (target)
        {
            Assert.Empty(target.RefusedSeeds());
            Assert.Null(PropertyRun.FirstViolation(target));
        }
    }
}
