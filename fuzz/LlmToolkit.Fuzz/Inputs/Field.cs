namespace LlmToolkit.Fuzz;

/// <summary>What a field holds, which decides what it is changed into.</summary>
internal enum FieldKind
{
    /// <summary>An integer or float of 1 to 8 bytes.</summary>
    Number,

    /// <summary>A number of protobuf: seven bits a byte, padded to the width it has in the valid file.</summary>
    Varint,

    /// <summary>A name or a text.</summary>
    Text,

    /// <summary>A word of JSON: a bracket, a comma, a name, a value.</summary>
    Json,

    /// <summary>A word of a template.</summary>
    Jinja,

    /// <summary>One byte that chooses what follows: an opcode.</summary>
    Code,

    /// <summary>Tensor data, padding, what has no structure.</summary>
    Bytes,
}

/// <summary>How a field follows from others. Before a mutation touches it, it is computed again, so that the change of one field reaches the reader behind it.</summary>
internal enum DerivedKind
{
    /// <summary>Bytes of a group.</summary>
    Length,

    /// <summary>Entries of a group.</summary>
    Count,

    /// <summary>Distance of a group from the start of the file.</summary>
    Offset,

    /// <summary>CRC-32 of a group.</summary>
    Crc,

    /// <summary>Zero bytes up to a multiple of <see cref="Derived.Add"/>.</summary>
    Padding,
}

/// <summary>The rule that a derived field keeps.</summary>
/// <param name="Kind">What is measured.</param>
/// <param name="Group">The group; its parts lie under <c>group/</c>.</param>
/// <param name="Add">Added to the measure; of padding the multiple.</param>
internal sealed record Derived(DerivedKind Kind, string Group, int Add = 0);

/// <summary>A stretch of a valid file that means one thing.</summary>
/// <param name="Kind">What it holds.</param>
/// <param name="Group">Path of what it is part of: <c>key/3/name</c>.</param>
/// <param name="Bytes">Its bytes in the valid file.</param>
internal sealed record Field(FieldKind Kind, string Group, byte[] Bytes)
{
    /// <summary>The rule it follows from; null: it is free.</summary>
    public Derived? Derived { get; init; }

    /// <summary>True when numbers are big-endian.</summary>
    public bool BigEndian { get; init; }

    /// <summary>Number of the entry (key, tensor, record) that it is part of; -1: none.</summary>
    public int Entry { get; init; } = -1;

    /// <summary>File of the set that it lies in.</summary>
    public int File { get; init; }

    /// <summary>True when it lies in that group.</summary>
    public bool IsIn(string group) => Group.StartsWith(group, StringComparison.Ordinal) && (Group.Length == group.Length || Group[group.Length] == '/');
}
