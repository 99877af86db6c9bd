using System.Globalization;
using System.Numerics;

namespace LlmToolkit.Text.Templates;

/// <summary>Numbers as Python reads, rounds and writes them.</summary>
internal static class PythonNumbers
{
    /// <summary><c>int(text, base)</c>; null where the text is no integer.</summary>
    public static BigInteger? ParseInteger(string text, int radix)
    {
        string trimmed = StringValue.Of(text).Trim().Text;
        bool negative = trimmed.StartsWith('-');
        string digits = trimmed.StartsWith('-') || trimmed.StartsWith('+') ? trimmed[1..] : trimmed;
        if (digits.Length > 4300 || radix is not (0 or (>= 2 and <= 36)))
        {
            return null;
        }

        int prefix = digits.Length > 2 && digits[0] == '0' ? char.ToLowerInvariant(digits[1]) switch { 'x' => 16, 'o' => 8, 'b' => 2, _ => 0 } : 0;
        if (prefix != 0 && (radix == prefix || radix == 0))
        {
            radix = prefix;
            digits = digits[(digits[2] == '_' ? 3 : 2)..];
        }

        radix = radix == 0 ? 10 : radix;
        if (digits.Length == 0 || digits[0] == '_' || digits[^1] == '_' || digits.Contains("__", StringComparison.Ordinal))
        {
            return null;
        }

        BigInteger value = BigInteger.Zero;
        foreach (char c in digits)
        {
            int digit = char.IsAsciiLetter(c) ? char.ToLowerInvariant(c) - 'a' + 10 : CharUnicodeInfo.GetDecimalDigitValue(c);
            if (c == '_')
            {
                continue;
            }

            if (digit < 0 || digit >= radix)
            {
                return null;
            }

            value = (value * radix) + digit;
        }

        return negative ? -value : value;
    }

    /// <summary><c>float(text)</c>; null where the text is no number.</summary>
    public static double? ParseFloat(string text)
    {
        string trimmed = StringValue.Of(text).Trim().Text;
        string word = trimmed.TrimStart('+', '-').ToLowerInvariant();
        if (word is "inf" or "infinity" or "nan" && trimmed.Length - word.Length <= 1)
        {
            return word == "nan" ? double.NaN : trimmed[0] == '-' ? double.NegativeInfinity : double.PositiveInfinity;
        }

        if (trimmed.StartsWith('_') || trimmed.EndsWith('_') || trimmed.Contains("__", StringComparison.Ordinal))
        {
            return null;
        }

        const NumberStyles Style = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        return double.TryParse(trimmed.Replace("_", "", StringComparison.Ordinal), Style, CultureInfo.InvariantCulture, out double value) ? value : null;
    }

    /// <summary>Rounds to decimal places, half to even on the exact binary value.</summary>
    public static double Round(double value, int places)
    {
        if (!double.IsFinite(value) || places > 330)
        {
            return value;
        }

        if (places < -310)
        {
            return Math.CopySign(0, value);
        }

        BigInteger scaled = Scaled(Math.Abs(value), places);
        double rounded = double.Parse($"{scaled}E{-places}", NumberStyles.Float, CultureInfo.InvariantCulture);
        return Math.CopySign(rounded, value);
    }

    /// <summary>Rounds an integer to a power of ten, half to even.</summary>
    public static BigInteger RoundInteger(BigInteger value, int zeros)
    {
        if (zeros > 4300)
        {
            return BigInteger.Zero;
        }

        BigInteger unit = BigInteger.Pow(10, zeros);
        return DivideHalfEven(BigInteger.Abs(value), unit) * unit * value.Sign;
    }

    /// <summary>A float with a fixed number of decimal places, exactly rounded.</summary>
    public static string Fixed(double value, int places)
    {
        if (!double.IsFinite(value))
        {
            return PythonText.Float(value);
        }

        string digits = Scaled(Math.Abs(value), places).ToString(CultureInfo.InvariantCulture).PadLeft(places + 1, '0');
        string sign = double.IsNegative(value) ? "-" : "";
        return places == 0 ? sign + digits : $"{sign}{digits[..^places]}.{digits[^places..]}";
    }

    /// <summary>A float with an exponent: <c>1.234568e+04</c>.</summary>
    public static string Exponent(double value, int places) => double.IsFinite(value)
        ? value.ToString(places == 0 ? "0e+00" : "0." + new string('0', places) + "e+00", CultureInfo.InvariantCulture)
        : PythonText.Float(value);

    /// <summary>A float with significant digits, by an exponent where that is shorter: <c>%g</c>.</summary>
    public static string General(double value, int digits, bool keepZeros)
    {
        if (!double.IsFinite(value))
        {
            return PythonText.Float(value);
        }

        digits = Math.Max(1, digits);
        string exponential = Exponent(value, digits - 1);
        int e = exponential.IndexOf('e', StringComparison.Ordinal);
        int power = value == 0 ? 0 : int.Parse(exponential.AsSpan(e + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        string Short(string text) => keepZeros || !text.Contains('.', StringComparison.Ordinal) ? text : text.TrimEnd('0').TrimEnd('.');
        return power < -4 || power >= digits
            ? Short(exponential[..e]) + exponential[e..]
            : Short(Fixed(value, digits - 1 - power));
    }

    /// <summary>An integer in a base, with small letters.</summary>
    public static string InBase(BigInteger value, int radix)
    {
        if (radix == 10)
        {
            return value.ToString(CultureInfo.InvariantCulture);
        }

        System.Text.StringBuilder digits = new();
        BigInteger rest = BigInteger.Abs(value);
        do
        {
            digits.Insert(0, "0123456789abcdef"[(int)(rest % radix)]);
            rest /= radix;
        }
        while (!rest.IsZero);
        return value.Sign < 0 ? "-" + digits : digits.ToString();
    }

    /// <summary>The nearest integer to value · 10^places.</summary>
    private static BigInteger Scaled(double value, int places)
    {
        long bits = BitConverter.DoubleToInt64Bits(value);
        int power = (int)((bits >> 52) & 0x7FF);
        BigInteger mantissa = (bits & 0xFFFFFFFFFFFFFL) | (power == 0 ? 0 : 1L << 52);
        int exponent = Math.Max(power, 1) - 1075;
        BigInteger top = mantissa * (places > 0 ? BigInteger.Pow(10, places) : BigInteger.One) << Math.Max(exponent, 0);
        BigInteger bottom = (places < 0 ? BigInteger.Pow(10, -places) : BigInteger.One) << Math.Max(-exponent, 0);
        return DivideHalfEven(top, bottom);
    }

    private static BigInteger DivideHalfEven(BigInteger top, BigInteger bottom)
    {
        BigInteger quotient = BigInteger.DivRem(top, bottom, out BigInteger rest);
        int half = (rest * 2).CompareTo(bottom);
        return half > 0 || (half == 0 && !quotient.IsEven) ? quotient + 1 : quotient;
    }
}
