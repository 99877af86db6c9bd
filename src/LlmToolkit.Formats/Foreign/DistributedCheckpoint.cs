namespace LlmToolkit.Formats.Foreign;

/// <summary>A sharded training checkpoint: .metadata beside .distcp files.</summary>
internal sealed class DistributedCheckpoint : ForeignRecogniser
{
    /// <inheritdoc/>
    public override ForeignMatch? Recognise(ModelArtifact artifact, ProbeBytes bytes)
    {
        bool isSharded = artifact.IsDirectory && artifact.Find(".metadata") is not null && artifact.Files.Any(f => f.Name.EndsWith(".distcp", StringComparison.Ordinal));
        return isSharded ? new ForeignMatch("torch-distributed-checkpoint", "holds .metadata and .distcp files", ForeignErrors.Distributed(artifact.Path)) : null;
    }
}
