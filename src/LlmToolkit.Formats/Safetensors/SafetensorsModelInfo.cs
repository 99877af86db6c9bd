using LlmToolkit.Formats.Shared;

namespace LlmToolkit.Formats.Safetensors;

/// <summary>What weights without a configuration tell.</summary>
internal static class SafetensorsModelInfo
{
    /// <summary>The facts of a file or a set of shards; without all tensors their number is not told.</summary>
    public static ModelInfo Read(IReadOnlyList<TensorInfo> tensors, IReadOnlyList<ArtifactFile> files, bool isComplete)
    {
        Dictionary<string, long> bytesByType = TensorSums.BytesByType(tensors);
        return new ModelInfo
        {
            Format = SafetensorsFormat.FormatName,
            Parameters = isComplete ? LogicalParameters.Count(tensors) : null,
            Quantization = bytesByType.Keys.FirstOrDefault(),
            FileBytes = files.Sum(f => f.Length),
            BytesByType = bytesByType,
            TensorsByType = TensorSums.TensorsByType(tensors),
            CopiedBytes = TensorSums.Copied(tensors),
        };
    }
}
