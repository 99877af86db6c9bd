namespace LlmToolkit;

/// <summary>Where a tensor lies and what it is; nothing of its values.</summary>
public sealed record TensorInfo
{
    /// <summary>The name in its container.</summary>
    public required string Name { get; init; }

    /// <summary>Type of the stored elements.</summary>
    public required DType DType { get; init; }

    /// <summary>Row-major shape.</summary>
    public required TensorShape Shape { get; init; }

    /// <summary>The file that holds the bytes.</summary>
    public required ArtifactFile File { get; init; }

    /// <summary>First byte, from the start of <see cref="File"/>; -1 when a file that is cut does not tell where.</summary>
    public required long Offset { get; init; }

    /// <summary>Stored bytes.</summary>
    public required long Bytes { get; init; }

    /// <summary>Steps between neighbours of each dimension, in elements; null: contiguous row-major.</summary>
    public IReadOnlyList<long>? Strides { get; init; }

    /// <summary>True when the stored elements are big-endian.</summary>
    public bool BigEndian { get; init; }

    /// <summary>True when the bytes lie compressed in the file, from <see cref="Offset"/> on; they are inflated when read.</summary>
    public bool Compressed { get; init; }

    /// <summary>True when the bytes in the file are the row-major little-endian values: usable in place.</summary>
    public bool InPlace => Strides is null && !BigEndian && !Compressed;
}
