namespace LlmToolkit.Text.Templates;

/// <summary>What follows a value: filters, tests and the arguments of calls.</summary>
internal sealed partial class Parser
{
    private Expression ParseFilters(Expression subject)
    {
        while (true)
        {
            if (Skip("|"))
            {
                subject = ParseFilter(subject);
            }
            else if (Current.IsWord("is"))
            {
                subject = ParseTest(subject);
            }
            else if (Skip("("))
            {
                subject = new Call(subject, ParseArguments());
            }
            else
            {
                return subject;
            }
        }
    }

    private Filtered ParseFilter(Expression? subject)
    {
        Token token = Current;
        string name = DottedName();
        if (!FilterTable.Has(name))
        {
            _unknown.Add(TemplateErrors.Syntax($"there is no filter '{name}'", token.Line));
        }

        return new Filtered(subject, name, Skip("(") ? ParseArguments() : CallArguments.None);
    }

    /// <summary>A chain of filters at the head of a block; its innermost subject is the block's text.</summary>
    private Filtered ParseFilterChain()
    {
        Filtered chain = ParseFilter(null);
        while (Skip("|"))
        {
            chain = ParseFilter(chain);
        }

        return chain;
    }

    private Expression ParseTest(Expression subject)
    {
        Next();
        bool negated = SkipWord("not");
        Token token = Current;
        string name = DottedName();
        if (!TestTable.Has(name))
        {
            _unknown.Add(TemplateErrors.Syntax($"there is no test '{name}'", token.Line));
        }

        CallArguments arguments = CallArguments.None;
        if (Skip("("))
        {
            arguments = ParseArguments();
        }
        else if (StartsTestArgument())
        {
            if (Current.IsWord("is"))
            {
                throw TemplateErrors.Syntax("tests cannot be chained with is", Current.Line);
            }

            arguments = new CallArguments([ParsePostfix(ParsePrimary())], [], null, null);
        }

        Expression test = new Tested(subject, name, arguments);
        return negated ? new Not(test) : test;
    }

    private bool StartsTestArgument() => Current.Kind switch
    {
        TokenKind.Name => Current.Text is not ("else" or "or" or "and"),
        TokenKind.String or TokenKind.Integer or TokenKind.Float => true,
        _ => Current.Is("[") || Current.Is("{"),
    };

    private string DottedName()
    {
        string name = ExpectName();
        while (Skip("."))
        {
            name += "." + ExpectName();
        }

        return name;
    }

    private CallArguments ParseArguments()
    {
        List<Expression> positional = [];
        List<(string, Expression)> named = [];
        Expression? star = null;
        Expression? doubleStar = null;
        bool first = true;
        while (!Skip(")"))
        {
            if (!first)
            {
                Expect(",");
                if (Skip(")"))
                {
                    break;
                }
            }

            first = false;
            int line = Current.Line;
            if (star is null && doubleStar is null && Skip("*"))
            {
                star = ParseExpression();
            }
            else if (doubleStar is null && Skip("**"))
            {
                doubleStar = ParseExpression();
            }
            else if (doubleStar is null && Current.Kind == TokenKind.Name && _tokens[_at + 1].Is("="))
            {
                string name = Next().Text;
                Next();
                named.Add((name, ParseExpression()));
            }
            else if (star is null && doubleStar is null && named.Count == 0)
            {
                positional.Add(ParseExpression());
            }
            else
            {
                throw TemplateErrors.Syntax("a positional argument follows a named one", line);
            }
        }

        return new CallArguments([.. positional], [.. named], star, doubleStar);
    }
}
