namespace LlmToolkit.Text.Templates;

/// <summary>The evaluated arguments of a call.</summary>
internal sealed record Arguments(IReadOnlyList<Value> Positional, IReadOnlyList<(string Name, Value Value)> Named)
{
    public static Arguments None { get; } = new([], []);

    /// <summary>Values by parameter, null where one was not given.</summary>
    /// <param name="function">The function's name, for messages.</param>
    /// <param name="required">How many of the first parameters must be given.</param>
    /// <param name="parameters">Their names in order.</param>
    public Value?[] Bind(string function, int required, params string[] parameters)
    {
        if (Positional.Count > parameters.Length)
        {
            throw TemplateErrors.Type($"{function}() takes at most {parameters.Length} arguments, {Positional.Count} were given");
        }

        Value?[] values = new Value?[parameters.Length];
        for (int i = 0; i < Positional.Count; i++)
        {
            values[i] = Positional[i];
        }

        foreach ((string name, Value value) in Named)
        {
            int at = Array.IndexOf(parameters, name);
            if (at < 0 || values[at] is not null)
            {
                throw TemplateErrors.Type(at < 0 ? $"{function}() has no argument '{name}'" : $"{function}() got '{name}' twice");
            }

            values[at] = value;
        }

        for (int i = 0; i < required; i++)
        {
            if (values[i] is null)
            {
                throw TemplateErrors.Type($"{function}() misses its argument '{parameters[i]}'");
            }
        }

        return values;
    }

    /// <summary>The same without its first positional argument.</summary>
    public Arguments Rest(int from = 1) => new([.. Positional.Skip(from)], Named);

    /// <summary>A named argument, or null.</summary>
    public Value? Find(string name)
    {
        foreach ((string n, Value value) in Named)
        {
            if (n == name)
            {
                return value;
            }
        }

        return null;
    }
}
