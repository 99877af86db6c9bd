using System.Globalization;
using CsCheck;

namespace LlmToolkit.Fuzz;

/// <summary>A target's inputs as a test tries them.</summary>
internal static class PropertyRun
{
    private const int Count = 2000;

    /// <summary>The first input that breaks a rule, and the rule; null: none does.</summary>
    /// <remarks>The same 2,000 inputs each time, so that a build fails for a change and not by chance. With the environment variable LLMTK_FUZZ_COUNT: as many as it says, others each time, cut down where one breaks a rule.</remarks>
    public static string? FirstViolation(FuzzTarget target)
    {
        if (!long.TryParse(Environment.GetEnvironmentVariable("LLMTK_FUZZ_COUNT"), NumberStyles.None, CultureInfo.InvariantCulture, out long count))
        {
            return FirstOfTheUsual(target);
        }

        try
        {
            target.Inputs.Sample(input => target.Judge(input) is null, iter: count, threads: 1, print: input => $"{input}\n{target.Judge(input)}");
            return null;
        }
        catch (CsCheckException e)
        {
            return e.Message;
        }
    }

    private static string? FirstOfTheUsual(FuzzTarget target)
    {
        PCG random = new(1, 1);
        Gen<FuzzInput> inputs = target.Inputs;
        for (int i = 0; i < Count; i++)
        {
            FuzzInput input = inputs.Generate(random, null, out _);
            if (target.Judge(input) is { } violation)
            {
                return $"{input}\n{violation}";
            }
        }

        return null;
    }
}
