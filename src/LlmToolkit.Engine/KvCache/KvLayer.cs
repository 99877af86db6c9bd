using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using LlmToolkit.Engine.Kernels;

namespace LlmToolkit.Engine.KvCache;

/// <summary>Cached keys and values of one layer of one sequence.</summary>
/// <remarks>
/// Keys lie as [head][tile][KeyDim][16]: 16 neighbouring positions side by side, so that a register holds scores of 16 positions and no sum runs across it.
/// Values lie as [head][position][<see cref="ValueStride"/>]. Halves follow IEEE: nearest even, infinite beyond ±65504 (attention then reads ±65536).
/// </remarks>
internal sealed unsafe class KvLayer : IDisposable
{
    /// <summary>Positions in a tile of keys.</summary>
    public const int Tile = 16;

    private const int Alignment = 64;

    private readonly int _elementBytes;
    private readonly long _keyBytesPerHead;
    private readonly long _valueBytesPerHead;
    private byte* _memory;
    private readonly byte* _keys;
    private readonly byte* _values;

    /// <param name="type">F16, or F32 for the exact mode.</param>
    /// <param name="heads">Key and value heads.</param>
    /// <param name="keyDim">Width of a key.</param>
    /// <param name="valueDim">Width of a value.</param>
    /// <param name="capacity">Most positions. Memory is reserved for all and touched as positions are written.</param>
    public KvLayer(KvType type, int heads, int keyDim, int valueDim, int capacity)
    {
        _elementBytes = type switch
        {
            KvType.F16 => sizeof(ushort),
            KvType.F32 => sizeof(float),
            _ => throw EngineErrors.KvTypeMissing(type),
        };
        (Type, Heads, KeyDim, ValueDim, Capacity) = (type, heads, keyDim, valueDim, capacity);
        ValueStride = RoundUp(valueDim, Tile);
        long positions = RoundUp(capacity, Tile);
        _keyBytesPerHead = checked(positions * keyDim * _elementBytes);
        _valueBytesPerHead = checked(positions * ValueStride * _elementBytes);

        // Zeroed memory of this size comes from the system page by page on first touch; asking for it does not commit it.
        _memory = (byte*)NativeMemory.AllocZeroed(checked((nuint)Bytes + Alignment));
        _keys = (byte*)(((nuint)_memory + Alignment - 1) & ~(nuint)(Alignment - 1));
        _values = _keys + (_keyBytesPerHead * heads);
    }

    /// <summary>How keys and values are stored.</summary>
    public KvType Type { get; }

    /// <summary>Key and value heads.</summary>
    public int Heads { get; }

    /// <summary>Width of a key.</summary>
    public int KeyDim { get; }

    /// <summary>Width of a value.</summary>
    public int ValueDim { get; }

    /// <summary>Most positions.</summary>
    public int Capacity { get; }

    /// <summary>Elements from one position's value to the next: whole vectors, the rest zeros.</summary>
    public int ValueStride { get; }

    /// <summary>Bytes of the whole cache of this layer.</summary>
    public long Bytes => checked((_keyBytesPerHead + _valueBytesPerHead) * Heads);

    /// <summary>Writes key [KeyDim] and value [ValueDim] of one head at one position. Different positions or heads may be written by different workers, whole tiles of 16 positions apart or not.</summary>
    [SkipLocalsInit]
    public void Write(int head, int position, float* key, float* value)
    {
        if (Type == KvType.F32)
        {
            float* keys = Keys<float>(head, position);
            for (int d = 0; d < KeyDim; d++)
            {
                keys[d * Tile] = key[d];
            }

            new ReadOnlySpan<float>(value, ValueDim).CopyTo(new Span<float>(Values<float>(head, position), ValueDim));
            return;
        }

        const int Chunk = 256;
        ushort* halves = stackalloc ushort[Chunk];
        ushort* target = Keys<ushort>(head, position);
        for (int from = 0; from < KeyDim; from += Chunk)
        {
            int count = Math.Min(Chunk, KeyDim - from);
            VectorMath.ToHalves(Simd.Level, key + from, halves, count);
            for (int d = 0; d < count; d++, target += Tile)
            {
                *target = halves[d];
            }
        }

        VectorMath.ToHalves(Simd.Level, value, Values<ushort>(head, position), ValueDim);
    }

    public void Dispose()
    {
        NativeMemory.Free(_memory);
        _memory = null;
    }

    /// <summary>Component 0 of a key; the next is <see cref="Tile"/> elements on.</summary>
    internal E* Keys<E>(int head, int position)
        where E : unmanaged =>
        (E*)(_keys + (head * _keyBytesPerHead)) + ((long)(position / Tile) * Tile * KeyDim) + (position % Tile);

    /// <summary>Component 0 of a value.</summary>
    internal E* Values<E>(int head, int position)
        where E : unmanaged =>
        (E*)(_values + (head * _valueBytesPerHead)) + ((long)position * ValueStride);

    /// <summary>One component of a key, as a float.</summary>
    internal float Key(int head, int position, int component) =>
        Type == KvType.F32 ? Keys<float>(head, position)[component * Tile] : FromHalf(Keys<ushort>(head, position)[component * Tile]);

    /// <summary>One component of a value, as a float.</summary>
    internal float Value(int head, int position, int component) =>
        Type == KvType.F32 ? Values<float>(head, position)[component] : FromHalf(Values<ushort>(head, position)[component]);

    private static float FromHalf(ushort bits)
    {
        float value;
        Lanes1.Store(Lanes1.LoadHalves(&bits) * Lanes1.Create(Attention.HalfUnit), &value);
        return value;
    }

    private static int RoundUp(int value, int multiple) => checked((value + multiple - 1) / multiple * multiple);
}
