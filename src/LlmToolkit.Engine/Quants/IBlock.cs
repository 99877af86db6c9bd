using System.Runtime.Intrinsics;

namespace LlmToolkit.Engine.Quants;

/// <summary>
/// A block of quantized weights, as unsigned integers q: weight = scale × (q − <see cref="Offset"/>), or scale × q + minimum where the type <see cref="HasMinimum"/>,
/// with one scale for each group. A block is cut into parts of 32 weights, the unit of activations (<see cref="Q8Row"/>).
/// </summary>
/// <typeparam name="TSelf">The struct of the block.</typeparam>
internal unsafe interface IBlock<TSelf>
    where TSelf : unmanaged, IBlock<TSelf>
{
    /// <summary>The type that the blocks make up.</summary>
    static abstract DType Type { get; }

    /// <summary>Weights of a block: 32 or 256.</summary>
    static abstract int Length { get; }

    /// <summary>Weights that share a scale: 32 or 16.</summary>
    static abstract int Group { get; }

    /// <summary>Largest q.</summary>
    static abstract int MaxValue { get; }

    /// <summary>What is subtracted from q; 0 where the type has minimums.</summary>
    static abstract int Offset { get; }

    /// <summary>True: each group has a minimum of its own.</summary>
    static abstract bool HasMinimum { get; }

    /// <summary>The definition of the scales, one a group, in ggml's order of operations; and of what is added, where the type has minimums.</summary>
    static abstract void Scales(TSelf* block, float* scales, float* minimums);

    /// <summary>The definition of the integers: the 32 q of a part.</summary>
    static abstract void Unpack(TSelf* block, int part, byte* values);

    /// <summary>True: the unpacking methods for vectors give q − 128 as signed bytes, as the file does.</summary>
    static abstract bool Signed { get; }

    /// <summary>As <see cref="Scales"/>, with the halves' values looked up in <see cref="HalfBits.Table"/>; for blocks of several groups in vectors, to the same bits.</summary>
    static abstract void FastScales(TSelf* block, float* halves, float* scales, float* minimums);

    /// <summary>
    /// As <see cref="FastScales"/> for blocks of 256, in registers (a vector loaded from what narrower stores wrote waits for them): in groups of 32 the scales
    /// and the minimums, in groups of 16 the first and the last eight scales. Not for blocks of 32.
    /// </summary>
    static abstract (Vector256<float> First, Vector256<float> Second) Scales256(TSelf* block, float* halves);

    /// <summary>Of a block with one group, its scale. Only for blocks of 32.</summary>
    static abstract float ScaleOf(TSelf* block, float* halves);

    /// <summary>Of a block with one group, its minimum. Only for blocks of 32 with minimums.</summary>
    static abstract float MinimumOf(TSelf* block, float* halves);

    /// <summary>Half of a part in a vector: q of weights 0-15 or 16-31.</summary>
    static abstract Vector128<byte> Unpack128(TSelf* block, int part, int half);

    /// <summary>A part in a vector.</summary>
    static abstract Vector256<byte> Unpack256(TSelf* block, int part);
}
