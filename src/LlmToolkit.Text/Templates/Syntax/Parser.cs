using System.Runtime.CompilerServices;

namespace LlmToolkit.Text.Templates;

/// <summary>Builds the tree of a template. Follows jinja2, <c>parser.py</c>, for what is accepted and how it binds.</summary>
internal sealed partial class Parser
{
    private readonly List<Token> _tokens;

    /// <summary>Filters and tests that do not exist, not yet known to stand in a conditional.</summary>
    private readonly List<ModelException> _unknown = [];

    /// <summary>For each macro that is being read: which of varargs, kwargs, caller its body names.</summary>
    private readonly List<HashSet<string>> _mentions = [];

    private readonly List<string> _openTags = [];
    private int _at;
    private int _depth;
    private int _loops;

    private Parser(List<Token> tokens) => _tokens = tokens;

    private Token Current => _tokens[_at];

    /// <summary>The statements of a template.</summary>
    /// <exception cref="ModelException">It is not in the language.</exception>
    public static Statement[] Parse(string template)
    {
        Parser parser = new(Lexer.Run(template));
        return parser.Frame(() => parser.ParseBody());
    }

    /// <summary>Reads what has a scope of its own: unknown filters inside are errors, whatever stands around it.</summary>
    private T Frame<T>(Func<T> read)
    {
        int unknown = _unknown.Count;
        T result = read();
        return _unknown.Count > unknown ? throw _unknown[unknown] : result;
    }

    private Statement[] ParseBody(params string[] ends)
    {
        Enter();
        List<Statement> body = [];
        while (true)
        {
            Token token = Next();
            switch (token.Kind)
            {
                case TokenKind.Data:
                    body.Add(new Data(StringValue.Of(token.Text), token.Line));
                    break;
                case TokenKind.PrintBegin:
                    body.Add(new Print(ParseTuple(), token.Line));
                    Expect(TokenKind.PrintEnd);
                    break;
                case TokenKind.BlockBegin:
                    if (Current.Kind != TokenKind.Name)
                    {
                        throw TemplateErrors.Syntax("tag name expected", Current.Line);
                    }

                    if (Array.IndexOf(ends, Current.Text) >= 0)
                    {
                        _depth--;
                        return [.. body];
                    }

                    body.Add(ParseStatement());
                    Expect(TokenKind.BlockEnd);
                    break;
                default:
                    if (ends.Length > 0)
                    {
                        throw TemplateErrors.Syntax($"the template ends inside of {{% {_openTags[^1]} %}}; expected {string.Join(" or ", ends)}", token.Line);
                    }

                    _depth--;
                    return [.. body];
            }
        }
    }

    private Statement ParseStatement()
    {
        Token tag = Next();
        _openTags.Add(tag.Text);
        Statement statement = tag.Text switch
        {
            "for" => ParseFor(tag.Line),
            "if" => ParseIf(tag.Line),
            "set" => ParseSet(tag.Line),
            "macro" => ParseMacro(tag.Line),
            "call" => ParseCall(tag.Line),
            "filter" => ParseFilterBlock(tag.Line),
            "with" => ParseWith(tag.Line),
            "print" => new Print(ParseTuple(), tag.Line),
            "generation" => new Scoped([], Frame(() => BodyUntil("endgeneration")), tag.Line),
            "block" => ParseBlock(tag.Line),
            "break" or "continue" => ParseLeave(tag),
            "include" or "import" or "from" or "extends" or "autoescape" => throw TemplateErrors.Unsupported(tag.Text, tag.Line),
            _ => throw TemplateErrors.Syntax($"unknown tag '{tag.Text}'", tag.Line),
        };
        _openTags.RemoveAt(_openTags.Count - 1);
        return statement;
    }

    private For ParseFor(int line)
    {
        Expression target = ParseTarget("in", canSetNamespace: false);
        ExpectWord("in");
        Expression iterable = ParseTuple(withCondition: false, endWord: "recursive");
        Expression? filter = null;
        if (SkipWord("if"))
        {
            filter = Frame(() => ParseExpression());
        }

        bool recursive = SkipWord("recursive");
        _loops++;
        Statement[] body = Frame(() => Body("endfor", "else"));
        _loops--;
        Statement[] otherwise = SkipWord("else") ? Frame(() => BodyUntil("endfor")) : Close();
        return new For(target, iterable, filter, recursive, body, otherwise, line);
    }

    private If ParseIf(int line)
    {
        int unknown = _unknown.Count;
        List<(Expression, Statement[])> branches = [];
        do
        {
            branches.Add((ParseTuple(withCondition: false), Body("elif", "else", "endif")));
        }
        while (SkipWord("elif"));
        Statement[] otherwise = SkipWord("else") ? BodyUntil("endif") : Close();
        _unknown.RemoveRange(unknown, _unknown.Count - unknown);
        return new If([.. branches], otherwise, line);
    }

    private Statement ParseSet(int line)
    {
        Expression target = ParseTarget(null, canSetNamespace: true);
        if (Skip("="))
        {
            return new Set(target, ParseTuple(), line);
        }

        Filtered? filter = Skip("|") ? ParseFilterChain() : null;
        return new SetBlock(target, filter, Frame(() => BodyUntil("endset")), line);
    }

    private MacroDefinition ParseMacro(int line)
    {
        string name = ExpectName();
        (string[] parameters, Expression?[] defaults) = ParseSignature();
        return new MacroDefinition(ParseMacroBody(name, parameters, defaults, "endmacro"), line);
    }

    private CallBlock ParseCall(int line)
    {
        (string[] parameters, Expression?[] defaults) = Current.Is("(") ? ParseSignature() : ([], []);
        Call call = ParseExpression() as Call ?? throw TemplateErrors.Syntax("expected a call after {% call", line);
        return new CallBlock(call, ParseMacroBody("caller", parameters, defaults, "endcall"), line);
    }

    private Macro ParseMacroBody(string name, string[] parameters, Expression?[] defaults, string end)
    {
        int loops = _loops;
        _loops = 0;
        HashSet<string> mentions = new(StringComparer.Ordinal);
        _mentions.Add(mentions);
        Statement[] body = Frame(() => BodyUntil(end));
        _mentions.Remove(mentions);
        _loops = loops;
        return new Macro(name, parameters, defaults, body, mentions.Contains("varargs"), mentions.Contains("kwargs"), mentions.Contains("caller"));
    }

    private (string[] Parameters, Expression?[] Defaults) ParseSignature()
    {
        Expect("(");
        List<string> parameters = [];
        List<Expression?> defaults = [];
        while (!Skip(")"))
        {
            if (parameters.Count > 0)
            {
                Expect(",");
            }

            Token name = Current;
            parameters.Add(ExpectName());
            defaults.Add(Skip("=") ? ParseExpression() : null);
            if (defaults.Count > 1 && defaults[^1] is null && defaults[^2] is not null)
            {
                throw TemplateErrors.Syntax("a parameter without a default follows one that has it", name.Line);
            }
        }

        return ([.. parameters], [.. defaults]);
    }

    private FilterBlock ParseFilterBlock(int line)
    {
        Filtered filter = ParseFilterChain();
        return new FilterBlock(filter, Frame(() => BodyUntil("endfilter")), line);
    }

    private Scoped ParseWith(int line)
    {
        List<(Expression, Expression)> bindings = [];
        while (Current.Kind != TokenKind.BlockEnd)
        {
            if (bindings.Count > 0)
            {
                Expect(",");
            }

            Expression target = ParseTarget(null, canSetNamespace: false);
            Expect("=");
            bindings.Add((target, ParseExpression()));
        }

        return new Scoped([.. bindings], Frame(() => BodyUntil("endwith")), line);
    }

    private Scoped ParseBlock(int line)
    {
        string name = ExpectName();
        SkipWord("scoped");
        Statement[] body = Frame(() => BodyUntil("endblock"));
        SkipWord(name);
        return new Scoped([], body, line);
    }

    private Leave ParseLeave(Token tag) => _loops > 0
        ? new Leave(tag.Text == "break", tag.Line)
        : throw TemplateErrors.Syntax($"'{tag.Text}' outside of a loop", tag.Line);

    /// <summary>The rest of a tag, the body after it, up to one of the ends, which is left to be read.</summary>
    private Statement[] Body(params string[] ends)
    {
        Skip(":");
        Expect(TokenKind.BlockEnd);
        return ParseBody(ends);
    }

    private Statement[] BodyUntil(string end)
    {
        Statement[] body = Body(end);
        Next();
        return body;
    }

    /// <summary>Reads the end tag's name where there was no else.</summary>
    private Statement[] Close()
    {
        Next();
        return [];
    }

    private Expression ParseTarget(string? endWord, bool canSetNamespace)
    {
        int line = Current.Line;
        Expression target = ParseTuple(endWord: endWord, isTarget: true);
        CheckTarget(target, canSetNamespace, line);
        return target;
    }

    private Expression ParseTargetItem()
    {
        if (Current.Kind == TokenKind.Name && _tokens[_at + 1].Is("."))
        {
            string name = Next().Text;
            Next();
            return new NamespaceTarget(name, ExpectName());
        }

        Enter();
        Expression item = ParsePrimary();
        _depth--;
        return item;
    }

    private static void CheckTarget(Expression target, bool canSetNamespace, int line)
    {
        switch (target)
        {
            case Variable variable when canSetNamespace || variable.Name != "loop":
                return;
            case NamespaceTarget when canSetNamespace:
                return;
            case TupleOf tuple:
                foreach (Expression item in tuple.Items)
                {
                    CheckTarget(item, canSetNamespace, line);
                }

                return;
            default:
                throw TemplateErrors.Syntax("this cannot be assigned to", line);
        }
    }

    private void Mention(string name)
    {
        if (name is "varargs" or "kwargs" or "caller")
        {
            _mentions.ForEach(m => m.Add(name));
        }
    }

    private void Enter()
    {
        if (++_depth > Limits.Nesting || !RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            throw TemplateErrors.Limit($"Line {Current.Line} of the template is nested", Limits.Nesting);
        }
    }

    private Token Next()
    {
        Token token = _tokens[_at];
        if (token.Kind != TokenKind.End)
        {
            _at++;
        }

        return token;
    }

    private bool Skip(string op)
    {
        bool found = Current.Is(op);
        if (found)
        {
            _at++;
        }

        return found;
    }

    private bool SkipWord(string word)
    {
        bool found = Current.IsWord(word);
        if (found)
        {
            _at++;
        }

        return found;
    }

    private void Expect(string op)
    {
        if (!Skip(op))
        {
            throw TemplateErrors.Syntax($"expected '{op}', got {Current}", Current.Line);
        }
    }

    private void ExpectWord(string word)
    {
        if (!SkipWord(word))
        {
            throw TemplateErrors.Syntax($"expected '{word}', got {Current}", Current.Line);
        }
    }

    private void Expect(TokenKind kind)
    {
        if (Next() is var token && token.Kind != kind)
        {
            throw TemplateErrors.Syntax($"expected {new Token(kind, "", 0)}, got {token}", token.Line);
        }
    }

    private string ExpectName() => Next() is { Kind: TokenKind.Name } token
        ? token.Text
        : throw TemplateErrors.Syntax($"expected a name, got {_tokens[Math.Max(0, _at - 1)]}", Current.Line);
}
