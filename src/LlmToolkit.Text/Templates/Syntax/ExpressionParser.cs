using System.Globalization;
using System.Numerics;

namespace LlmToolkit.Text.Templates;

/// <summary>Expressions, by Jinja's own precedence: <c>or, and, not, compare, + -, ~, * / // %, **, sign, postfix, filter and test</c>.</summary>
internal sealed partial class Parser
{
    private static readonly Dictionary<string, Constant> s_words = new(StringComparer.Ordinal)
    {
        ["true"] = new(BoolValue.True),
        ["True"] = new(BoolValue.True),
        ["false"] = new(BoolValue.False),
        ["False"] = new(BoolValue.False),
        ["none"] = new(NoneValue.Instance),
        ["None"] = new(NoneValue.Instance),
    };

    private Expression ParseExpression(bool withCondition = true)
    {
        Enter();
        Expression parsed = withCondition ? ParseConditional() : ParseOr();
        _depth--;
        return parsed;
    }

    private Expression ParseConditional()
    {
        int unknown = _unknown.Count;
        Expression then = ParseOr();
        bool conditional = false;
        while (SkipWord("if"))
        {
            conditional = true;
            Expression test = ParseOr();
            Expression? other = SkipWord("else") ? ParseExpression() : null;
            then = new Conditional(test, then, other);
        }

        if (conditional)
        {
            // Inside of a conditional an unknown filter fails only when it is reached.
            _unknown.RemoveRange(unknown, _unknown.Count - unknown);
        }

        return then;
    }

    private Expression ParseOr()
    {
        Expression left = ParseAnd();
        while (SkipWord("or"))
        {
            left = new Logical(false, left, ParseAnd());
        }

        return left;
    }

    private Expression ParseAnd()
    {
        Expression left = ParseNot();
        while (SkipWord("and"))
        {
            left = new Logical(true, left, ParseNot());
        }

        return left;
    }

    private Expression ParseNot()
    {
        if (!SkipWord("not"))
        {
            return ParseComparison();
        }

        Enter();
        Not not = new(ParseNot());
        _depth--;
        return not;
    }

    private Expression ParseComparison()
    {
        Expression first = ParseSum();
        List<(string, Expression)> rest = [];
        while (ComparisonOperator() is string op)
        {
            rest.Add((op, ParseSum()));
        }

        return rest.Count == 0 ? first : new Comparison(first, [.. rest]);
    }

    private string? ComparisonOperator()
    {
        if (Current.Kind == TokenKind.Operator && Current.Text is "==" or "!=" or "<" or ">" or "<=" or ">=")
        {
            return Next().Text;
        }

        if (SkipWord("in"))
        {
            return "in";
        }

        if (Current.IsWord("not") && _tokens[_at + 1].IsWord("in"))
        {
            _at += 2;
            return "not in";
        }

        return null;
    }

    private Expression ParseSum()
    {
        Expression left = ParseConcatenation();
        while (Current.Is("+") || Current.Is("-"))
        {
            left = new Binary(Next().Text, left, ParseConcatenation());
        }

        return left;
    }

    private Expression ParseConcatenation()
    {
        Expression first = ParseProduct();
        if (!Current.Is("~"))
        {
            return first;
        }

        List<Expression> parts = [first];
        while (Skip("~"))
        {
            parts.Add(ParseProduct());
        }

        return new Concatenation([.. parts]);
    }

    private Expression ParseProduct()
    {
        Expression left = ParsePower();
        while (Current.Kind == TokenKind.Operator && Current.Text is "*" or "/" or "//" or "%")
        {
            left = new Binary(Next().Text, left, ParsePower());
        }

        return left;
    }

    private Expression ParsePower()
    {
        Expression left = ParseUnary(true);
        while (Skip("**"))
        {
            left = new Binary("**", left, ParseUnary(true));
        }

        return left;
    }

    private Expression ParseUnary(bool withFilter)
    {
        Expression parsed;
        if (Current.Is("-") || Current.Is("+"))
        {
            Enter();
            bool negative = Next().Text == "-";
            parsed = new Signed(ParseUnary(false), negative);
            _depth--;
        }
        else
        {
            parsed = ParsePrimary();
        }

        parsed = ParsePostfix(parsed);
        return withFilter ? ParseFilters(parsed) : parsed;
    }

    private Expression ParsePrimary()
    {
        Token token = Next();
        switch (token.Kind)
        {
            case TokenKind.Name:
                Mention(token.Text);
                return s_words.TryGetValue(token.Text, out Constant? word) ? word : new Variable(token.Text);
            case TokenKind.String:
                string text = token.Text;
                while (Current.Kind == TokenKind.String)
                {
                    text += Next().Text;
                }

                return new Constant(StringValue.Of(text));
            case TokenKind.Integer:
                return new Constant(new IntValue(Integer(token)));
            case TokenKind.Float:
                return new Constant(new FloatValue(double.Parse(token.Text, CultureInfo.InvariantCulture)));
            case TokenKind.Operator when token.Text == "(":
                Expression inner = ParseTuple(parenthesized: true);
                Expect(")");
                return inner;
            case TokenKind.Operator when token.Text == "[":
                return new ListOf(Items("]", () => ParseExpression()));
            case TokenKind.Operator when token.Text == "{":
                return new DictOf(Items("}", ParseEntry));
            default:
                throw TemplateErrors.Syntax($"expected an expression, got {token}", token.Line);
        }
    }

    private (Expression Key, Expression Value) ParseEntry()
    {
        Expression key = ParseExpression();
        Expect(":");
        return (key, ParseExpression());
    }

    private T[] Items<T>(string close, Func<T> item)
    {
        List<T> items = [];
        while (!Skip(close))
        {
            if (items.Count > 0)
            {
                Expect(",");
                if (Skip(close))
                {
                    break;
                }
            }

            items.Add(item());
        }

        return [.. items];
    }

    private static BigInteger Integer(Token token)
    {
        string text = token.Text;
        if (text.Length > 4300)
        {
            throw TemplateErrors.Limit($"A number on line {token.Line} has {text.Length} digits", 4300);
        }

        char prefix = text.Length > 2 ? char.ToLowerInvariant(text[1]) : ' ';
        return prefix switch
        {
            'x' => BigInteger.Parse(string.Concat("0", text.AsSpan(2)), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture),
            'b' => BigInteger.Parse(string.Concat("0", text.AsSpan(2)), NumberStyles.AllowBinarySpecifier, CultureInfo.InvariantCulture),
            'o' => text.AsSpan(2).ToString().Aggregate(BigInteger.Zero, (sum, digit) => (sum * 8) + digit - '0'),
            _ => BigInteger.Parse(text, CultureInfo.InvariantCulture),
        };
    }

    /// <summary>Expressions with commas between them; one alone is itself.</summary>
    private Expression ParseTuple(bool withCondition = true, bool parenthesized = false, string? endWord = null, bool isTarget = false)
    {
        List<Expression> items = [];
        bool isTuple = false;
        while (true)
        {
            if (items.Count > 0)
            {
                Expect(",");
            }

            if (Current.Kind is TokenKind.PrintEnd or TokenKind.BlockEnd || Current.Is(")") || (endWord is not null && Current.IsWord(endWord)))
            {
                break;
            }

            items.Add(isTarget ? ParseTargetItem() : ParseExpression(withCondition));
            if (!Current.Is(","))
            {
                break;
            }

            isTuple = true;
        }

        if (isTuple || (items.Count == 0 && parenthesized))
        {
            return new TupleOf([.. items]);
        }

        return items.Count == 1 ? items[0] : throw TemplateErrors.Syntax($"expected an expression, got {Current}", Current.Line);
    }

    private Expression ParsePostfix(Expression subject)
    {
        while (true)
        {
            if (Skip("."))
            {
                Token name = Next();
                subject = name.Kind switch
                {
                    TokenKind.Name => new AttributeOf(subject, name.Text),
                    TokenKind.Integer => new ItemOf(subject, new Constant(new IntValue(Integer(name)))),
                    _ => throw TemplateErrors.Syntax($"expected a name or a number after '.', got {name}", name.Line),
                };
            }
            else if (Skip("["))
            {
                subject = ParseSubscript(subject);
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

    private Expression ParseSubscript(Expression subject)
    {
        Expression? from = Current.Is(":") || Current.Is("]") ? null : ParseExpression();
        if (Skip(":"))
        {
            Expression? to = Current.Is(":") || Current.Is("]") ? null : ParseExpression();
            Expression? step = Skip(":") && !Current.Is("]") ? ParseExpression() : null;
            Expect("]");
            return new SliceOf(subject, from, to, step);
        }

        if (from is null)
        {
            Expect("]");
            return new ItemOf(subject, new TupleOf([]));
        }

        if (!Current.Is(","))
        {
            Expect("]");
            return new ItemOf(subject, from);
        }

        Next();
        return new ItemOf(subject, new TupleOf([from, .. Items("]", () => ParseExpression())]));
    }
}
