using System.Buffers.Binary;
using System.Text;
using LlmToolkit.Formats.Shared;

namespace LlmToolkit.Formats.Foreign;

/// <summary>Any zip that nothing above knows.</summary>
internal sealed class ZipArchive : ForeignRecogniser
{
    private const int MostNames = 5;

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
        IsZip(bytes) ? new ForeignMatch("zip", "a zip without data.pkl", ForeignErrors.Zip(artifact.Path, Content(bytes))) : null;

    /// <summary>The names of the directory as far as it is seen.</summary>
    private static string Content(ProbeBytes bytes)
    {
        const int Fixed = 46;
        List<string> names = [];
        ReadOnlySpan<byte> rest = bytes.Tail;
        while (rest.IndexOf("PK\u0001\u0002"u8) is var at and >= 0)
        {
            rest = rest[at..];
            int length = rest.Length < Fixed ? 0 : BinaryPrimitives.ReadUInt16LittleEndian(rest[28..]);
            bool isWhole = length > 0 && rest.Length >= Fixed + length;
            if (isWhole)
            {
                names.Add(Encoding.UTF8.GetString(rest.Slice(Fixed, length)));
            }

            // Past the name: signatures within a name would make every byte of the tail part of many names.
            rest = rest[(isWhole ? Fixed + length : 4)..];
        }

        // A cut archive has no directory; its first entry is at the beginning.
        if (names.Count == 0 && FirstName(bytes) is { Length: > 0 } first)
        {
            return $"\"{Shown.Text(Encoding.UTF8.GetString(first))}\", and its directory is missing: it is cut";
        }

        return names.Count == 0 ? "nothing" : Shown.Names(names, MostNames);
    }
}
