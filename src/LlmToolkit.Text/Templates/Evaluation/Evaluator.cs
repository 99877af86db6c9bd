namespace LlmToolkit.Text.Templates;

/// <summary>Runs the statements of a template. One rendering has one evaluator.</summary>
/// <param name="now">What <c>strftime_now</c> tells.</param>
internal sealed partial class Evaluator(DateTime now)
{
    private TextBuilder _out = new();

    /// <summary>How a body was left.</summary>
    private enum Flow
    {
        End,
        Break,
        Continue,
    }

    /// <summary>What may still be spent.</summary>
    public Fuel Fuel { get; } = new();

    /// <summary>The clock of this rendering.</summary>
    public DateTime Now { get; } = now;

    /// <summary>The line of the statement at work.</summary>
    public int Line { get; private set; } = 1;

    /// <summary>Runs a template with the given variables.</summary>
    public StringValue Run(Statement[] template, IEnumerable<(string Name, Value Value)> variables)
    {
        Scope globals = new(null);
        Globals.AddTo(globals);
        foreach ((string name, Value value) in variables)
        {
            globals.Set(name, value);
        }

        Execute(template, new Scope(globals));
        return _out.Build();
    }

    private Flow Execute(Statement[] body, Scope scope)
    {
        foreach (Statement statement in body)
        {
            Fuel.Spend();
            Line = statement.Line;
            Flow flow = Execute(statement, scope);
            if (flow != Flow.End)
            {
                return flow;
            }
        }

        return Flow.End;
    }

    private Flow Execute(Statement statement, Scope scope)
    {
        Fuel.CheckStack();
        switch (statement)
        {
            case Data data:
                _out.Append(data.Text);
                return Flow.End;
            case Print print:
                _out.Append(PythonText.ToText(Evaluate(print.Value, scope)));
                return Flow.End;
            case If branch:
                return Execute(branch, scope);
            case For loop:
                Execute(loop, Evaluate(loop.Iterable, scope), scope, 0);
                return Flow.End;
            case Set set:
                Assign(set.Target, Evaluate(set.Value, scope), scope);
                return Flow.End;
            case SetBlock set:
                Flow setFlow = Capture(set.Body, new Scope(scope), out StringValue text);
                Assign(set.Target, set.Filter is null ? text : Apply(set.Filter, text, scope), scope);
                return setFlow;
            case MacroDefinition definition:
                scope.Set(definition.Macro.Name, new MacroValue(definition.Macro, scope));
                return Flow.End;
            case CallBlock call:
                Arguments arguments = Evaluate(call.Call.Arguments, scope);
                arguments = arguments with { Named = [.. arguments.Named, ("caller", new MacroValue(call.Caller, scope))] };
                _out.Append(PythonText.ToText(Invoke(Evaluate(call.Call.Subject, scope), arguments)));
                return Flow.End;
            case FilterBlock block:
                Flow blockFlow = Capture(block.Body, new Scope(scope), out StringValue inner);
                _out.Append(PythonText.ToText(Apply(block.Filter, inner, scope)));
                return blockFlow;
            case Scoped scoped:
                Scope own = new(scope);
                foreach ((Expression target, Expression value) in scoped.Bindings)
                {
                    Assign(target, Evaluate(value, scope), own);
                }

                return Execute(scoped.Body, own);
            case Leave leave:
                return leave.Loop ? Flow.Break : Flow.Continue;
            default:
                throw new InvalidOperationException($"No rule for {statement.GetType().Name}.");
        }
    }

    private Flow Execute(If branch, Scope scope)
    {
        foreach ((Expression test, Statement[] body) in branch.Branches)
        {
            if (Evaluate(test, scope).IsTrue)
            {
                return Execute(body, scope);
            }
        }

        return Execute(branch.Else, scope);
    }

    /// <summary>A loop. Its else runs unless some turn reached the end of the body.</summary>
    private void Execute(For loop, Value iterable, Scope outer, int depth)
    {
        List<Value> items = [];
        foreach (Value item in Iteration.Over(iterable))
        {
            Fuel.Spend();
            if (loop.Filter is null || Passes(loop, item, outer))
            {
                items.Add(item);
            }
        }

        bool reachedEnd = false;
        LoopState state = new(items, depth, loop.Recursive ? inner => Recurse(loop, inner, outer, depth + 1) : null);
        for (; state.Index < items.Count; state.Index++)
        {
            Fuel.Spend();
            Scope turn = new(outer);
            turn.Set("loop", state.Value);
            Assign(loop.Target, items[state.Index], turn);
            Flow flow = Execute(loop.Body, turn);
            reachedEnd |= flow == Flow.End;
            if (flow == Flow.Break)
            {
                break;
            }
        }

        if (!reachedEnd)
        {
            Execute(loop.Else, new Scope(outer));
        }
    }

    private bool Passes(For loop, Value item, Scope outer)
    {
        Scope scope = new(outer);
        Assign(loop.Target, item, scope);
        return Evaluate(loop.Filter!, scope).IsTrue;
    }

    private StringValue Recurse(For loop, Value iterable, Scope outer, int depth)
    {
        Fuel.Enter();
        TextBuilder before = _out;
        _out = new TextBuilder();
        Execute(loop, iterable, outer, depth);
        StringValue text = _out.Build();
        _out = before;
        Fuel.Leave();
        return text;
    }

    private Flow Capture(Statement[] body, Scope scope, out StringValue text)
    {
        TextBuilder before = _out;
        _out = new TextBuilder();
        Flow flow = Execute(body, scope);
        text = _out.Build();
        Fuel.Spend(text);
        _out = before;
        return flow;
    }

    private static void Assign(Expression target, Value value, Scope scope)
    {
        switch (target)
        {
            case Variable variable:
                scope.Set(variable.Name, value);
                break;
            case NamespaceTarget member:
                NamespaceValue names = scope.Find(member.Namespace) as NamespaceValue
                    ?? throw TemplateErrors.Type($"'{member.Namespace}' is no namespace, so '{member.Name}' cannot be set on it");
                names.Set(member.Name, value);
                break;
            case TupleOf tuple:
                List<Value> items = Iteration.ToList(value);
                if (items.Count != tuple.Items.Length)
                {
                    throw TemplateErrors.Type($"{items.Count} values cannot be given to {tuple.Items.Length} names");
                }

                for (int i = 0; i < items.Count; i++)
                {
                    Assign(tuple.Items[i], items[i], scope);
                }

                break;
            default:
                throw new InvalidOperationException($"No rule to assign to {target.GetType().Name}.");
        }
    }
}
