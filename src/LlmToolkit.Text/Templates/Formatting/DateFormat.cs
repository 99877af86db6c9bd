using System.Globalization;

namespace LlmToolkit.Text.Templates;

/// <summary>Python's strftime in the C locale.</summary>
internal static class DateFormat
{
    public static StringValue Format(DateTime time, StringValue format)
    {
        TextBuilder built = new();
        string text = format.Text;
        int next = 0;
        for (int i = 0; i + 1 < text.Length; i++)
        {
            if (text[i] != '%')
            {
                continue;
            }

            bool flagged = text[i + 1] is '-' or '_' or '0' or '^' or '#' && i + 2 < text.Length;
            char code = text[flagged ? i + 2 : i + 1];
            if (Part(time, code) is not string part)
            {
                continue;
            }

            built.Append(format.Slice(next, i)).Append(flagged ? Flagged(part, text[i + 1]) : part);
            i += flagged ? 2 : 1;
            next = i + 1;
        }

        return built.Append(format.Slice(next, text.Length)).Build();
    }

    private static string Flagged(string part, char flag)
    {
        string bare = part.TrimStart('0', ' ');
        bare = bare.Length == 0 ? "0" : bare;
        return flag switch
        {
            '-' => bare,
            '_' => bare.PadLeft(part.Length),
            '0' => bare.PadLeft(part.Length, '0'),
            '^' => part.ToUpperInvariant(),
            _ => part,
        };
    }

    private static string? Part(DateTime time, char code) => code switch
    {
        'a' => time.ToString("ddd", CultureInfo.InvariantCulture),
        'A' => time.ToString("dddd", CultureInfo.InvariantCulture),
        'b' or 'h' => time.ToString("MMM", CultureInfo.InvariantCulture),
        'B' => time.ToString("MMMM", CultureInfo.InvariantCulture),
        'c' => Format(time, StringValue.Of("%a %b %e %H:%M:%S %Y")).Text,
        'C' => Two(time.Year / 100),
        'd' => Two(time.Day),
        'D' or 'x' => Format(time, StringValue.Of("%m/%d/%y")).Text,
        'e' => Spaced(time.Day),
        'f' => (time.Ticks % TimeSpan.TicksPerSecond / 10).ToString("000000", CultureInfo.InvariantCulture),
        'F' => Format(time, StringValue.Of("%Y-%m-%d")).Text,
        'g' => Two(ISOWeek.GetYear(time) % 100),
        'G' => ISOWeek.GetYear(time).ToString("0000", CultureInfo.InvariantCulture),
        'H' => Two(time.Hour),
        'I' => Two(Twelve(time)),
        'j' => time.DayOfYear.ToString("000", CultureInfo.InvariantCulture),
        'k' => Spaced(time.Hour),
        'l' => Spaced(Twelve(time)),
        'm' => Two(time.Month),
        'M' => Two(time.Minute),
        'n' => "\n",
        'p' => time.Hour < 12 ? "AM" : "PM",
        'P' => time.Hour < 12 ? "am" : "pm",
        'r' => Format(time, StringValue.Of("%I:%M:%S %p")).Text,
        'R' => Format(time, StringValue.Of("%H:%M")).Text,
        's' => new DateTimeOffset(time).ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture),
        'S' => Two(time.Second),
        't' => "\t",
        'T' or 'X' => Format(time, StringValue.Of("%H:%M:%S")).Text,
        'u' => (time.DayOfWeek == DayOfWeek.Sunday ? 7 : (int)time.DayOfWeek).ToString(CultureInfo.InvariantCulture),
        'U' => Two((time.DayOfYear + 6 - (int)time.DayOfWeek) / 7),
        'V' => Two(ISOWeek.GetWeekOfYear(time)),
        'w' => ((int)time.DayOfWeek).ToString(CultureInfo.InvariantCulture),
        'W' => Two((time.DayOfYear + 6 - (((int)time.DayOfWeek + 6) % 7)) / 7),
        'y' => Two(time.Year % 100),
        'Y' => time.Year.ToString(CultureInfo.InvariantCulture),
        'z' or 'Z' => "",
        '%' => "%",
        _ => null,
    };

    private static int Twelve(DateTime time) => ((time.Hour + 11) % 12) + 1;

    private static string Two(int number) => number.ToString("00", CultureInfo.InvariantCulture);

    private static string Spaced(int number) => number.ToString(CultureInfo.InvariantCulture).PadLeft(2);
}
