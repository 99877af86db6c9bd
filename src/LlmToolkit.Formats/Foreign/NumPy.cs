namespace LlmToolkit.Formats.Foreign;

/// <summary>Arrays of NumPy: .npy, and .npz, a zip of them.</summary>
internal sealed class NumPy : ForeignRecogniser
{
    /// <inheritdoc/>
    public override ForeignMatch? Recognise(ModelArtifact artifact, ProbeBytes bytes)
    {
        if (bytes.Head.StartsWith((ReadOnlySpan<byte>)[0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y']))
        {
            // Arrays of objects are stored as a pickle: a program.
            int header = bytes.Head.IndexOf((byte)'\n');
            bool isPickle = header > 0 && (bytes.Head[..header].IndexOf("'|O'"u8) >= 0 || bytes.Head[..header].IndexOf("'O'"u8) >= 0);
            return new ForeignMatch("numpy", "begins with the signature of .npy", isPickle ? ForeignErrors.NumPyObjects(artifact.Path) : ForeignErrors.NumPy(artifact.Path, ".npy"));
        }

        bool isZip = ZipArchive.IsZip(bytes) && ZipArchive.FirstName(bytes).EndsWith(".npy"u8);
        return isZip ? new ForeignMatch("numpy", "a zip of .npy files", ForeignErrors.NumPy(artifact.Path, ".npz")) : null;
    }
}
