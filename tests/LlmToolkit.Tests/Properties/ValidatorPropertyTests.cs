using CsCheck;
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
        target.Inputs.Sample(input => Assert.Null(target.Judge(input)), iter: PropertyCount.Value, threads: 1, print: i => i.ToString());
    }
}
