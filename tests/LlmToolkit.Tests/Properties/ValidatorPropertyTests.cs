using LlmToolkit.Fuzz;

namespace LlmToolkit.Tests.Properties;

/// <summary>Valid models with 1 to 3 fields changed: each gets a verdict with every value read, in bounded time and memory.</summary>
/// <remarks>A failure prints the input; <c>fuzz/README.md</c> says how to run many more.</remarks>
public sealed class ValidatorPropertyTests
{
    [Fact]
    public void Validate_MutatedModels_GivesAVerdict()
    {
        using ValidatorTarget target = new();
        Assert.Null(PropertyRun.FirstViolation(target));
    }
}
