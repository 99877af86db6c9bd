namespace LlmToolkit.Formats.Foreign;

/// <summary>TensorFlow: a SavedModel (a directory with saved_model.pb, or that file), a frozen graph, a checkpoint.</summary>
internal sealed class TensorFlowModel : ForeignRecogniser
{
    /// <inheritdoc/>
    public override ForeignMatch? Recognise(ModelArtifact artifact, ProbeBytes bytes)
    {
        string name = Path.GetFileName(artifact.Path);
        if (artifact.IsDirectory ? artifact.Find("saved_model.pb") is not null : name == "saved_model.pb")
        {
            return new ForeignMatch("tensorflow-savedmodel", "saved_model.pb", ForeignErrors.TensorFlow(artifact.Path, "SavedModel"));
        }

        if (artifact.IsDirectory)
        {
            ArtifactFile? index = artifact.Files.FirstOrDefault(f => f.Name.EndsWith(".ckpt.index", StringComparison.Ordinal)) ?? artifact.Files.FirstOrDefault(f => IsCheckpointData(f.Name));
            return index is null ? null : new ForeignMatch("tensorflow-checkpoint", index.Name, ForeignErrors.TensorFlow(artifact.Path, $"a checkpoint, {index.Name}"));
        }

        if (IsCheckpointData(name) || name.EndsWith(".ckpt.index", StringComparison.Ordinal) || name.EndsWith(".ckpt.meta", StringComparison.Ordinal))
        {
            return new ForeignMatch("tensorflow-checkpoint", "the name is that of a TensorFlow checkpoint's part", ForeignErrors.TensorFlow(artifact.Path, "part of a checkpoint"));
        }

        return name.EndsWith(".pb", StringComparison.OrdinalIgnoreCase) && bytes.Head is [0x0A, ..]
            ? new ForeignMatch("tensorflow-graph", "the name ends in .pb and it begins like a list of nodes", ForeignErrors.TensorFlow(artifact.Path, "a frozen graph"))
            : null;
    }

    private static bool IsCheckpointData(string name) => name.Contains(".data-00000-of-", StringComparison.Ordinal);
}
