namespace LlmToolkit.Engine.Quants;

/// <summary>How several types pack their bits.</summary>
internal static unsafe class Bits
{
    /// <summary>32 values from 16 bytes: value i is the low, value i + 16 the high nibble of byte i.</summary>
    public static void SplitNibbles(byte* nibbles, byte* values)
    {
        for (int i = 0; i < 16; i++)
        {
            values[i] = (byte)(nibbles[i] & 15);
            values[i + 16] = (byte)(nibbles[i] >> 4);
        }
    }

    /// <summary>Value i gets bit i as its fifth bit.</summary>
    public static void AddFifthBits(uint bits, byte* values)
    {
        for (int i = 0; i < 32; i++)
        {
            values[i] |= (byte)((bits >> i & 1) << 4);
        }
    }

    /// <summary>Part p of a block whose 32 bytes number p / 2 hold an even part in the low and an odd part in the high nibbles.</summary>
    public static void PairNibbles(byte* nibbles, int part, byte* values)
    {
        nibbles += 32 * (part / 2);
        for (int i = 0; i < 32; i++)
        {
            values[i] = (byte)(part % 2 == 0 ? nibbles[i] & 15 : nibbles[i] >> 4);
        }
    }
}
