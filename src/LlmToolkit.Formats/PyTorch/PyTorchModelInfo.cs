using LlmToolkit.Formats.Shared;

namespace LlmToolkit.Formats.PyTorch;

/// <summary>The facts of a bare PyTorch file: it says nothing of an architecture.</summary>
internal static class PyTorchModelInfo
{
    /// <summary>Counts from the weights alone, not from optimizer state beside them; tied weights count once.</summary>
    /// <param name="header">What the file says of itself.</param>
    /// <param name="files">Its files.</param>
    /// <param name="weights">The tensors that count.</param>
    /// <param name="isComplete">False when tensors are missing from the list: then their number is not told.</param>
    public static ModelInfo Of(PyTorchHeader header, IReadOnlyList<ArtifactFile> files, IReadOnlyList<PyTorchTensor> weights, bool isComplete = true)
    {
        List<TensorInfo> distinct = [.. weights.DistinctBy(t => t.Identity).Select(t => t.Info)];
        Dictionary<string, long> bytes = TensorSums.BytesByType(distinct);
        return new ModelInfo
        {
            Format = "pytorch",
            Version = header.Version,
            ByteOrder = header.IsBigEndian ? "big" : header.IsOrderKnown ? "little" : null,
            Parameters = isComplete ? LogicalParameters.Count(distinct) : null,
            Quantization = bytes.Count > 0 ? bytes.First().Key : null,
            FileBytes = files.Sum(f => f.Length),
            BytesByType = bytes,
            TensorsByType = TensorSums.TensorsByType(distinct),
            CopiedBytes = TensorSums.Copied(distinct),
        };
    }
}
