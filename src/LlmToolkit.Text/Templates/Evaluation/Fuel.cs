using System.Runtime.CompilerServices;

namespace LlmToolkit.Text.Templates;

/// <summary>What one rendering may still spend: steps, and calls inside one another. Without it a template could run for ever or overflow the stack, which ends the process.</summary>
internal sealed class Fuel
{
    private int _steps = Limits.Steps;
    private int _calls;

    /// <summary>Pays for work.</summary>
    public void Spend(int steps = 1)
    {
        _steps -= steps;
        if (_steps < 0)
        {
            throw TemplateErrors.Limit("The template takes too many steps", Limits.Steps);
        }
    }

    /// <summary>Pays for a value by its size.</summary>
    public void Spend(Value made) => Spend(1 + (made switch
    {
        StringValue text => text.Text.Length >> 5,
        SequenceValue sequence => sequence.Items.Count >> 1,
        DictValue dict => dict.Entries.Count,
        _ => 0,
    }));

    /// <summary>Begins a call.</summary>
    public void Enter()
    {
        if (++_calls > Limits.CallDepth)
        {
            throw TemplateErrors.Limit("Macros call one another", Limits.CallDepth);
        }
    }

    /// <summary>Ends a call.</summary>
    public void Leave() => _calls--;

    /// <summary>Refuses to go deeper where the thread's stack ends.</summary>
    public static void CheckStack()
    {
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            throw TemplateErrors.Limit("The template's expressions and calls are nested", Limits.CallDepth);
        }
    }
}
