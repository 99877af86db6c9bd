using System.Buffers.Binary;

namespace LlmToolkit.Formats.Foreign;

/// <summary>A program: ELF, PE, Mach-O, a script, a llamafile.</summary>
internal sealed class Executable : ForeignRecogniser
{
    /// <inheritdoc/>
    public override ForeignMatch? Recognise(ModelArtifact artifact, ProbeBytes bytes)
    {
        // A llamafile is a program for all systems at once, or an ELF of that name, with the model as a zip at its end.
        if (bytes.Head.StartsWith("MZqFpD"u8) || (artifact.Path.EndsWith(".llamafile", StringComparison.OrdinalIgnoreCase) && bytes.Head is [0x7F or (byte)'M' or 0xCF or 0xCE, ..]))
        {
            return new ForeignMatch("llamafile", "begins like a llamafile", ForeignErrors.Llamafile(artifact.Path));
        }

        string? form = bytes.Head switch
        {
            [0x7F, (byte)'E', (byte)'L', (byte)'F', ..] => "ELF",
            [0xCF or 0xCE, 0xFA, 0xED, 0xFE, ..] => "Mach-O",
            [0xCA, 0xFE, 0xBA, 0xBE, ..] => "Mach-O for several processors, or Java",
            [0x00, (byte)'a', (byte)'s', (byte)'m', ..] => "WebAssembly",
            [(byte)'M', (byte)'Z', ..] when IsPe(bytes.Head) => "PE",
            [(byte)'#', (byte)'!', (byte)'/' or (byte)' ', ..] => "script",
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
