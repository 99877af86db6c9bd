namespace LlmToolkit.Text.Templates;

/// <summary>Variables by name; what is not here is sought outside. Assignments stay inside.</summary>
internal sealed class Scope(Scope? outer)
{
    private Dictionary<string, Value>? _variables;

    /// <summary>The value, or null where no scope has it.</summary>
    public Value? Find(string name)
    {
        for (Scope? scope = this; scope is not null; scope = scope.Outer)
        {
            if (scope._variables?.TryGetValue(name, out Value? value) == true)
            {
                return value;
            }
        }

        return null;
    }

    public void Set(string name, Value value) => (_variables ??= new Dictionary<string, Value>(StringComparer.Ordinal))[name] = value;

    private Scope? Outer => outer;
}
