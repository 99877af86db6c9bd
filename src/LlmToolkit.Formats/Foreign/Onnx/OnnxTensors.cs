using System.Globalization;
using LlmToolkit.Formats.Shared;

namespace LlmToolkit.Formats.Foreign.Onnx;

/// <summary>Judges the tensors of a model and says where their bytes lie. Nothing outside the model's folder is looked at, nothing is opened.</summary>
internal sealed class OnnxTensors
{
    /// <summary>Most data files. Exports with a file for each tensor reach some thousand.</summary>
    private const int MostFiles = 10_000;

    private readonly OnnxModel _model;
    private readonly ArtifactFile _file;
    private readonly string _folder;
    private readonly Findings _findings;

    /// <summary>The data files by location; null: faulty, and told.</summary>
    private readonly Dictionary<string, ArtifactFile?> _files = new(StringComparer.Ordinal);

    private readonly List<string> _missing = [];
    private readonly List<TensorInfo> _infos = [];

    private OnnxTensors(OnnxModel model, ArtifactFile file)
    {
        (_model, _file, _findings) = (model, file, model.Findings);
        _folder = Path.GetDirectoryName(file.Path) ?? ".";
    }

    /// <summary>The weights of the main graph that can be located.</summary>
    public IReadOnlyList<TensorInfo> Infos => _infos;

    /// <summary>The data files that are there.</summary>
    public IEnumerable<ArtifactFile> Files => _files.Values.Where(f => f is not null).Select(f => f!);

    /// <summary>Judges every tensor; findings go to the model's.</summary>
    public static OnnxTensors Read(OnnxModel model, ArtifactFile file)
    {
        OnnxTensors tensors = new(model, file);
        HashSet<string> names = new(StringComparer.Ordinal);
        foreach (OnnxTensor tensor in model.Tensors)
        {
            try
            {
                string name = model.NameOf(tensor);
                if (tensor.IsWeight && !names.Add(name))
                {
                    model.Findings.Add(OnnxErrors.TensorTwice(file.Path, name));
                }
                else if (tensors.Judge(tensor, name) is { } info && tensor.IsWeight)
                {
                    tensors._infos.Add(info);
                }
            }
            catch (ModelException e)
            {
                model.Findings.Add(e.Diagnostic);
            }
        }

        if (tensors._missing.Count > 0)
        {
            model.Findings.Add(OnnxErrors.ExternalMissing(file.Path, tensors._missing));
        }

        tensors.FindOverlap();
        return tensors;
    }

    private TensorInfo? Judge(OnnxTensor tensor, string name)
    {
        if (tensor.DimensionCount > OnnxTensor.MostDimensions)
        {
            throw new ModelException(OnnxErrors.TooMany(_file.Path, "dimensions of one tensor", tensor.DimensionCount, OnnxTensor.MostDimensions));
        }

        if (OnnxTypes.Find(tensor.Type) is not { } type)
        {
            bool isNews = _model.Version > OnnxModel.KnownVersion && tensor.Type > 0;
            throw isNews ? new ModelException(OnnxErrors.VersionNewer(_file.Path, "data_type", tensor.Type, OnnxModel.KnownVersion)) : Invalid(name, FormattableString.Invariant($"there is no data_type {tensor.Type}"));
        }

        (long elements, long bytes) = Size(tensor, type, name);
        if (tensor.IsExternal || tensor.ExternalData is not null)
        {
            return External(tensor, name, type, elements, bytes);
        }

        int typed = tensor.Typed?.Count ?? 0;
        if (tensor.Raw is { } raw)
        {
            if (typed > 0 || tensor.Type == OnnxTypes.String)
            {
                throw Invalid(name, typed > 0 ? "it has its values twice, as raw and as typed data" : "texts cannot be raw data");
            }

            return raw.Length == bytes ? Info(tensor, name, type, _file, raw.Offset, bytes) : throw Invalid(name, FormattableString.Invariant($"its shape needs {bytes} bytes, and raw_data has {raw.Length}"));
        }

        if (typed > 1)
        {
            throw Invalid(name, "it has its values in two fields");
        }

        long expected = type.Bits is 0 or >= 8 ? elements * type.Values : bytes;
        long found = tensor.Typed?.GetValueOrDefault(type.Field) ?? 0;
        if (found != expected || (typed == 1 && !tensor.Typed!.ContainsKey(type.Field)))
        {
            throw Invalid(name, FormattableString.Invariant($"its shape needs {expected} values in field {type.Field}, and it has {found}"));
        }

        // Packed floats are the values as they are; integers are written with as many bytes as each needs.
        return tensor.Packed is { } packed && packed.Length == bytes ? Info(tensor, name, type, _file, packed.Offset, bytes) : null;
    }

    private (long Elements, long Bytes) Size(OnnxTensor tensor, OnnxType type, string name)
    {
        long elements = 1;
        foreach (long dimension in tensor.Dimensions)
        {
            if (dimension < 0)
            {
                throw Invalid(name, FormattableString.Invariant($"a dimension is {dimension}"));
            }

            if (Math.BigMul(elements, dimension, out long product) != 0 || product < 0)
            {
                throw Invalid(name, FormattableString.Invariant($"its shape [{string.Join(", ", tensor.Dimensions.Take(8))}] has more elements than 63 bits can count"));
            }

            elements = product;
        }

        Int128 bytes = (((Int128)elements * type.Bits) + 7) / 8;
        return bytes <= long.MaxValue && (Int128)elements * type.Values <= long.MaxValue ? (elements, (long)bytes) : throw Invalid(name, "its size does not fit in 63 bits");
    }

    private TensorInfo? External(OnnxTensor tensor, string name, OnnxType type, long elements, long bytes)
    {
        Dictionary<string, string> places = new(StringComparer.Ordinal);
        foreach (OnnxEntry entry in tensor.ExternalData ?? [])
        {
            string key = _model.Text(entry.Key);
            if (!places.TryAdd(key, _model.Text(entry.Value)))
            {
                throw Range(name, $"it states {Shown.Text(key)} twice");
            }
        }

        if (!places.TryGetValue("location", out string? location) || !ModelFolder.IsRelative(location) || location.Contains('\uFFFD', StringComparison.Ordinal))
        {
            throw new ModelException(OnnxErrors.ExternalPath(_file.Path, name, location ?? ""));
        }

        if (!tensor.IsExternal || tensor.Raw is { Length: > 0 } || tensor.Typed is not null || tensor.Type == OnnxTypes.String)
        {
            throw Range(name, !tensor.IsExternal ? "it names a data file, but data_location does not say EXTERNAL" : tensor.Type == OnnxTypes.String ? "texts cannot lie outside" : "it has values of its own too");
        }

        long offset = Natural(places, "offset", name) ?? 0;
        long? length = Natural(places, "length", name);
        if (length is { } stated && stated != bytes)
        {
            throw Range(name, FormattableString.Invariant($"its shape needs {bytes} bytes, and length is {stated}"));
        }

        if (DataFile(location) is not { } file)
        {
            return null;
        }

        return offset <= file.Length && bytes <= file.Length - offset
            ? Info(tensor, name, type, file, offset, bytes)
            : throw Range(name, FormattableString.Invariant($"bytes {offset} to {(Int128)offset + bytes} were expected in {Shown.Text(location)}, which has {file.Length}"));
    }

    private long? Natural(Dictionary<string, string> places, string key, string name) =>
        !places.TryGetValue(key, out string? text) ? null
        : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long value) ? value
        : throw Range(name, $"{key} is \"{Shown.Text(text)}\", where a count of bytes is expected");

    private ArtifactFile? DataFile(string location)
    {
        if (_files.TryGetValue(location, out ArtifactFile? known))
        {
            return known;
        }

        if (_files.Count >= MostFiles)
        {
            throw new ModelException(OnnxErrors.TooMany(_file.Path, "data files", _files.Count + 1, MostFiles));
        }

        // Told once, whatever the number of tensors in the file.
        _files[location] = null;
        string path = Path.Combine(_folder, location);
        try
        {
            if (FileFacts.Of(path) is not { } facts)
            {
                _missing.Add(location);
                return null;
            }

            if (Fault(path, facts) is { } fault)
            {
                _findings.Add(OnnxErrors.ExternalNotPlain(_file.Path, location, fault));
                return null;
            }

            return _files[location] = new ArtifactFile(path, facts.Length);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _findings.Add(FileErrors.Unreadable(path, e));
            return null;
        }
    }

    /// <summary>Why a data file may not be used; null: it may. The layers of onnx, docs/ExternalDataSecurity.md: real path inside the folder, no link at the end, a plain file, one name only.</summary>
    private string? Fault(string path, FileFacts facts)
    {
        if (RealPath.Of(path) is not { } real || RealPath.Of(_folder) is not { } root)
        {
            return "cannot be found";
        }

        bool isInside = RealPath.IsUnder(real, root);
        if (!isInside && !RealPath.IsInModelFolder(real, _folder))
        {
            return "lies outside the model's folder";
        }

        // In the Hub cache every file is a link into blobs/, and only there.
        return isInside && new FileInfo(path).LinkTarget is not null ? "is a link"
            : facts.Kind is not (FileNodeKind.File or FileNodeKind.Unknown) ? $"is no plain file ({facts.Kind})"
            : facts.Links > 1 ? FormattableString.Invariant($"has {facts.Links} names (hard links)")
            : null;
    }

    private void FindOverlap()
    {
        foreach (IGrouping<string, TensorInfo> file in _infos.Where(t => t.File != _file && t.Bytes > 0).GroupBy(t => t.File.Path))
        {
            TensorInfo? last = null;
            foreach (TensorInfo tensor in file.OrderBy(t => t.Offset).ThenByDescending(t => t.Bytes))
            {
                // Tied weights share all of their bytes.
                if (last is not null && tensor.Offset < last.Offset + last.Bytes && (tensor.Offset, tensor.Bytes) != (last.Offset, last.Bytes))
                {
                    _findings.Add(OnnxErrors.Overlap(_file.Path, last.Name, tensor.Name));
                    return;
                }

                last = tensor;
            }
        }
    }

    private static TensorInfo? Info(OnnxTensor tensor, string name, OnnxType type, ArtifactFile file, long offset, long bytes) =>
        type.DType is null ? null : new TensorInfo { Name = name, DType = type.DType, Shape = new TensorShape([.. tensor.Dimensions]), File = file, Offset = offset, Bytes = bytes };

    private ModelException Invalid(string name, string what) => new(OnnxErrors.TensorInvalid(_file.Path, name, what));

    private ModelException Range(string name, string what) => new(OnnxErrors.ExternalRange(_file.Path, name, what));
}
