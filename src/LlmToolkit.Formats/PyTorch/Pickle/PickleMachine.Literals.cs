using System.Globalization;
using System.Numerics;
using System.Text;
using LlmToolkit.Formats.Shared;

namespace LlmToolkit.Formats.PyTorch.Pickle;

/// <summary>Numbers, strings and bytes, binary and as text.</summary>
internal sealed partial class PickleMachine
{
    private void PushNumber(long value) => PushNew(value);

    private void PushBig(ReadOnlySpan<byte> littleEndian)
    {
        log.Charge(littleEndian.Length > sizeof(long) ? ObjectBytes + littleEndian.Length : 0);
        PushInteger(new BigInteger(littleEndian));
    }

    private void PushInteger(BigInteger value)
    {
        if (value >= long.MinValue && value <= long.MaxValue)
        {
            PushNew((long)value);
        }
        else
        {
            PushNew(value);
        }
    }

    private void PushText(ReadOnlySpan<byte> line)
    {
        if (line.Length > MaxDigits)
        {
            throw PyTorchErrors.PickleLimit(log.File, "The number of digits of an int", line.Length, MaxDigits);
        }

        string text = Encoding.Latin1.GetString(line).TrimEnd('L');
        switch (text)
        {
            case "00": Push(false); return;
            case "01": Push(true); return;
        }

        if (!BigInteger.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out BigInteger value))
        {
            throw Bad("an int is not a number");
        }

        PushInteger(value);
    }

    private void PushFloat(ReadOnlySpan<byte> line)
    {
        if (line.Length > MaxDigits || !double.TryParse(line, NumberStyles.Float, CultureInfo.InvariantCulture, out double value))
        {
            throw Bad("a float is not a number");
        }

        PushNew(value);
    }

    // Memory is charged before a text is decoded: a few bytes of the file may speak of gigabytes, and the bytes that are there take twice their number as text.
    private void PushUtf8(ref PickleReader reader, ulong length)
    {
        log.Charge(2L * (long)Math.Min(length, (ulong)reader.Left));
        PushNew(reader.ReadUtf8(length, "a string"));
    }

    private void PushOldText(ref PickleReader reader, ulong length)
    {
        log.Charge(2L * (long)Math.Min(length, (ulong)reader.Left));
        PushNew(reader.ReadOldText(length));
    }

    private void PushLine(ReadOnlySpan<byte> line, bool isUnicode)
    {
        log.Charge(2L * line.Length);
        PushNew(isUnicode ? Unescape(line) : Unquote(line));
    }

    private void PushBytes(ReadOnlySpan<byte> bytes) => PushNew(new PickleBytes(bytes.Length));

    private ulong Length(int length, int limit)
    {
        if (length < 0)
        {
            throw Bad($"a length of {length}");
        }

        return length <= limit ? (ulong)length : throw PyTorchErrors.PickleLimit(log.File, "The length of an int", length, limit);
    }

    /// <summary>STRING: a quoted Python 2 literal. Escapes matter to nothing that is read here, only the quotes go.</summary>
    private string Unquote(ReadOnlySpan<byte> line)
    {
        string text = PickleReader.OldText(line);
        return text.Length >= 2 && text[0] is '\'' or '"' && text[^1] == text[0] ? text[1..^1] : throw Bad("a string is not quoted");
    }

    /// <summary>UNICODE: Latin-1 with <c>\uXXXX</c> and <c>\UXXXXXXXX</c> (raw-unicode-escape).</summary>
    private string Unescape(ReadOnlySpan<byte> line)
    {
        string text = Encoding.Latin1.GetString(line);
        StringBuilder made = new(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            int digits = text[i] == '\\' && i + 1 < text.Length ? text[i + 1] switch { 'u' => 4, 'U' => 8, _ => 0 } : 0;
            if (digits == 0)
            {
                made.Append(text[i]);
                continue;
            }

            bool isComplete = i + 2 + digits <= text.Length;
            if (!isComplete || !uint.TryParse(text.AsSpan(i + 2, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint code) || code > 0x10FFFF)
            {
                throw Bad("an escape in a string is malformed");
            }

            made.Append(code < 0x10000 ? ((char)code).ToString() : char.ConvertFromUtf32((int)code));
            i += 1 + digits;
        }

        return made.ToString();
    }
}
