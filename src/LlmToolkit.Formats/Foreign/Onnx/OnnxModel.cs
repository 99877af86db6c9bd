using System.Text;
using LlmToolkit.Formats.Shared;

namespace LlmToolkit.Formats.Foreign.Onnx;

/// <summary>A ModelProto, read once from front to back: structure, versions, operators, tensors. Values are skipped.</summary>
internal sealed class OnnxModel
{
    /// <summary>Newest known version of the format (onnx 1.20).</summary>
    public const int KnownVersion = 13;

    /// <summary>Newest known version of the standard operators; opset versions go up about twice a year.</summary>
    public const int KnownOpset = 27;

    /// <summary>Versions above are damage, not news: both counters have grown by two a year at most.</summary>
    private const int ImpossibleVersion = 128;

    /// <summary>Messages inside one another; the limit of Google's own readers.</summary>
    private const int MostDepth = 100;

    /// <summary>Most tensors kept. The largest exports have some 100,000.</summary>
    private const int MostTensors = 1_000_000;

    /// <summary>Most messages. The largest graphs have a million nodes of some ten messages each.</summary>
    private const int MostMessages = 30_000_000;

    /// <summary>Most pairs of metadata, imports and libraries each.</summary>
    private const int MostEntries = 100_000;

    /// <summary>Longest name or text kept, in bytes.</summary>
    private const int MostTextBytes = 1 << 20;

    private readonly MappedFile _map;
    private readonly Dictionary<string, string> _used = new(StringComparer.Ordinal);

    private OnnxModel(MappedFile map) => _map = map;

    /// <summary>What is wrong.</summary>
    public Findings Findings { get; } = new();

    /// <summary>ir_version; 0: absent.</summary>
    public long Version { get; private set; }

    /// <summary>The libraries of operators by name, the standard one as <c>ai.onnx</c>.</summary>
    public Dictionary<string, long> Opsets { get; } = new(StringComparer.Ordinal);

    /// <summary>producer_name, producer_version, domain, doc_string and the graph's name, where they are there.</summary>
    public List<(string Key, OnnxBytes Value)> Texts { get; } = [];

    /// <summary>The model's number of its own; null: absent.</summary>
    public long? ModelVersion { get; private set; }

    /// <summary>metadata_props.</summary>
    public List<OnnxEntry> Properties { get; } = [];

    /// <summary>Every tensor: weights, tensors of subgraphs and of attributes.</summary>
    public List<OnnxTensor> Tensors { get; } = [];

    /// <summary>True when a graph was met.</summary>
    public bool HasGraph { get; private set; }

    /// <summary>Reads a file of at most 2 GiB.</summary>
    public static OnnxModel Read(MappedFile map)
    {
        OnnxModel model = new(map);
        try
        {
            model.Walk();
            model.CheckWhole();
        }
        catch (ModelException e)
        {
            model.Findings.Add(e.Diagnostic);
        }

        return model;
    }

    /// <summary>A text of the file; bytes that are not UTF-8 become U+FFFD.</summary>
    public string Text(OnnxBytes bytes) => Encoding.UTF8.GetString(_map.Span(bytes.Offset, Math.Min(bytes.Length, MostTextBytes)));

    /// <summary>The name of a tensor, or its place.</summary>
    public string NameOf(OnnxTensor tensor) => tensor.Name is { Length: > 0 } name ? Text(name) : FormattableString.Invariant($"at offset {tensor.Offset}");

    private void Walk()
    {
        ProtobufReader reader = new(_map.Span(0, (int)_map.Length), _map.File.Path);
        Stack<OnnxFrame> open = new();
        int messages = 0;
        open.Push(new OnnxFrame(OnnxMessage.Model, (int)_map.Length, null));
        while (open.TryPeek(out OnnxFrame? frame))
        {
            if (reader.Position == frame.End)
            {
                open.Pop();
                Close(frame, open.Count > 0 ? open.Peek() : null);
                continue;
            }

            int start = reader.Position;
            (int number, int wire) = reader.Tag(frame.End);
            if (OnnxSchema.Field(frame.Message, number) is not { } field)
            {
                // A field of a newer version.
                Skip(ref reader, wire, frame.End);
                continue;
            }

            if (!field.Repeated && !frame.Seen(number))
            {
                throw reader.Damaged(start, $"field {number} of {frame.Message} stands there twice");
            }

            if (field.Wire != OnnxWire.Message)
            {
                Scalar(ref reader, frame, field, number, wire, start);
                continue;
            }

            if (wire != (int)OnnxWire.Bytes)
            {
                throw WrongForm(reader, start, frame, number, wire);
            }

            if (++messages > MostMessages)
            {
                throw new ModelException(OnnxErrors.TooMany(_map.File.Path, "messages", messages, MostMessages));
            }

            int end = reader.Length(frame.End);
            if (open.Count >= MostDepth)
            {
                throw new ModelException(OnnxErrors.TooMany(_map.File.Path, "messages inside one another", open.Count + 1, MostDepth));
            }

            open.Push(new OnnxFrame(field.Child, end, Begin(field.Child, number, start, open)));
        }
    }

    private object? Begin(OnnxMessage message, int number, int start, Stack<OnnxFrame> open)
    {
        switch (message)
        {
            case OnnxMessage.Graph:
                HasGraph |= open.Count == 1 && number == 7;
                return null;
            case OnnxMessage.Tensor:
                bool isWeight = open.Count == 2 && open.Peek().Message == OnnxMessage.Graph && number == 5;
                OnnxTensor tensor = new() { Offset = start, IsWeight = isWeight };
                Tensors.Add(Tensors.Count < MostTensors ? tensor : throw new ModelException(OnnxErrors.TooMany(_map.File.Path, "tensors", Tensors.Count + 1, MostTensors)));
                return tensor;
            case OnnxMessage.Entry when open.Peek() is { State: OnnxTensor } && number == 13:
            case OnnxMessage.Entry when open.Peek().Message == OnnxMessage.Model:
                return new OnnxEntry();
            case OnnxMessage.Opset:
                return new OnnxOpset();
            case OnnxMessage.Node:
                return new OnnxNode();
            default:
                return null;
        }
    }

    private static void Skip(ref ProtobufReader reader, int wire, int end)
    {
        switch (wire)
        {
            case 0:
                reader.Varint(end);
                break;
            case 1:
                reader.Skip(checked(reader.Position + 8), end);
                break;
            case 5:
                reader.Skip(checked(reader.Position + 4), end);
                break;
            default:
                reader.Skip(reader.Length(end), end);
                break;
        }
    }

    private void Scalar(ref ProtobufReader reader, OnnxFrame frame, OnnxField field, int number, int wire, int start)
    {
        bool isPacked = field.Repeated && field.Wire != OnnxWire.Bytes && wire == (int)OnnxWire.Bytes;
        if (wire != (int)field.Wire && !isPacked)
        {
            throw WrongForm(reader, start, frame, number, wire);
        }

        if (isPacked)
        {
            Packed(ref reader, frame, field, number);
            return;
        }

        switch (field.Wire)
        {
            case OnnxWire.Varint:
                Number(frame, number, (long)reader.Varint(frame.End));
                break;
            case OnnxWire.Bytes:
                int end = reader.Length(frame.End);
                Bytes(frame, number, new OnnxBytes(reader.Position, end - reader.Position));
                reader.Skip(end, frame.End);
                break;
            default:
                (frame.State as OnnxTensor)?.Count(number, 1, null);
                Skip(ref reader, wire, frame.End);
                break;
        }
    }

    private static void Packed(ref ProtobufReader reader, OnnxFrame frame, OnnxField field, int number)
    {
        int start = reader.Position;
        int end = reader.Length(frame.End);
        OnnxBytes all = new(reader.Position, end - reader.Position);
        int size = field.Wire switch { OnnxWire.Fixed32 => 4, OnnxWire.Fixed64 => 8, _ => 0 };
        if (size > 0 && all.Length % size != 0)
        {
            throw reader.Damaged(start, $"{all.Length} bytes of packed numbers are no multiple of {size}");
        }

        if (frame.State is OnnxTensor tensor && number == 1)
        {
            while (reader.Position < end)
            {
                Dimension(tensor, (long)reader.Varint(end));
            }

            return;
        }

        long count = size > 0 ? all.Length / size : reader.CountVarints(end);
        (frame.State as OnnxTensor)?.Count(number, count, size > 0 ? all : null);
        reader.Skip(end, frame.End);
    }

    private void Number(OnnxFrame frame, int number, long value)
    {
        switch (frame.State)
        {
            case null when frame.Message == OnnxMessage.Model:
                _ = number == 1 ? Version = value : ModelVersion = value;
                break;
            case OnnxOpset opset:
                opset.Version = value;
                break;
            case OnnxTensor tensor when number == 1:
                Dimension(tensor, value);
                break;
            case OnnxTensor tensor when number == 2:
                tensor.Type = value;
                break;
            case OnnxTensor tensor when number == 14:
                tensor.Location = value;
                break;
            case OnnxTensor tensor:
                tensor.Count(number, 1, null);
                break;
        }
    }

    private void Bytes(OnnxFrame frame, int number, OnnxBytes bytes)
    {
        switch (frame.State, number)
        {
            case (OnnxTensor tensor, 6):
                tensor.Count(number, 1, null);
                break;
            case (OnnxTensor tensor, 8):
                tensor.Name = bytes;
                break;
            case (OnnxTensor tensor, 9):
                tensor.Raw = bytes;
                break;
            case (OnnxEntry entry, _):
                _ = number == 1 ? entry.Key = bytes : entry.Value = bytes;
                break;
            case (OnnxOpset opset, _):
                opset.Domain = bytes;
                break;
            case (OnnxNode node, 4):
                node.Operation = bytes;
                break;
            case (OnnxNode node, 7):
                node.Domain = bytes;
                break;
            case (null, _) when frame.Message == OnnxMessage.Model:
                Texts.Add((number switch { 2 => "producer_name", 3 => "producer_version", 4 => "domain", _ => "doc_string" }, bytes));
                break;
            case (null, 2) when frame.Message == OnnxMessage.Graph && Texts.All(t => t.Key != "graph.name"):
                Texts.Add(("graph.name", bytes));
                break;
        }
    }

    private static void Dimension(OnnxTensor tensor, long value)
    {
        if (tensor.DimensionCount++ < OnnxTensor.MostDimensions)
        {
            tensor.Dimensions.Add(value);
        }
    }

    private void Close(OnnxFrame frame, OnnxFrame? parent)
    {
        switch (frame.State)
        {
            case OnnxEntry entry when parent?.State is OnnxTensor tensor:
                List<OnnxEntry> places = tensor.ExternalData ??= [];
                places.Add(places.Count < 100 ? entry : throw new ModelException(OnnxErrors.TooMany(_map.File.Path, "entries of external data for one tensor", places.Count + 1, 100)));
                break;
            case OnnxEntry entry:
                Properties.Add(Properties.Count < MostEntries ? entry : throw new ModelException(OnnxErrors.TooMany(_map.File.Path, "pairs of metadata", Properties.Count + 1, MostEntries)));
                break;
            case OnnxOpset opset when Opsets.Count < MostEntries:
                Opsets[DomainName(opset.Domain)] = Math.Max(opset.Version, Opsets.GetValueOrDefault(DomainName(opset.Domain)));
                break;
            case OnnxNode node when _used.Count < MostEntries:
                _used.TryAdd(DomainName(node.Domain), Text(node.Operation));
                break;
        }
    }

    /// <summary>The standard library has two names.</summary>
    private string DomainName(OnnxBytes bytes) => bytes.Length == 0 ? "ai.onnx" : Text(bytes);

    private void CheckWhole()
    {
        string path = _map.File.Path;
        foreach ((bool isThere, string what) in (ReadOnlySpan<(bool, string)>)[(Version != 0, "ir_version"), (HasGraph, "graph"), (Opsets.Count > 0 || Version is > 0 and < 3, "opset_import")])
        {
            if (!isThere)
            {
                Findings.Add(OnnxErrors.Lacks(path, what));
            }
        }

        CheckVersion("ir_version", Version, KnownVersion);
        if (Opsets.TryGetValue("ai.onnx", out long opset))
        {
            CheckVersion("opset_import of ai.onnx", opset, KnownOpset);
        }

        foreach ((string domain, string operation) in _used)
        {
            // Before version 3 of the format there were no imports.
            if (!Opsets.ContainsKey(domain) && Version >= 3)
            {
                Findings.Add(OnnxErrors.DomainNotImported(path, domain, operation));
            }
            else if (!IsKnownDomain(domain))
            {
                Findings.Add(OnnxErrors.CustomDomain(path, domain, operation));
            }
        }
    }

    private void CheckVersion(string field, long found, int known)
    {
        if (found is < 0 or > ImpossibleVersion)
        {
            Findings.Add(OnnxErrors.VersionImpossible(_map.File.Path, field, found, known));
        }
        else if (found > known)
        {
            Findings.Add(OnnxErrors.VersionNewer(_map.File.Path, field, found, known));
        }
    }

    /// <summary>ONNX's own libraries, ONNX Runtime's, and the functions that PyTorch's exporter writes into the model.</summary>
    private static bool IsKnownDomain(string domain) =>
        domain is "ai.onnx" or "ai.onnx.ml" or "ai.onnx.training" or "ai.onnx.preview" or "ai.onnx.preview.training" or "ai.onnx.contrib" or "org.pytorch.aten" or "com.microsoft"
        || domain.StartsWith("com.microsoft.", StringComparison.Ordinal)
        || domain.StartsWith("com.ms.internal.", StringComparison.Ordinal)
        || domain.StartsWith("pkg.", StringComparison.Ordinal);

    private static ModelException WrongForm(ProtobufReader reader, int start, OnnxFrame frame, int number, int wire) =>
        reader.Damaged(start, $"field {number} of {frame.Message} is written in form {wire}");
}
