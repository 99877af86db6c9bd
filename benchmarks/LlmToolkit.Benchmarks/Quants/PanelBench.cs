using BenchmarkDotNet.Attributes;
using LlmToolkit.Engine;
using LlmToolkit.Engine.Kernels;
using LlmToolkit.Engine.Quants;

namespace LlmToolkit.Benchmarks.Quants;

/// <summary>
/// 32 rows unpacked into panels and multiplied with a tile of 12 tokens: the two inner steps of reading a prompt. Making is paid once for all tiles of a
/// chunk, so for a prompt of 512 tokens multiplying runs 43 times as often.
/// </summary>
[MemoryDiagnoser]
public unsafe class PanelBench
{
    private const int Columns = 1024;
    private const int Rows = PanelF32.Rows;

    private Quant _quant = DefaultQuants.All[0];
    private SimdLevel _level;
    private NativeArray<byte> _rows = null!;
    private NativeArray<nint> _addresses = null!;
    private NativeArray<byte> _bytePanels = null!;
    private NativeArray<float> _floatPanel = null!;
    private NativeArray<float> _scratch = null!;
    private NativeArray<float> _floatTile = null!;
    private NativeArray<byte> _byteTile = null!;
    private NativeArray<float> _sums = null!;

    /// <summary>Weight type.</summary>
    [ParamsSource(nameof(Types))]
    public string Type { get; set; } = "";

    /// <summary>Level of the vectors.</summary>
    [ParamsSource(nameof(Levels))]
    public string Level { get; set; } = "";

    /// <summary>The types.</summary>
    public static IEnumerable<string> Types => RandomRows.Types;

    /// <summary>The levels.</summary>
    public static IEnumerable<string> Levels => RandomRows.Levels;

    /// <summary>Makes rows, panels and a tile.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _quant = RandomRows.Find(Type);
        _level = Enum.Parse<SimdLevel>(Level);
        _rows = RandomRows.Make(_quant, Rows, Columns);
        _addresses = new NativeArray<nint>(Rows);
        for (int r = 0; r < Rows; r++)
        {
            _addresses.Pointer[r] = (nint)(_rows.Pointer + (r * _quant.DType.Bytes(Columns)));
        }

        _bytePanels = new NativeArray<byte>(2 * (long)(_quant.Panel?.Bytes(Columns) ?? 0));
        _floatPanel = new NativeArray<float>(Rows * Columns);
        _scratch = new NativeArray<float>(Rows * Columns);
        _sums = new NativeArray<float>(PanelF32.Tokens * Rows);
        _floatTile = new NativeArray<float>(PanelF32.Tokens * Columns);
        _byteTile = new NativeArray<byte>(Columns / Q8Quantizer.Block * ByteTile.BlockBytes);
        using NativeArray<float> x = NativeArray<float>.Normal(PanelF32.Tokens * Columns, 3);
        using Activations activations = new(PanelF32.Tokens, Columns, 1) { Rows = PanelF32.Tokens };
        using WorkerPool pool = new(1);
        pool.Run(new Tiles(this, activations, x));
        Make();
    }

    /// <summary>Frees them.</summary>
    [GlobalCleanup]
    public void Cleanup()
    {
        foreach (IDisposable memory in (IDisposable[])[_rows, _addresses, _bytePanels, _floatPanel, _scratch, _floatTile, _byteTile, _sums])
        {
            memory.Dispose();
        }
    }

    /// <summary>Unpacks 32 rows.</summary>
    [Benchmark]
    public void Make()
    {
        byte** rows = (byte**)_addresses.Pointer;
        if (_quant.Panel is { } shape)
        {
            _quant.MakePanelU8(_level, rows, Columns, _bytePanels.Pointer);
            _quant.MakePanelU8(_level, rows + PanelU8.Rows, Columns, _bytePanels.Pointer + shape.Bytes(Columns));
        }
        else
        {
            _quant.MakePanelF32(_level, rows, Columns, _floatPanel.Pointer, _scratch.Pointer);
        }
    }

    /// <summary>Multiplies them with 12 tokens.</summary>
    [Benchmark]
    public void Multiply()
    {
        if (_quant.Panel is { } shape)
        {
            PanelBytes.Multiply(_level, shape, _bytePanels.Pointer, shape.Bytes(Columns), Columns, _byteTile.Pointer, PanelF32.Tokens, _sums.Pointer);
        }
        else
        {
            PanelF32.Multiply(_level, _floatPanel.Pointer, Columns, _floatTile.Pointer, PanelF32.Tokens, _sums.Pointer);
        }
    }

    /// <summary>Writes both forms of the tile.</summary>
    private sealed class Tiles(PanelBench bench, Activations activations, NativeArray<float> x) : IParallelWork
    {
        public void Run(Worker worker)
        {
            for (int token = 0; token < PanelF32.Tokens; token++)
            {
                float* row = x.Pointer + (token * Columns);
                Q8Row bytes = activations.Q8(worker, token);
                Q8Quantizer.Run(Simd.Level, row, Columns, bytes);
                ByteTile.Write(bytes, Columns, bench._byteTile.Pointer, token);
                FloatTile.Write(row, Columns, bench._floatTile.Pointer, token);
            }
        }
    }
}
