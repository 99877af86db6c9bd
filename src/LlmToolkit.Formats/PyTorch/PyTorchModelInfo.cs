namespace LlmToolkit.Formats.PyTorch;

/// <summary>The facts of a bare PyTorch file: it says nothing of an architecture.</summary>
internal static class PyTorchModelInfo
{
    /// <summary>Counts from the weights alone, not from optimizer state beside them; tied weights count once.</summary>
    public static ModelInfo Of(PyTorchHeader header, IReadOnlyList<ArtifactFile> files, IReadOnlyList<PyTorchTensor> weights)
    {
        List<PyTorchTensor> distinct = [.. weights.DistinctBy(t => t.Identity)];
        Dictionary<string, long> bytes = distinct
            .GroupBy(t => t.Info.DType.Name, StringComparer.Ordinal)
            .Select(g => (Type: g.Key, Bytes: g.Sum(t => t.Info.Bytes)))
            .OrderByDescending(g => g.Bytes)
            .ToDictionary(g => g.Type, g => g.Bytes, StringComparer.Ordinal);
        return new ModelInfo
        {
            Format = "pytorch",
            Version = header.Version,
            ByteOrder = header.IsBigEndian ? "big" : "little",
            Parameters = distinct.Sum(t => t.Info.Shape.Elements),
            Quantization = bytes.Count > 0 ? bytes.First().Key : null,
            FileBytes = files.Sum(f => f.Length),
            BytesByType = bytes,
        };
    }
}
