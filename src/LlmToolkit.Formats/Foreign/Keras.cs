namespace LlmToolkit.Formats.Foreign;

/// <summary>HDF5 (Keras .h5, PyTorch-to-TF weights) and the zip of Keras 3.</summary>
internal sealed class Keras : ForeignRecogniser
{
    /// <inheritdoc/>
    public override ForeignMatch? Recognise(ModelArtifact artifact, ProbeBytes bytes)
    {
        if (bytes.Head.StartsWith((ReadOnlySpan<byte>)[0x89, (byte)'H', (byte)'D', (byte)'F', 0x0D, 0x0A, 0x1A, 0x0A]))
        {
            return new ForeignMatch("hdf5", "begins with the signature of HDF5", ForeignErrors.Keras(artifact.Path, "HDF5"));
        }

        bool isKeras = ZipArchive.IsZip(bytes) && ZipArchive.Names(bytes, "model.weights.h5"u8);
        return isKeras ? new ForeignMatch("keras", "a zip with model.weights.h5", ForeignErrors.Keras(artifact.Path, "Keras 3")) : null;
    }
}
