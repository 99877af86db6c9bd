namespace LlmToolkit.Text.Templates;

/// <summary>What a token is.</summary>
internal enum TokenKind
{
    /// <summary>Text outside of tags.</summary>
    Data,

    /// <summary><c>{%</c></summary>
    BlockBegin,

    /// <summary><c>%}</c></summary>
    BlockEnd,

    /// <summary><c>{{</c></summary>
    PrintBegin,

    /// <summary><c>}}</c></summary>
    PrintEnd,

    /// <summary>A name or a word of the language.</summary>
    Name,

    /// <summary>A string literal, its escapes resolved.</summary>
    String,

    /// <summary>An integer literal.</summary>
    Integer,

    /// <summary>A float literal.</summary>
    Float,

    /// <summary>An operator or a bracket.</summary>
    Operator,

    /// <summary>The end of the template.</summary>
    End,
}

/// <summary>A piece of a template.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">Its text; of numbers without underscores.</param>
/// <param name="Line">The line it begins on, from 1.</param>
internal readonly record struct Token(TokenKind Kind, string Text, int Line)
{
    /// <summary>True for this operator.</summary>
    public bool Is(string op) => Kind == TokenKind.Operator && Text == op;

    /// <summary>True for this word.</summary>
    public bool IsWord(string word) => Kind == TokenKind.Name && Text == word;

    /// <summary>For messages.</summary>
    public override string ToString() => Kind switch
    {
        TokenKind.BlockEnd => "end of statement block",
        TokenKind.PrintEnd => "end of print statement",
        TokenKind.End => "end of template",
        TokenKind.Integer => "integer " + Text,
        TokenKind.Float => "float " + Text,
        TokenKind.String => "a string",
        _ => $"'{Text}'",
    };
}
