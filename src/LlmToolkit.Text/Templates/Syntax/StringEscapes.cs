using System.Globalization;
using System.Text;

namespace LlmToolkit.Text.Templates;

/// <summary>The escapes of string literals: Python's; an unknown one keeps its backslash.</summary>
internal static class StringEscapes
{
    public static string Resolve(ReadOnlySpan<char> text, int line)
    {
        if (text.IndexOf('\\') < 0)
        {
            return text.ToString();
        }

        StringBuilder built = new(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] != '\\' || i + 1 >= text.Length)
            {
                built.Append(text[i]);
                continue;
            }

            char c = text[++i];
            switch (c)
            {
                case '\n':
                    break;
                case 'a' or 'b' or 'f' or 'n' or 'r' or 't' or 'v' or '\\' or '\'' or '"':
                    built.Append(Simple(c));
                    break;
                case 'x' or 'u' or 'U':
                    int digits = c == 'x' ? 2 : c == 'u' ? 4 : 8;
                    AppendCode(built, text, i + 1, digits, line);
                    i += digits;
                    break;
                case >= '0' and <= '7':
                    int value = 0;
                    int end = Math.Min(i + 3, text.Length);
                    for (; i < end && text[i] is >= '0' and <= '7'; i++)
                    {
                        value = (value * 8) + text[i] - '0';
                    }

                    i--;
                    built.Append((char)value);
                    break;
                case 'N':
                    throw TemplateErrors.Syntax(@"characters by name (\N{…}) are not supported; write the character itself", line);
                default:
                    built.Append('\\').Append(c);
                    break;
            }
        }

        return built.ToString();
    }

    private static char Simple(char c) => c switch
    {
        'a' => '\a',
        'b' => '\b',
        'f' => '\f',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\v',
        _ => c,
    };

    private static void AppendCode(StringBuilder built, ReadOnlySpan<char> text, int at, int digits, int line)
    {
        if (at + digits > text.Length
            || !int.TryParse(text.Slice(at, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int code)
            || code is < 0 or > 0x10FFFF)
        {
            throw TemplateErrors.Syntax($"a character escape needs {digits} hexadecimal digits", line);
        }

        if (code > 0xFFFF)
        {
            built.Append(char.ConvertFromUtf32(code));
        }
        else
        {
            built.Append((char)code);
        }
    }
}
