namespace LlmToolkit.Formats.Foreign;

/// <summary>The forms before GGUF: ggml, ggmf, ggjt and the adapters ggla, whose magic numbers are stored little-endian. Source: llama.cpp, llama.h before August 2023.</summary>
internal sealed class OldGgml : ForeignRecogniser
{
    /// <inheritdoc/>
    public override ForeignMatch? Recognise(ModelArtifact artifact, ProbeBytes bytes)
    {
        if (bytes.Head.Length < 8)
        {
            return null;
        }

        string? magic = bytes.Head[..4] switch
        {
            [(byte)'l', (byte)'m', (byte)'g', (byte)'g'] => "ggml",
            [(byte)'f', (byte)'m', (byte)'g', (byte)'g'] => "ggmf",
            [(byte)'t', (byte)'j', (byte)'g', (byte)'g'] => "ggjt",
            [(byte)'a', (byte)'l', (byte)'g', (byte)'g'] => "ggla",
            _ => null,
        };
        return magic is null ? null : new ForeignMatch("ggml", $"begins with the magic number '{magic}'", ForeignErrors.OldGgml(artifact.Path, magic));
    }
}
