using System.Buffers.Binary;

namespace LlmToolkit.Formats.Foreign;

/// <summary>Any zip that nothing above knows.</summary>
internal sealed class ZipArchive : ForeignRecogniser
{
    /// <summary>True for what begins with an entry or is an empty archive.</summary>
    public static bool IsZip(ProbeBytes bytes) => bytes.Head.StartsWith("PK\u0003\u0004"u8) || bytes.Head.StartsWith("PK\u0005\u0006"u8);

    /// <summary>True when the part of the directory that is seen, or the first entries, hold a name with that end.</summary>
    public static bool Names(ProbeBytes bytes, ReadOnlySpan<byte> end) => bytes.Tail.IndexOf(end) >= 0 || bytes.Head.IndexOf(end) >= 0;

    /// <summary>Name of the first entry, or nothing.</summary>
    public static ReadOnlySpan<byte> FirstName(ProbeBytes bytes)
    {
        const int Fixed = 30;
        int length = bytes.Head.Length < Fixed ? 0 : BinaryPrimitives.ReadUInt16LittleEndian(bytes.Head[26..]);
        return bytes.Head.Length < Fixed + length ? [] : bytes.Head.Slice(Fixed, length);
    }

    /// <inheritdoc/>
    public override ForeignMatch? Recognise(ModelArtifact artifact, ProbeBytes bytes) =>
        IsZip(bytes) ? new ForeignMatch("zip", "a zip without data.pkl", ForeignErrors.Zip(artifact.Path)) : null;
}
