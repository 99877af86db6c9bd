namespace LlmToolkit;

/// <summary>The type of a tensor's elements: a plain number, or a block of quantized weights.</summary>
/// <param name="Name">The field's name: safetensors' for plain types (<c>F32</c>), ggml's for blocks (<c>Q4_K</c>).</param>
/// <param name="BlockLength">Elements in a block; 1 for plain types.</param>
/// <param name="BlockBytes">Bytes of a block.</param>
public sealed record DType(string Name, int BlockLength, int BlockBytes)
{
    /// <summary>The number by which ggml and GGUF know the type; null: not one of theirs.</summary>
    public int? GgmlId { get; init; }

    /// <summary>True for types that can be stored and shown but are not weights that an engine multiplies.</summary>
    public bool StorageOnly { get; init; }

    /// <summary>True when several elements share a block.</summary>
    public bool IsBlock => BlockLength > 1;

    /// <summary>Bytes of <paramref name="elements"/> elements, a multiple of the block length.</summary>
    /// <exception cref="OverflowException">The size does not fit in 63 bits.</exception>
    public long Bytes(long elements) => checked(elements / BlockLength * BlockBytes);

    /// <inheritdoc/>
    public override string ToString() => Name;
}
