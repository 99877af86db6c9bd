using System.Runtime.InteropServices;

namespace LlmToolkit.Engine.KvCache;

/// <summary>Cached keys and values of one layer of one sequence.</summary>
internal sealed unsafe class KvLayer : IDisposable
{
    private readonly float* _keys;
    private readonly float* _values;

    /// <param name="type">F16, or F32 for the exact mode.</param>
    /// <param name="heads">Key and value heads.</param>
    /// <param name="keyDim">Width of a key.</param>
    /// <param name="valueDim">Width of a value.</param>
    /// <param name="capacity">Most positions. Memory is reserved for all and touched as positions are written.</param>
    public KvLayer(KvType type, int heads, int keyDim, int valueDim, int capacity)
    {
        (Type, Heads, KeyDim, ValueDim, Capacity) = (type, heads, keyDim, valueDim, capacity);
        _keys = (float*)NativeMemory.AllocZeroed((nuint)capacity * (nuint)(heads * keyDim), sizeof(float));
        _values = (float*)NativeMemory.AllocZeroed((nuint)capacity * (nuint)(heads * valueDim), sizeof(float));
    }

    public KvType Type { get; }

    public int Heads { get; }

    public int KeyDim { get; }

    public int ValueDim { get; }

    public int Capacity { get; }

    /// <summary>Bytes of the whole cache of this layer.</summary>
    public long Bytes => (long)Capacity * Heads * (KeyDim + ValueDim) * sizeof(float);

    /// <summary>Writes key [KeyDim] and value [ValueDim] of one head at one position. Different positions or heads may be written by different workers, whole tiles of 16 positions apart or not.</summary>
    public void Write(int head, int position, float* key, float* value)
    {
        new ReadOnlySpan<float>(key, KeyDim).CopyTo(new Span<float>(Key(head, position), KeyDim));
        new ReadOnlySpan<float>(value, ValueDim).CopyTo(new Span<float>(Value(head, position), ValueDim));
    }

    public void Dispose()
    {
        NativeMemory.Free(_keys);
        NativeMemory.Free(_values);
    }

    internal float* Key(int head, int position) => _keys + (((long)head * Capacity) + position) * KeyDim;

    internal float* Value(int head, int position) => _values + (((long)head * Capacity) + position) * ValueDim;
}
