using LlmToolkit.Formats.Shared;

namespace LlmToolkit.Formats.PyTorch;

/// <summary>Faults of sets of PyTorch files: the index, the shards it names and what they hold.</summary>
internal static class PyTorchSetErrors
{
    public static ModelException BadIndex(string file, string what) => new(new Diagnostic
    {
        Code = "LT1240",
        Kind = FaultKind.Refused,
        Message = $"The index of shards is malformed: {what}.",
        File = file,
        Cause = "The index is damaged, or was written by a faulty tool.",
        Certainty = Certainty.Likely,
        Fixes = ["Download the index again."],
    });

    public static Diagnostic MissingShard(string file, IReadOnlyCollection<string> shards, int of) => new()
    {
        Code = "LT1242",
        Kind = FaultKind.Refused,
        Message = $"{shards.Count} of {of} shards {(shards.Count == 1 ? "is" : "are")} missing: {Shown.Names(shards)}.",
        File = file,
        Field = Shown.Text(shards.First()),
        Evidence = Shown.Names(shards),
        Cause = "The download is incomplete.",
        Certainty = Certainty.Likely,
        Fixes = ["Download the missing files into the same folder."],
    };

    public static Diagnostic MissingTensor(string file, string shard, IReadOnlyCollection<string> tensors) => new()
    {
        Code = "LT1243",
        Kind = FaultKind.Refused,
        Message = $"Shard '{Shown.Text(shard)}' lacks {tensors.Count} tensors that the index places there: {Shown.Names(tensors)}.",
        File = file,
        Field = Shown.Text(tensors.First()),
        Cause = "Index and shards are of different revisions.",
        Certainty = Certainty.Likely,
        Fixes = ["Download index and shards again from the same revision."],
    };

    public static Diagnostic DoubledTensor(string file, string tensor, string first, string second) => new()
    {
        Code = "LT1244",
        Kind = FaultKind.Refused,
        Message = $"Tensor '{Shown.Text(tensor)}' lies in two shards: '{Shown.Text(first)}' and '{Shown.Text(second)}'.",
        File = file,
        Field = Shown.Text(tensor),
        Cause = "Shards of different revisions lie in the folder.",
        Certainty = Certainty.Likely,
        Fixes = ["Download index and shards again from the same revision."],
    };

    public static Diagnostic ForeignTensor(string file, string shard, IReadOnlyCollection<string> tensors) => new()
    {
        Code = "LT1245",
        Kind = FaultKind.Refused,
        Severity = Severity.Medium,
        Message = $"Shard '{Shown.Text(shard)}' holds {tensors.Count} tensors that the index does not name; they are left out: {Shown.Names(tensors)}.",
        File = file,
        Field = Shown.Text(tensors.First()),
        Cause = "Index and shards are of different revisions, or the index was edited.",
        Certainty = Certainty.Likely,
        Fixes = ["Download index and shards again from the same revision."],
    };
}
