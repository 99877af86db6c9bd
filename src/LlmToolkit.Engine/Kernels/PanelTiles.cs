using LlmToolkit.Engine.Quants;

namespace LlmToolkit.Engine.Kernels;

/// <summary>
/// Layout of the byte form of a tile of 12 tokens. A block of 32 columns is: int group[8][12] (4 signed bytes of a token), then floats: scale[12], scale × sum
/// of the quants[12], and the same sum for the first and the second 16 columns, [2][12].
/// </summary>
internal static unsafe class ByteTile
{
    private const int Tokens = PanelF32.Tokens;
    private const int Columns = Q8Quantizer.Block;
    private const int Groups4 = Columns / 4;

    /// <summary>Bytes of a block.</summary>
    public const int BlockBytes = (Groups4 + 4) * Tokens * sizeof(float);

    /// <summary>The groups from a column on: group g of token t is [g * 12 + t].</summary>
    public static int* Groups(byte* tile, int column) => (int*)(tile + ((nint)(column / Columns) * BlockBytes)) + (column % Columns / 4 * Tokens);

    /// <summary>[12] scales of a column's block.</summary>
    public static float* Scales(byte* tile, int column) => (float*)(tile + ((nint)(column / Columns) * BlockBytes)) + (Groups4 * Tokens);

    /// <summary>[12] scaled sums of the 32 or 16 columns that begin at a column.</summary>
    public static float* Sums(byte* tile, int column, int block) => Scales(tile, column) + (Tokens * (block == Columns ? 1 : 2 + (column % Columns / 16)));

    /// <summary>Writes one token of the tile.</summary>
    public static void Write(in Q8Row row, int columns, byte* tile, int token)
    {
        int* source = (int*)row.Quants;
        int blocks = (columns + Columns - 1) / Columns;
        for (int b = 0; b < blocks; b++, tile += BlockBytes, source += Groups4)
        {
            int* groups = (int*)tile + token;
            for (int g = 0; g < Groups4; g++)
            {
                groups[g * Tokens] = source[g];
            }

            float* floats = (float*)(groups + (Groups4 * Tokens));
            floats[0] = row.Scales[b];
            floats[Tokens] = row.ScaledSums[b];
            floats[2 * Tokens] = row.Scales[b] * row.Sums16[2 * b];
            floats[3 * Tokens] = row.Scales[b] * row.Sums16[(2 * b) + 1];
        }
    }
}

/// <summary>Layout of the float form of a tile of 12 tokens: [columns][12].</summary>
internal static unsafe class FloatTile
{
    /// <summary>Writes one token of the tile.</summary>
    public static void Write(float* row, int columns, float* tile, int token)
    {
        tile += token;
        int c = 0;
        for (; c + 4 <= columns; c += 4, tile += 4 * PanelF32.Tokens)
        {
            tile[0] = row[c];
            tile[PanelF32.Tokens] = row[c + 1];
            tile[2 * PanelF32.Tokens] = row[c + 2];
            tile[3 * PanelF32.Tokens] = row[c + 3];
        }

        for (; c < columns; c++, tile += PanelF32.Tokens)
        {
            *tile = row[c];
        }
    }
}
