using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using LlmToolkit.Formats.Shared;

namespace LlmToolkit.Formats.Foreign;

/// <summary>A download that is not finished: told by the name, for the bytes are those of the model.</summary>
internal sealed class IncompleteDownload : ForeignRecogniser
{
    /// <summary>Of huggingface_hub, browsers, aria2, curl and wget wrappers, BitTorrent programs.</summary>
    private static readonly string[] s_suffixes = [".incomplete", ".part", ".partial", ".crdownload", ".download", ".aria2", ".tmp", ".!ut", ".!qb", ".filepart", ".opdownload", ".downloading"];

    /// <summary>True for a name that only unfinished downloads have.</summary>
    public static bool IsNamed(string name) => s_suffixes.Any(s => s != ".tmp" && name.EndsWith(s, StringComparison.OrdinalIgnoreCase));

    /// <inheritdoc/>
    public override ForeignMatch? Recognise(ModelArtifact artifact, ProbeBytes bytes)
    {
        string? suffix = artifact.IsDirectory ? null : Array.Find(s_suffixes, s => artifact.Path.EndsWith(s, StringComparison.OrdinalIgnoreCase));
        if (suffix is null)
        {
            return null;
        }

        string soFar = (suffix == ".aria2" ? Aria2(bytes.Head) : null) ?? $"So far it has {Shown.Bytes(artifact.Files[0].Length)}.";
        return new ForeignMatch("incomplete-download", $"the name ends in {suffix}", ForeignErrors.Incomplete(artifact.Path, suffix, soFar));
    }

    /// <summary>What the control file of aria2 says. Source: aria2, "Control file (*.aria2) format".</summary>
    private static string? Aria2(ReadOnlySpan<byte> head)
    {
        const int begin = 10;
        if (head.Length < begin || head[0] != 0 || head[1] is not (0 or 1))
        {
            return null;
        }

        uint hashLength = BinaryPrimitives.ReadUInt32BigEndian(head[6..]);
        if (hashLength > 64 || head.Length < begin + (int)hashLength + 24)
        {
            return null;
        }

        ReadOnlySpan<byte> rest = head[(begin + (int)hashLength)..];
        uint piece = BinaryPrimitives.ReadUInt32BigEndian(rest);
        ulong total = BinaryPrimitives.ReadUInt64BigEndian(rest[4..]);
        uint field = BinaryPrimitives.ReadUInt32BigEndian(rest[20..]);
        if (piece == 0 || total is 0 or > long.MaxValue || field == 0)
        {
            return null;
        }

        // The field of bits may be longer than what is seen of the file.
        ReadOnlySpan<byte> bits = rest.Slice(24, (int)Math.Min(field, rest.Length - 24));
        long done = 0;
        foreach (byte b in bits)
        {
            done += BitOperations.PopCount(b);
        }

        string share = bits.Length == field ? string.Create(CultureInfo.InvariantCulture, $"about {Math.Min(100, 100.0 * done * piece / total):0} % of ") : "a part of ";
        return $"It is the control file of aria2: {share}{Shown.Bytes((long)total)} have arrived.";
    }
}
