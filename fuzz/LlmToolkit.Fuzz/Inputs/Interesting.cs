using System.Text;

namespace LlmToolkit.Fuzz;

/// <summary>Values at which readers break.</summary>
internal static class Interesting
{
    /// <summary>Numbers, cut to the width of their field; floats by their bits.</summary>
    public static readonly ulong[] Values =
    [
        0, 1, 2, 3, 4, 7, 8, 15, 16, 31, 32, 33, 63, 64, 65, 127, 128, 255, 256, 257, 1000, 4095, 4096, 32767, 32768, 65535, 65536, 100_000_000, 100_000_001,
        (1UL << 30) - 1, 1UL << 30, (1UL << 31) - 1, 1UL << 31, (1UL << 31) + 1, (1UL << 32) - 1, 1UL << 32, (1UL << 32) + 1, 1UL << 33, 1UL << 48, 1UL << 52, 1UL << 61, 1UL << 62,
        (1UL << 63) - 64, (1UL << 63) - 1, 1UL << 63, (1UL << 63) + 1, ulong.MaxValue - 63, ulong.MaxValue - 31, ulong.MaxValue - 7, ulong.MaxValue - 1, ulong.MaxValue,
        0x7FC00000, 0x7F800000, 0xFF800000, 0x80000000, 0x7FF8000000000000, 0x7FF0000000000000, 0xFFF0000000000000, 0x3F800000, 0xBF800000,
    ];

    public static readonly byte[][] Texts = Bytes(
        "", " ", "\0", "a", "\n", "\u001b[2J", "\u202e", "../../etc/passwd", "/dev/zero", "C:\\x", "con", ".", "..", "general.alignment", "general.architecture", "split.count", "split.no", "llama",
        "tokenizer.ggml.tokens", "tokenizer.chat_template", "__metadata__", "data.pkl", "data/0", "F32", "F4", "Q4_K", "storage", "cpu", "meta", "os", "system", "torch", "FloatStorage", "0", "-1", "1e400", "\ufeff",
        "\ud83d\ude00", "é", new string('x', 64), new string('x', 65), new string('n', 300), new string('y', 70_000)).Concat<byte[]>([[0xFF], [0xC3], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80]]).ToArray();

    public static readonly byte[][] Json = Bytes(
        "0", "-0", "1", "-1", "2", "31", "1.5", "4.0", "4e0", "1e400", "-1e400", "1e-400", "NaN", "Infinity", "-Infinity", "2147483647", "2147483648", "-2147483649", "4294967295", "4294967296", "4294967297",
        "9007199254740993", "9223372036854775807", "9223372036854775808", "-9223372036854775809", "18446744073709551615", "18446744073709551616", "1000000000000000019884624838656", "null", "true", "false",
        "\"\"", "\"a\"", "\"\\u0000\"", "\"\\ud800\"", "\"\\u001b[2J\"", "\"../x\"", "\"/etc/passwd\"", "\"F32\"", "\"F4\"", "\"F99\"", "\"0\"", "\"NaN\"", "\"__metadata__\"", "\"weight\"", "\"" + new string('k', 5000) + "\"",
        "[]", "{}", "[0]", "[1,2,3]", "[-1]", "[0,0]", "{\"a\":1}", "[[]]", "[null]", "[\"\"]", "{\"\":{}}", ":", ",", "{", "}", "[", "]", "\"", "\\", "//", " ", "\n", "\0", "\ufeff",
        string.Concat(Enumerable.Repeat("[", 70)), string.Concat(Enumerable.Repeat("{\"a\":", 70)), string.Concat(Enumerable.Repeat("[", 70)) + string.Concat(Enumerable.Repeat("]", 70)),
        "[" + string.Join(',', Enumerable.Repeat("0", 3000)) + "]", new string('9', 400), "0." + new string('3', 400)).Concat<byte[]>([[0xFF], [(byte)'"', 0xC3, (byte)'"']]).ToArray();

    /// <summary>How many of <see cref="Json"/>, from the first, are values that leave the text JSON.</summary>
    private const int JsonValues = 60;

    public static readonly byte[][] Jinja = Bytes(
        "{{", "}}", "{%", "%}", "{#", "#}", "{%-", "-%}", "'", "\"", "(", ")", "[", "]", "{", "}", "|", ".", ",", ":", "=", "==", "!=", "<", ">=", "~", "+", "-", "*", "**", "/", "//", "%",
        "0", "1", "-1", "2.5", "99999999999", "1e308", "9223372036854775807", "''", "'a'", "'\\x'", "'%s%s%s'", "'{}'", "[]", "{}", "none", "true", "false", "loop", "messages", "message", "self", "caller", "varargs", "undefinedname",
        "if", "elif", "else", "endif", "for", "endfor", "in", "not", "and", "or", "is", "set", "endset", "macro", "endmacro", "call", "endcall", "filter", "endfilter", "generation", "endgeneration", "break", "continue", "recursive", "block", "include", "import", "raw", "endraw",
        "range(100000)", "range(999999999)", "range(-5,5,0)", "'x'*99999999", "[0]*99999999", "namespace(a=1)", "dict(a=1)", "cycler(1,2)", "joiner()", "lipsum()", "raise_exception('no')", "strftime_now('%Y%q%')", "messages[0]", "messages[-99]", "messages[0:1:0]", "messages[::-1]",
        "|length", "|first", "|last", "|join", "|join(9)", "|tojson", "|tojson(indent=100000)", "|int", "|float", "|string", "|list", "|sort", "|unique", "|map('x')", "|map(attribute='role')", "|selectattr('role','equalto','user')", "|select('x')", "|reject", "|groupby('role')", "|batch(0)", "|batch(3)", "|slice(0)",
        "|slice(3)", "|indent(99999)", "|replace('a','b')", "|replace('','b')", "|trim", "|upper", "|title", "|capitalize", "|center(99999999)", "|wordwrap(0)", "|truncate(-1)", "|format(1)", "|round(99)", "|abs", "|sum", "|min", "|max", "|items", "|dictsort", "|urlize", "|xmlattr", "|default(1)", "|random", "|batch(2)|list", "|pprint", "|e", "|safe",
        ".split('')", ".split(' ')", ".strip()", ".upper()", ".format(1)", ".replace('a','b')", ".items()", ".keys()", ".get('a')", ".startswith('a')", ".rstrip('\\n')", ".__class__", ".__class__.__mro__", ".append(1)", ".pop()", ".join([1])", ".zfill(99999999)", ".encode()", ".title()", ".splitlines()", ".index('q')", ".count('')",
        " is string", " is mapping", " is defined", " is divisibleby(0)", " is none", " is iterable", " is sameas 1", " is in [1]", "\n", " ", "\0", "é", "\ud83d\ude00",
        string.Concat(Enumerable.Repeat("(", 150)), string.Concat(Enumerable.Repeat("[", 150)), string.Concat(Enumerable.Repeat("{% if 1 %}", 150)), string.Concat(Enumerable.Repeat("not ", 150)), string.Concat(Enumerable.Repeat("-", 150)), "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}", "{% set ns = namespace(s='x') %}{% for a in range(99) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}");

    private static byte[][] Bytes(params string[] texts) => [.. texts.Select(Encoding.UTF8.GetBytes)];

    /// <summary>What a field of that kind may be replaced by.</summary>
    public static byte[] For(Field field, uint choice)
    {
        switch (field.Kind)
        {
            case FieldKind.Number:
                byte[] bytes = new byte[field.Bytes.Length];
                Numbers.Write(bytes, Values[choice % Values.Length], field.BigEndian);
                return bytes;
            case FieldKind.Varint:
                byte[] varint = new byte[1 + (choice >> 8) % 11];
                Numbers.WriteVarint(varint, Values[choice % Values.Length]);
                return varint;
            case FieldKind.Code: return [(byte)choice];
            case FieldKind.Text: return Texts[choice % Texts.Length];
            case FieldKind.Json: return (choice & 0x300) == 0 ? Json[choice % Json.Length] : Json[choice % JsonValues];
            case FieldKind.Jinja: return Jinja[choice % Jinja.Length];
            default: return new byte[choice % 5000];
        }
    }
}
