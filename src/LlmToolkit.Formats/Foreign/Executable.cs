using System.Buffers.Binary;

namespace LlmToolkit.Formats.Foreign;

/// <summary>A program: ELF, PE, Mach-O.</summary>
internal sealed class Executable : ForeignRecogniser
{
    /// <inheritdoc/>
    public override ForeignMatch? Recognise(ModelArtifact artifact, ProbeBytes bytes)
    {
        string? form = bytes.Head switch
        {
            [0x7F, (byte)'E', (byte)'L', (byte)'F', ..] => "ELF",
            [0xCF or 0xCE, 0xFA, 0xED, 0xFE, ..] => "Mach-O",
            [(byte)'M', (byte)'Z', ..] when IsPe(bytes.Head) => "PE",
            [(byte)'#', (byte)'!', (byte)'/', ..] => "script",
            _ => null,
        };
        return form is null ? null : new ForeignMatch("executable", $"begins like a program ({form})", ForeignErrors.Executable(artifact.Path, form));
    }

    /// <summary>The old header names the offset of "PE\0\0".</summary>
    private static bool IsPe(ReadOnlySpan<byte> head)
    {
        const int OffsetField = 0x3C;
        uint at = head.Length < OffsetField + 4 ? uint.MaxValue : BinaryPrimitives.ReadUInt32LittleEndian(head[OffsetField..]);
        return at <= head.Length - 4 && head[(int)at..].StartsWith("PE\0\0"u8);
    }
}
