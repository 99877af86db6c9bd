using LlmToolkit.Formats.Shared;

namespace LlmToolkit.Formats.PyTorch;

/// <summary>The facts of a bare PyTorch file: it says nothing of an architecture.</summary>
internal static class PyTorchModelInfo
{
    /// <summary>Counts from the weights alone, not from optimizer state beside them; tied weights count once.</summary>
    public static ModelInfo Of(PyTorchHeader header, IReadOnlyList<ArtifactFile> files, IReadOnlyList<PyTorchTensor> weights)
    {
        List<TensorInfo> distinct = [.. weights.DistinctBy(t => t.Identity).Select(t => t.Info)];
        Dictionary<string, long> bytes = TensorSums.BytesByType(distinct);
        return new ModelInfo
        {
            Format = "pytorch",
            Version = header.Version,
            ByteOrder = header.IsBigEndian ? "big" : "little",
            Parameters = LogicalParameters.Count(distinct),
            Quantization = bytes.Count > 0 ? bytes.First().Key : null,
            FileBytes = files.Sum(f => f.Length),
            BytesByType = bytes,
            TensorsByType = TensorSums.TensorsByType(distinct),
            CopiedBytes = TensorSums.Copied(distinct),
        };
    }
}
