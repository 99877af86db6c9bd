namespace LlmToolkit;

/// <summary>The first bytes of a file, and its last ones when it looks like a zip.</summary>
/// <param name="head">Up to 4 KiB from the start; empty for a directory.</param>
/// <param name="tail">Up to 64 KiB from the end, or empty.</param>
public readonly ref struct ProbeBytes(ReadOnlySpan<byte> head, ReadOnlySpan<byte> tail)
{
    /// <summary>Up to 4 KiB from the start; empty for a directory.</summary>
    public ReadOnlySpan<byte> Head { get; } = head;

    /// <summary>Up to 64 KiB from the end when the file looks like a zip; else empty.</summary>
    public ReadOnlySpan<byte> Tail { get; } = tail;
}

/// <summary>How well a format fits an artifact.</summary>
/// <param name="Score">0 (not it) to 1 (certain).</param>
/// <param name="Reason">What was seen, for people.</param>
/// <param name="Hints">What the validator should look at.</param>
public sealed record FormatMatch(double Score, string Reason, params IReadOnlyList<string> Hints)
{
    /// <summary>Not this format.</summary>
    public static FormatMatch None { get; } = new(0, "");

    /// <summary>For what is recognised but is no model: its name, such as <c>git-lfs-pointer</c>; then <see cref="Score"/> is 0.</summary>
    public string? Recognised { get; init; }
}

/// <summary>A container format: detection, strict opening, tolerant description.</summary>
public interface IModelFormat
{
    /// <summary>Name used by <c>--format</c>, lower case.</summary>
    string Name { get; }

    /// <summary>One line for the list of formats.</summary>
    string Summary { get; }

    /// <summary>Judges from content; opens nothing beyond the bytes given (a directory's small files may be looked at).</summary>
    FormatMatch Probe(ModelArtifact artifact, ProbeBytes bytes);

    /// <summary>Opens strictly: what is returned is valid.</summary>
    /// <exception cref="ModelException">The bytes are refused.</exception>
    ModelContainer Open(ModelArtifact artifact);

    /// <summary>Looks tolerantly: of a damaged or unknown file gives what can be known, with findings. Throws only where nothing at all can be read.</summary>
    ModelDescription Describe(ModelArtifact artifact);
}
