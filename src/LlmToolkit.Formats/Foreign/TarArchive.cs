using System.Text;
using LlmToolkit.Formats.Shared;

namespace LlmToolkit.Formats.Foreign;

/// <summary>A tar: "ustar" at offset 257.</summary>
internal sealed class TarArchive : ForeignRecogniser
{
    private const int NameBytes = 100;

    /// <inheritdoc/>
    public override ForeignMatch? Recognise(ModelArtifact artifact, ProbeBytes bytes)
    {
        if (bytes.Head.Length < 262 || !bytes.Head[257..].StartsWith("ustar"u8))
        {
            return null;
        }

        ReadOnlySpan<byte> name = bytes.Head[..NameBytes];
        int end = name.IndexOf((byte)0);
        string first = Shown.Text(Encoding.UTF8.GetString(end < 0 ? name : name[..end]));
        bool isNemo = artifact.Path.EndsWith(".nemo", StringComparison.OrdinalIgnoreCase) || first.EndsWith("model_config.yaml", StringComparison.Ordinal);
        return new ForeignMatch(isNemo ? "nemo" : "tar", "\"ustar\" at offset 257", ForeignErrors.Tar(artifact.Path, isNemo ? $"\"{first}\", as NVIDIA NeMo packs its models" : $"\"{first}\""));
    }
}
