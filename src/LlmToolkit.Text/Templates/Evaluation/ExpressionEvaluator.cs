namespace LlmToolkit.Text.Templates;

/// <summary>Expressions, calls and look-ups.</summary>
internal sealed partial class Evaluator
{
    /// <summary>Applies a filter by its name.</summary>
    public Value Filter(string name, Value subject, Arguments arguments)
    {
        Value result = (FilterTable.Find(name) ?? throw TemplateErrors.Type($"there is no filter '{name}'"))(this, subject, arguments);
        Fuel.Spend(result);
        return result;
    }

    /// <summary>Applies a test by its name.</summary>
    public bool Test(string name, Value subject, Arguments arguments)
    {
        Fuel.Spend();
        return (TestTable.Find(name) ?? throw TemplateErrors.Type($"there is no test '{name}'"))(subject, arguments);
    }

    private Value Evaluate(Expression expression, Scope scope)
    {
        Fuel.CheckStack();
        switch (expression)
        {
            case Constant constant:
                return constant.Value;
            case Variable variable:
                return scope.Find(variable.Name) ?? UndefinedValue.Name(variable.Name);
            case AttributeOf attribute:
                Fuel.Spend();
                return Members.Attribute(Evaluate(attribute.Subject, scope), attribute.Name);
            case ItemOf item:
                Fuel.Spend();
                return Members.Item(Evaluate(item.Subject, scope), Evaluate(item.Key, scope));
            case Conditional conditional:
                return Evaluate(conditional.Test, scope).IsTrue ? Evaluate(conditional.Then, scope)
                    : conditional.Else is null ? new UndefinedValue("the condition was false and there is no else")
                    : Evaluate(conditional.Else, scope);
            case Logical logical:
                Value left = Evaluate(logical.Left, scope);
                return left.IsTrue == logical.IsAnd ? Evaluate(logical.Right, scope) : left;
            case Not not:
                return BoolValue.Of(!Evaluate(not.Operand, scope).IsTrue);
            case Comparison comparison:
                return Evaluate(comparison, scope);
            case Tested tested:
                return BoolValue.Of(Test(tested.Name, Evaluate(tested.Subject, scope), Evaluate(tested.Arguments, scope)));
            case Signed signed:
                return Operators.Sign(Evaluate(signed.Operand, scope), signed.Negative);
            default:
                Value made = Make(expression, scope);
                Fuel.Spend(made);
                return made;
        }
    }

    /// <summary>Expressions that make a value, which is paid for by its size.</summary>
    private Value Make(Expression expression, Scope scope)
    {
        switch (expression)
        {
            case Binary binary:
                return Operators.Apply(binary.Operator, Evaluate(binary.Left, scope), Evaluate(binary.Right, scope));
            case Concatenation concatenation:
                TextBuilder built = new();
                foreach (Expression part in concatenation.Parts)
                {
                    built.Append(PythonText.ToText(Evaluate(part, scope)));
                }

                return built.Build();
            case Filtered filtered:
                return Apply(filtered, null, scope);
            case Call call:
                return Invoke(Evaluate(call.Subject, scope), Evaluate(call.Arguments, scope));
            case SliceOf slice:
                return Members.Slice(Evaluate(slice.Subject, scope), Optional(slice.From, scope), Optional(slice.To, scope), Optional(slice.Step, scope));
            case ListOf list:
                return new ListValue(Evaluate(list.Items, scope));
            case TupleOf tuple:
                return new TupleValue(Evaluate(tuple.Items, scope));
            case DictOf dict:
                DictValue entries = new();
                foreach ((Expression key, Expression value) in dict.Items)
                {
                    entries.Set(Evaluate(key, scope), Evaluate(value, scope));
                }

                return entries;
            default:
                throw new InvalidOperationException($"No rule for {expression.GetType().Name}.");
        }
    }

    private Value? Optional(Expression? expression, Scope scope) => expression is null ? null : Evaluate(expression, scope);

    private Value[] Evaluate(Expression[] expressions, Scope scope)
    {
        Value[] values = new Value[expressions.Length];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = Evaluate(expressions[i], scope);
        }

        return values;
    }

    private BoolValue Evaluate(Comparison comparison, Scope scope)
    {
        Value left = Evaluate(comparison.First, scope);
        foreach ((string op, Expression operand) in comparison.Rest)
        {
            Fuel.Spend();
            Value right = Evaluate(operand, scope);
            if (op is "in" or "not in")
            {
                Fuel.Spend((Iteration.Count(right) ?? 0) >> 4);
            }

            if (!Operators.Compare(op, left, right))
            {
                return BoolValue.False;
            }

            left = right;
        }

        return BoolValue.True;
    }

    private Arguments Evaluate(CallArguments arguments, Scope scope)
    {
        if (arguments == CallArguments.None)
        {
            return Arguments.None;
        }

        List<Value> positional = [.. Evaluate(arguments.Positional, scope)];
        List<(string, Value)> named = [];
        foreach ((string name, Expression value) in arguments.Named)
        {
            named.Add((name, Evaluate(value, scope)));
        }

        if (arguments.Star is not null)
        {
            positional.AddRange(Iteration.ToList(Evaluate(arguments.Star, scope)));
        }

        if (arguments.DoubleStar is not null)
        {
            DictValue more = Evaluate(arguments.DoubleStar, scope) as DictValue ?? throw TemplateErrors.Type("what follows ** must be a dict");
            foreach ((Value key, Value value) in more.Entries)
            {
                named.Add((key is StringValue name ? name.Text : throw TemplateErrors.Type("names of arguments must be text"), value));
            }
        }

        return new Arguments(positional, named);
    }

    /// <summary>A chain of filters; the innermost subject of a block's chain is its text.</summary>
    private Value Apply(Filtered filtered, StringValue? text, Scope scope)
    {
        Value subject = filtered.Subject switch
        {
            null => text!,
            Filtered inner => Apply(inner, text, scope),
            Expression other => Evaluate(other, scope),
        };
        return Filter(filtered.Name, subject, Evaluate(filtered.Arguments, scope));
    }

    private Value Invoke(Value subject, Arguments arguments) => subject switch
    {
        CallableValue callable => callable.Invoke(this, arguments),
        ObjectValue { Call: { } call } => call(this, arguments),
        MacroValue macro => Invoke(macro, arguments),
        UndefinedValue undefined => throw undefined.Error(),
        _ => throw TemplateErrors.Type($"a {subject.TypeName} cannot be called"),
    };

    private StringValue Invoke(MacroValue called, Arguments arguments)
    {
        Macro macro = called.Macro;
        Scope scope = new(called.Scope);
        List<(string Name, Value Value)> named = [.. arguments.Named];
        Fuel.Enter();
        for (int i = 0; i < macro.Parameters.Length; i++)
        {
            string name = macro.Parameters[i];
            Value? value = i < arguments.Positional.Count ? arguments.Positional[i] : Take(named, name);
            scope.Set(name, value ?? (macro.Defaults[i] is { } other ? Evaluate(other, scope) : new UndefinedValue($"parameter '{name}' was not provided")));
        }

        if (macro.TakesCaller && !macro.Parameters.Contains("caller"))
        {
            scope.Set("caller", Take(named, "caller") ?? new UndefinedValue("no caller is defined"));
        }

        if (macro.TakesKwargs)
        {
            DictValue rest = new();
            named.ForEach(n => rest.Set(n.Name, n.Value));
            scope.Set("kwargs", rest);
        }
        else if (named.Count > 0)
        {
            throw TemplateErrors.Type($"macro '{macro.Name}' takes no argument '{named[0].Name}'");
        }

        if (macro.TakesVarargs)
        {
            scope.Set("varargs", new TupleValue([.. arguments.Positional.Skip(macro.Parameters.Length)]));
        }
        else if (arguments.Positional.Count > macro.Parameters.Length)
        {
            throw TemplateErrors.Type($"macro '{macro.Name}' takes not more than {macro.Parameters.Length} arguments");
        }

        Capture(macro.Body, scope, out StringValue text);
        Fuel.Leave();
        return text;
    }

    private static Value? Take(List<(string Name, Value Value)> named, string name)
    {
        int at = named.FindIndex(n => n.Name == name);
        if (at < 0)
        {
            return null;
        }

        Value value = named[at].Value;
        named.RemoveAt(at);
        return value;
    }
}
