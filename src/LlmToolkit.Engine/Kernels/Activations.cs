using System.Runtime.InteropServices;
using LlmToolkit.Engine.Quants;

namespace LlmToolkit.Engine.Kernels;

/// <summary>
/// The input of products: rows of floats, and their byte form where weights want it. With one row every worker writes a private copy (cheaper than a
/// barrier); with several the rows are shared out. The pattern is: write the rows of <see cref="Share"/> to <see cref="Row"/>, then <see cref="Publish"/>, then <see cref="MatMul.Run"/>.
/// </summary>
internal sealed unsafe class Activations : IDisposable
{
    /// <summary>Fewest rows that are multiplied as tiles with panels; fewer are multiplied row by row with the weights where they lie.</summary>
    public const int FewestForPanels = 6;

    private readonly int _maxRows;
    private readonly int _blocks;
    private readonly nuint _floatTile;
    private readonly nuint _byteTile;
    private readonly byte* _memory;
    private readonly float* _rows;
    private readonly sbyte* _quants;
    private readonly float* _scales;
    private readonly float* _scaledSums;
    private readonly short* _sums16;
    private readonly byte* _floatTiles;
    private readonly byte* _byteTiles;
    private ActivationForms _published;

    /// <param name="maxRows">Most rows.</param>
    /// <param name="width">Columns.</param>
    /// <param name="workers">Workers of the pool.</param>
    public Activations(int maxRows, int width, int workers)
    {
        _maxRows = maxRows;
        Width = width;
        _blocks = (width + Q8Quantizer.Block - 1) / Q8Quantizer.Block;
        nuint rows = (nuint)Math.Max(maxRows, workers);
        nuint blocks = rows * (nuint)_blocks;
        nuint tiles = maxRows < FewestForPanels ? 0 : ((nuint)maxRows + PanelF32.Tokens - 1) / PanelF32.Tokens;
        _floatTile = Aligned((nuint)width * PanelF32.Tokens * sizeof(float));
        _byteTile = Aligned((nuint)_blocks * ByteTile.BlockBytes);

        // One piece of zeroed memory, so that forms which nobody asks for are never touched and take no room.
        nuint total = 64 + Aligned(rows * (nuint)width * sizeof(float)) + Aligned(blocks * Q8Quantizer.Block) + (2 * Aligned(blocks * sizeof(float)))
            + Aligned(blocks * 2 * sizeof(short)) + (tiles * (_floatTile + _byteTile));
        _memory = (byte*)NativeMemory.AllocZeroed(total);
        byte* next = (byte*)Aligned((nuint)_memory);
        _rows = (float*)Take(ref next, rows * (nuint)width * sizeof(float));
        _quants = (sbyte*)Take(ref next, blocks * Q8Quantizer.Block);
        _scales = (float*)Take(ref next, blocks * sizeof(float));
        _scaledSums = (float*)Take(ref next, blocks * sizeof(float));
        _sums16 = (short*)Take(ref next, blocks * 2 * sizeof(short));
        _floatTiles = Take(ref next, tiles * _floatTile);
        _byteTiles = Take(ref next, tiles * _byteTile);
    }

    /// <summary>Columns.</summary>
    public int Width { get; }

    /// <summary>Rows in use. Set by one worker's caller before the work begins, or by every worker to the same value.</summary>
    /// <exception cref="ArgumentOutOfRangeException">More rows than there is room for.</exception>
    public int Rows
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, _maxRows);
            field = value;
        }
    }

    /// <summary>The level of the products with these activations.</summary>
    public SimdLevel Level { get; init; } = Simd.Level;

    /// <summary>True when the rows are multiplied as tiles.</summary>
    public bool Tiled => Rows >= FewestForPanels;

    /// <summary>The rows that this worker writes.</summary>
    public (int From, int To) Share(Worker worker) =>
        Rows == 1 ? (0, 1) : worker.Slice(Rows, Rows >= PanelF32.Tokens * worker.Count ? PanelF32.Tokens : 1);

    /// <summary>A row, as this worker sees it.</summary>
    public float* Row(Worker worker, int row) => _rows + ((long)Slot(worker, row) * Width);

    /// <summary>The byte form of a row, once it is published.</summary>
    public Q8Row Q8(Worker worker, int row)
    {
        long block = (long)Slot(worker, row) * _blocks;
        return new Q8Row
        {
            Quants = _quants + (block * Q8Quantizer.Block),
            Scales = _scales + block,
            ScaledSums = _scaledSums + block,
            Sums16 = _sums16 + (block * 2),
        };
    }

    /// <summary>
    /// Makes the forms that the products to come read. With several rows all workers meet here. Rows that others wrote than <see cref="Share"/> says need a
    /// barrier before.
    /// </summary>
    public void Publish(Worker worker, ActivationForms forms)
    {
        (int from, int to) = Share(worker);
        for (int row = from; row < to; row++)
        {
            float* values = Row(worker, row);
            if (forms.HasFlag(ActivationForms.Q8))
            {
                Q8Row quantized = Q8(worker, row);
                Q8Quantizer.Run(Level, values, Width, quantized);
                if (Tiled)
                {
                    ByteTile.Write(quantized, Width, BytesOfTile(row / PanelF32.Tokens), row % PanelF32.Tokens);
                }
            }

            if (Tiled && forms.HasFlag(ActivationForms.F32))
            {
                FloatTile.Write(values, Width, FloatsOfTile(row / PanelF32.Tokens), row % PanelF32.Tokens);
            }
        }

        _published = forms | ActivationForms.F32;
        if (Rows > 1)
        {
            worker.Barrier();
        }
    }

    public void Dispose() => NativeMemory.Free(_memory);

    /// <summary>Throws when a product wants a form that was not published.</summary>
    internal void Require(ActivationForms forms)
    {
        if ((_published & forms) != forms)
        {
            throw new InvalidOperationException($"The product reads {forms}; published were {_published}.");
        }
    }

    /// <summary>Tile of the tokens from 12 * <paramref name="tile"/> on: [columns][12].</summary>
    internal float* FloatsOfTile(int tile) => (float*)(_floatTiles + ((nuint)tile * _floatTile));

    /// <summary>The same as bytes: see <see cref="ByteTile"/>.</summary>
    internal byte* BytesOfTile(int tile) => _byteTiles + ((nuint)tile * _byteTile);

    private static nuint Aligned(nuint bytes) => (bytes + 63) & ~(nuint)63;

    private static byte* Take(ref byte* next, nuint bytes)
    {
        byte* start = next;
        next += Aligned(bytes);
        return start;
    }

    private int Slot(Worker worker, int row) => Rows == 1 ? worker.Index : row;
}
