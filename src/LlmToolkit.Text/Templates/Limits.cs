namespace LlmToolkit.Text.Templates;

/// <summary>What a template may use. It is a program out of a model file: each limit is far above any real template and below what hurts the machine.</summary>
internal static class Limits
{
    /// <summary>Characters of a template; real ones reach 100 000.</summary>
    public const int SourceLength = 4 << 20;

    /// <summary>Steps of one rendering: expressions, statements, and the size of what they make. A conversation of thousands of messages takes about a million; two million are done within a second and with 256 MiB.</summary>
    public const int Steps = 2_000_000;

    /// <summary>Characters of one text, the output among them; four characters a token make this a context of two million.</summary>
    public const int TextLength = 8 << 20;

    /// <summary>Stretches of one text that came from input, each apart from the next; a conversation has a few for each message.</summary>
    public const int Marks = 100_000;

    /// <summary>Items of one list, tuple or dict.</summary>
    public const int Items = 1_000_000;

    /// <summary>Items of a range: the bound of Jinja's own sandbox.</summary>
    public const int RangeLength = 100_000;

    /// <summary>Macro calls and recursive loops inside one another; Python gives up near 300.</summary>
    public const int CallDepth = 200;

    /// <summary>Brackets, statements and values inside one another.</summary>
    public const int Nesting = 200;

    /// <summary>Bits of an integer: Python prints none beyond 4300 digits.</summary>
    public const int IntegerBits = 14_284;
}
