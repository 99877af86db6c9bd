namespace LlmToolkit.Formats.PyTorch.Zip;

/// <summary>CRC-32 as zip uses it: reflected, polynomial 0xEDB88320. Eight bytes at a time by tables.</summary>
internal static class Crc32
{
    private static readonly uint[][] Tables = Build();

    /// <summary>Continues a sum; begin with 0.</summary>
    public static uint Append(uint crc, ReadOnlySpan<byte> bytes)
    {
        uint[][] t = Tables;
        uint c = ~crc;
        while (bytes.Length >= 8)
        {
            uint low = c ^ System.Buffers.Binary.BinaryPrimitives.ReadUInt32LittleEndian(bytes);
            c = t[7][low & 0xFF] ^ t[6][(low >> 8) & 0xFF] ^ t[5][(low >> 16) & 0xFF] ^ t[4][low >> 24]
                ^ t[3][bytes[4]] ^ t[2][bytes[5]] ^ t[1][bytes[6]] ^ t[0][bytes[7]];
            bytes = bytes[8..];
        }

        foreach (byte b in bytes)
        {
            c = (c >> 8) ^ t[0][(c ^ b) & 0xFF];
        }

        return ~c;
    }

    private static uint[][] Build()
    {
        uint[][] tables = new uint[8][];
        for (int k = 0; k < 8; k++)
        {
            tables[k] = new uint[256];
        }

        for (uint i = 0; i < 256; i++)
        {
            uint c = i;
            for (int bit = 0; bit < 8; bit++)
            {
                c = (c & 1) != 0 ? (c >> 1) ^ 0xEDB88320 : c >> 1;
            }

            tables[0][i] = c;
        }

        for (int k = 1; k < 8; k++)
        {
            for (int i = 0; i < 256; i++)
            {
                uint c = tables[k - 1][i];
                tables[k][i] = (c >> 8) ^ tables[0][c & 0xFF];
            }
        }

        return tables;
    }
}
