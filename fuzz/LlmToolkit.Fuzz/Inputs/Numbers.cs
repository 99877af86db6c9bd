namespace LlmToolkit.Fuzz;

/// <summary>Integers of any width, and the sum that zips carry.</summary>
internal static class Numbers
{
    private static readonly uint[] s_crc = [.. Enumerable.Range(0, 256).Select(n => Enumerable.Range(0, 8).Aggregate((uint)n, (c, _) => (c >> 1) ^ ((c & 1) == 0 ? 0 : 0xEDB88320)))];

    /// <summary>Writes the low bytes of a number.</summary>
    public static void Write(Span<byte> bytes, ulong value, bool bigEndian)
    {
        for (int i = 0; i < bytes.Length; i++)
        {
            bytes[bigEndian ? bytes.Length - 1 - i : i] = i < 8 ? (byte)(value >> (8 * i)) : (byte)0;
        }
    }

    /// <summary>Reads a number of up to 8 bytes.</summary>
    public static ulong Read(ReadOnlySpan<byte> bytes, bool bigEndian)
    {
        ulong value = 0;
        for (int i = 0; i < Math.Min(bytes.Length, 8); i++)
        {
            value |= (ulong)bytes[bigEndian ? bytes.Length - 1 - i : i] << (8 * i);
        }

        return value;
    }

    /// <summary>Writes a number of protobuf, padded with continuation bytes.</summary>
    public static void WriteVarint(Span<byte> bytes, ulong value)
    {
        for (int i = 0; i < bytes.Length; i++, value >>= 7)
        {
            bytes[i] = (byte)((value & 0x7F) | (i < bytes.Length - 1 ? 0x80u : 0));
        }
    }

    /// <summary>Writes a number as its field has it.</summary>
    public static void Write(Span<byte> bytes, ulong value, Field field)
    {
        if (field.Kind == FieldKind.Varint)
        {
            WriteVarint(bytes, value);
        }
        else
        {
            Write(bytes, value, field.BigEndian);
        }
    }

    /// <summary>Continues a CRC-32.</summary>
    public static uint Crc(uint crc, ReadOnlySpan<byte> bytes)
    {
        crc = ~crc;
        foreach (byte b in bytes)
        {
            crc = s_crc[(byte)crc ^ b] ^ (crc >> 8);
        }

        return ~crc;
    }
}
