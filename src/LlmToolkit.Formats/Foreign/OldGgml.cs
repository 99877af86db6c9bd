using System.Buffers.Binary;

namespace LlmToolkit.Formats.Foreign;

/// <summary>The forms before GGUF: ggml, ggmf, ggjt and the adapters ggla, whose magic numbers are stored little-endian. Source: llama.cpp, llama.h before August 2023.</summary>
internal sealed class OldGgml : ForeignRecogniser
{
    /// <summary>Sizes of Whisper's vocabulary, the first number after the magic. Source: whisper.cpp, models/convert-pt-to-ggml.py.</summary>
    private static readonly int[] s_whisperVocabularies = [51864, 51865, 51866];

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
        if (magic is null)
        {
            return null;
        }

        bool isWhisper = magic == "ggml" && s_whisperVocabularies.Contains(BinaryPrimitives.ReadInt32LittleEndian(bytes.Head[4..]));
        string kind = isWhisper ? "a Whisper model for speech" : magic == "ggla" ? "a LoRA adapter" : "a model";
        return new ForeignMatch("ggml", $"begins with the magic number '{magic}'", ForeignErrors.OldGgml(artifact.Path, magic, kind));
    }
}
