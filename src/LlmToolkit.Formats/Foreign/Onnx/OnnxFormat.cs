using System.Diagnostics.CodeAnalysis;
using LlmToolkit.Formats.Shared;

namespace LlmToolkit.Formats.Foreign.Onnx;

/// <summary>ONNX without its plug-in: recognised, checked and described; nothing of it is loaded.</summary>
internal sealed class OnnxFormat : IModelFormat
{
    public const string FormatName = "onnx";

    /// <summary>One instance: it holds nothing.</summary>
    public static OnnxFormat Instance { get; } = new();

    /// <inheritdoc/>
    public string Name => FormatName;

    /// <inheritdoc/>
    public string Summary => "ONNX models: checked and described, run only by a plug-in";

    /// <inheritdoc/>
    public FormatMatch Probe(ModelArtifact artifact, ProbeBytes bytes) =>
        OnnxRecogniser.Reason(artifact, bytes) is { } reason ? new FormatMatch(0.9, reason) : FormatMatch.None;

    /// <inheritdoc/>
    public ModelContainer Open(ModelArtifact artifact)
    {
        using ModelDescription description = Describe(artifact);
        throw new ModelException(description.Findings.FirstOrDefault(f => f.Severity >= Severity.High && f.Kind == FaultKind.Refused) ?? description.Findings[^1]);
    }

    /// <inheritdoc/>
    public ModelDescription Describe(ModelArtifact artifact)
    {
        ArgumentNullException.ThrowIfNull(artifact);
        (ArtifactFile file, IReadOnlyList<string> others) = Choose(artifact);
        MappedFile map = MappedFile.Open(file);
        try
        {
            return Describe(artifact, map, others);
        }
        catch
        {
            map.Release();
            throw;
        }
    }

    /// <summary>The file that is described, and the others of the folder.</summary>
    internal static (ArtifactFile File, IReadOnlyList<string> Others) Choose(ModelArtifact artifact)
    {
        if (!artifact.IsDirectory)
        {
            return (artifact.Files[0], []);
        }

        List<ArtifactFile> all = OnnxRecogniser.FilesIn(artifact);
        string[] preferred = ["model.onnx", "decoder_model_merged.onnx", "decoder_model.onnx", "encoder_model.onnx"];
        ArtifactFile file = preferred.Select(n => all.Find(f => f.Name == n)).FirstOrDefault(f => f is not null) ?? all.MaxBy(f => f.Length)
            ?? throw new ModelException(OnnxErrors.Lacks(artifact.Path, "file that ends in .onnx"));
        return (file, [.. all.Where(f => f != file).Select(f => f.Name)]);
    }

    private static ModelDescription Describe(ModelArtifact artifact, MappedFile map, IReadOnlyList<string> others)
    {
        string path = map.File.Path;
        if (map.Length == 0)
        {
            throw new ModelException(FileErrors.Empty(path));
        }

        if (map.Length > int.MaxValue)
        {
            throw new ModelException(OnnxErrors.TooLarge(path, map.Length));
        }

        OnnxModel model = OnnxModel.Read(map);
        OnnxTensors tensors = OnnxTensors.Read(model, map.File);
        if (others.Count > 0)
        {
            model.Findings.Add(OnnxErrors.OtherGraphs(artifact.Path, map.File.Name, others));
        }

        List<Diagnostic> findings = [.. model.Findings.All];
        if (model.Findings.All.All(f => f.Severity < Severity.High || f.Kind == FaultKind.Unsupported))
        {
            findings.Add(OnnxErrors.NotLoaded(path, artifact.IsDirectory ? $"The directory holds an ONNX model ({map.File.Name})" : "The file is a sound ONNX model"));
        }

        List<ArtifactFile> files = [map.File, .. tensors.Files.OrderBy(f => f.Path, StringComparer.Ordinal)];
        Dictionary<string, long> types = TensorSums.BytesByType(tensors.Infos);
        return new ModelDescription(artifact, findings, tensor => Read(map, tensor))
        {
            Files = files,
            Info = new ModelInfo
            {
                Format = FormatName,
                Version = Version(model),
                Name = model.Texts.Find(t => t.Key == "graph.name") is { Key: not null } name ? model.Text(name.Value) : null,
                Parameters = tensors.Infos.Count > 0 ? TensorSums.Parameters(tensors.Infos) : null,
                Quantization = types.Count > 0 ? types.First().Key : null,
                FileBytes = files.Sum(f => f.Length),
                BytesByType = types,
            },
            Metadata = new OnnxMetadata(model),
            Tensors = tensors.Infos,
            CompatibilityMode = findings.Exists(f => f.Code == "LT1435") ? FormattableString.Invariant($"IR {OnnxModel.KnownVersion}, opset {OnnxModel.KnownOpset}") : null,
            Resource = new MappingLease(map),
        };
    }

    /// <summary>The values of a tensor that can be used where they lie. A data file is judged anew and mapped for this tensor alone.</summary>
    private static TensorData? Read(MappedFile model, TensorInfo tensor)
    {
        if (tensor.Shape.Columns % tensor.DType.BlockLength != 0 || tensor.Shape.Any(d => d == 0))
        {
            return null;
        }

        if (tensor.File.Path == model.File.Path)
        {
            return model.Holds(tensor) ? model.Tensor(tensor) : null;
        }

        MappedFile data = MappedFile.Open(tensor.File);
        try
        {
            return data.Holds(tensor) ? data.Tensor(tensor) : null;
        }
        finally
        {
            data.Release();
        }
    }

    private static string? Version(OnnxModel model) =>
        model.Version == 0 ? null
        : model.Opsets.TryGetValue("ai.onnx", out long opset) ? FormattableString.Invariant($"IR {model.Version}, opset {opset}")
        : FormattableString.Invariant($"IR {model.Version}");

    /// <summary>What the file says of itself; decoded when asked for.</summary>
    private sealed class OnnxMetadata(OnnxModel model) : IModelMetadata
    {
        /// <inheritdoc/>
        public IEnumerable<KeyValuePair<string, MetadataValue>> Entries
        {
            get
            {
                yield return KeyValuePair.Create("ir_version", new MetadataValue("int64", model.Version));
                if (model.ModelVersion is { } version)
                {
                    yield return KeyValuePair.Create("model_version", new MetadataValue("int64", version));
                }

                foreach ((string domain, long opset) in model.Opsets)
                {
                    yield return KeyValuePair.Create($"opset_import.{domain}", new MetadataValue("int64", opset));
                }

                foreach ((string key, OnnxBytes value) in model.Texts)
                {
                    yield return KeyValuePair.Create(key, new MetadataValue("string", model.Text(value)));
                }

                foreach (OnnxEntry entry in model.Properties)
                {
                    yield return KeyValuePair.Create($"metadata_props.{model.Text(entry.Key)}", new MetadataValue("string", model.Text(entry.Value)));
                }
            }
        }

        /// <inheritdoc/>
        public bool TryGet(string key, [NotNullWhen(true)] out MetadataValue? value)
        {
            value = Entries.FirstOrDefault(e => e.Key == key).Value;
            return value is not null;
        }
    }
}
