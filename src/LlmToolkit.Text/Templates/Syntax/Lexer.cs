using System.Text;

namespace LlmToolkit.Text.Templates;

/// <summary>Cuts a template into tokens, with transformers' white space rules: trim_blocks, lstrip_blocks, no final newline.</summary>
/// <remarks>The order of the rules follows jinja2, <c>lexer.py</c>.</remarks>
internal sealed class Lexer
{
    private static readonly string[] s_operators =
        ["**", "//", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}", ">", "<", "=", ".", ":", "|", ",", ";"];

    private readonly string _source;
    private readonly List<Token> _tokens = [];
    private int _at;
    private int _counted;
    private int _line = 1;

    private Lexer(string source) => _source = source;

    /// <summary>The tokens of a template, an End last.</summary>
    public static List<Token> Run(string template)
    {
        if (template.Length > Limits.SourceLength)
        {
            throw TemplateErrors.Limit($"The template has {template.Length} characters", Limits.SourceLength);
        }

        string source = template.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        Lexer lexer = new(source.EndsWith('\n') ? source[..^1] : source);
        lexer.Root();
        lexer.Add(TokenKind.End, "");
        return lexer._tokens;
    }

    private void Root()
    {
        while (_at < _source.Length)
        {
            int open = FindTag(_at);
            if (open < 0)
            {
                AddData(_source[_at..]);
                _at = _source.Length;
                return;
            }

            char kind = _source[open + 1];
            int inner = open + 2;
            char sign = Sign(ref inner);
            AddData(Strip(_source[_at..open], sign, kind != '{'));
            _at = inner;
            if (kind == '#')
            {
                Comment();
            }
            else if (kind == '%' && RawBegin(inner) is int body)
            {
                _at = body;
                Raw();
            }
            else
            {
                Add(kind == '%' ? TokenKind.BlockBegin : TokenKind.PrintBegin, _source[open..inner]);
                Inside(kind == '%');
            }
        }
    }

    /// <summary>What remains of the text before a tag: <c>-</c> takes all white space, a block tag at the start of a line takes its indentation.</summary>
    private string Strip(string text, char sign, bool isBlock)
    {
        if (sign == '-')
        {
            return PythonText.TrimEnd(text);
        }

        int line = text.LastIndexOf('\n') + 1;
        bool startsLine = line > 0 || _at == 0 || _source[_at - 1] == '\n';
        return isBlock && sign != '+' && startsLine && PythonText.IsSpace(text.AsSpan(line)) ? text[..line] : text;
    }

    private int FindTag(int from)
    {
        for (int i = from; (i = _source.IndexOf('{', i)) >= 0 && i + 1 < _source.Length; i++)
        {
            if (_source[i + 1] is '{' or '%' or '#')
            {
                return i;
            }
        }

        return -1;
    }

    private char Sign(ref int at) => at < _source.Length && _source[at] is '-' or '+' ? _source[at++] : ' ';

    private void Comment()
    {
        int end = _source.IndexOf("#}", _at, StringComparison.Ordinal);
        if (end < 0)
        {
            throw TemplateErrors.Syntax("Missing end of comment tag", Line());
        }

        char sign = end > _at ? _source[end - 1] : ' ';
        _at = AfterTag(end + 2, sign);
    }

    /// <summary>The position after a block's or a comment's end: <c>-</c> takes white space, nothing takes one newline, <c>+</c> leaves it.</summary>
    private int AfterTag(int at, char sign)
    {
        if (sign == '-')
        {
            return SkipSpace(at);
        }

        return sign != '+' && at < _source.Length && _source[at] == '\n' ? at + 1 : at;
    }

    private int SkipSpace(int at)
    {
        while (at < _source.Length && PythonText.IsSpace(_source[at]))
        {
            at++;
        }

        return at;
    }

    /// <summary>The position after <c>raw %}</c>, if that is what stands here; its newline stays.</summary>
    private int? RawBegin(int at)
    {
        int end = Word(at, "raw");
        return end < 0 ? null : At(end, "-%}") ? SkipSpace(end + 3) : At(end, "%}") ? end + 2 : null;
    }

    private void Raw()
    {
        for (int tag = _at; (tag = _source.IndexOf("{%", tag, StringComparison.Ordinal)) >= 0; tag += 2)
        {
            int inner = tag + 2;
            char sign = Sign(ref inner);
            int end = Word(inner, "endraw");
            int length = end < 0 ? 0 : At(end, "%}") ? 2 : At(end, "-%}") || At(end, "+%}") ? 3 : 0;
            if (length > 0)
            {
                AddData(Strip(_source[_at..tag], sign, true));
                _at = AfterTag(end + length, length == 3 ? _source[end] : ' ');
                return;
            }
        }

        if (_at < _source.Length)
        {
            throw TemplateErrors.Syntax("Missing end of raw directive", Line());
        }
    }

    private int Word(int at, string word)
    {
        at = SkipSpace(at);
        return At(at, word) ? SkipSpace(at + word.Length) : -1;
    }

    private bool At(int at, string text) => string.CompareOrdinal(_source, at, text, 0, text.Length) == 0;

    /// <summary>The inside of a tag; its end counts only outside of brackets.</summary>
    private void Inside(bool block)
    {
        Stack<char> open = new();
        string close = block ? "%}" : "}}";
        while ((_at = SkipSpace(_at)) < _source.Length)
        {
            if (open.Count == 0 && End(block, close))
            {
                return;
            }

            char c = _source[_at];
            if (char.IsAsciiDigit(c))
            {
                Number();
            }
            else if (IsNameChar(c))
            {
                int start = _at;
                while (_at < _source.Length && IsNameChar(_source[_at]))
                {
                    _at++;
                }

                Add(TokenKind.Name, _source[start.._at]);
            }
            else if (c is '\'' or '"')
            {
                Text(c);
            }
            else
            {
                Operator(open);
            }
        }
    }

    private bool End(bool block, string close)
    {
        bool signed = _source[_at] == '-' || (block && _source[_at] == '+');
        int at = signed ? _at + 1 : _at;
        if (!At(at, close))
        {
            return false;
        }

        Add(block ? TokenKind.BlockEnd : TokenKind.PrintEnd, close);
        char sign = signed ? _source[_at] : ' ';
        _at = block || sign == '-' ? AfterTag(at + 2, sign) : at + 2;
        return true;
    }

    private static bool IsNameChar(char c) => c == '_' || char.IsLetterOrDigit(c)
        || char.GetUnicodeCategory(c) is System.Globalization.UnicodeCategory.NonSpacingMark or System.Globalization.UnicodeCategory.SpacingCombiningMark;

    private void Operator(Stack<char> open)
    {
        string op = Array.Find(s_operators, o => At(_at, o)) ?? throw TemplateErrors.Syntax($"unexpected character '{Rune()}'", Line());
        if (op is "(" or "[" or "{")
        {
            open.Push(op[0] switch { '(' => ')', '[' => ']', _ => '}' });
            if (open.Count > Limits.Nesting)
            {
                throw TemplateErrors.Limit("Brackets are nested", Limits.Nesting);
            }
        }
        else if (op is ")" or "]" or "}" && (!open.TryPop(out char expected) || expected != op[0]))
        {
            throw TemplateErrors.Syntax($"unexpected '{op}'", Line());
        }

        Add(TokenKind.Operator, op);
        _at += op.Length;
    }

    private string Rune() => System.Text.Rune.TryGetRuneAt(_source, _at, out Rune rune) ? rune.ToString() : "\uFFFD";

    /// <summary>A number; right after a point only digits are taken, so that <c>a.1.0</c> is two look-ups.</summary>
    private void Number()
    {
        int start = _at;
        bool afterPoint = start > 0 && _source[start - 1] == '.';
        int digits = Digits(start, char.IsAsciiDigit);
        int end = digits;
        if (!afterPoint)
        {
            int fraction = end + 1 < _source.Length && _source[end] == '.' ? Digits(end + 1, char.IsAsciiDigit) : end;
            end = fraction > end + 1 ? fraction : end;
            if (end < _source.Length && _source[end] is 'e' or 'E')
            {
                int from = end + 1 < _source.Length && _source[end + 1] is '+' or '-' ? end + 2 : end + 1;
                int exponent = Digits(from, char.IsAsciiDigit);
                end = exponent > from ? exponent : end;
            }

            if (end > digits)
            {
                AddNumber(TokenKind.Float, end);
                return;
            }
        }

        if (_source[start] == '0')
        {
            Func<char, bool>? rule = start + 1 >= _source.Length ? null : char.ToLowerInvariant(_source[start + 1]) switch
            {
                'x' => char.IsAsciiHexDigit,
                'o' => c => c is >= '0' and <= '7',
                'b' => c => c is '0' or '1',
                _ => null,
            };
            int prefixed = rule is null ? 0 : Digits(start + 2, rule, underscoreFirst: true);
            digits = prefixed > start + 2 ? prefixed : Digits(start, c => c == '0');
        }

        AddNumber(TokenKind.Integer, digits);
    }

    private int Digits(int at, Func<char, bool> rule, bool underscoreFirst = false)
    {
        int start = at;
        while (at < _source.Length)
        {
            bool separator = _source[at] == '_' && at + 1 < _source.Length && rule(_source[at + 1]) && (at > start || underscoreFirst);
            if (!separator && !rule(_source[at]))
            {
                break;
            }

            at += separator ? 2 : 1;
        }

        return at;
    }

    private void AddNumber(TokenKind kind, int end)
    {
        Add(kind, _source[_at..end].Replace("_", "", StringComparison.Ordinal));
        _at = end;
    }

    private void Text(char quote)
    {
        int end = _at + 1;
        while (end < _source.Length && _source[end] != quote)
        {
            end += _source[end] == '\\' ? 2 : 1;
        }

        if (end >= _source.Length)
        {
            throw TemplateErrors.Syntax($"unexpected character {quote}: the string does not end", Line());
        }

        Add(TokenKind.String, StringEscapes.Resolve(_source.AsSpan(_at + 1, end - _at - 1), Line()));
        _at = end + 1;
    }

    private void AddData(string text)
    {
        if (text.Length > 0)
        {
            _tokens.Add(new Token(TokenKind.Data, text, Line()));
        }
    }

    private void Add(TokenKind kind, string text) => _tokens.Add(new Token(kind, text, Line()));

    private int Line()
    {
        int at = Math.Min(_at, _source.Length);
        _line += _source.AsSpan(_counted, Math.Max(0, at - _counted)).Count('\n');
        _counted = Math.Max(_counted, at);
        return _line;
    }
}
