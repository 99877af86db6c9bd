using LlmToolkit.Formats;

namespace LlmToolkit.Fuzz;

/// <summary>A container format: what it accepts keeps what an open container promises, and both ways of looking at a file agree.</summary>
internal abstract class ContainerTarget(IModelFormat format) : FuzzTarget
{
    /// <summary>A format of the list.</summary>
    protected ContainerTarget(string name)
        : this(DefaultFormats.All.First(f => f.Name == name))
    {
    }

    /// <summary>Most bytes of a tensor that are read: a view may repeat a few bytes to 64 MiB, which is allowed and slow.</summary>
    private const long MostRead = 4L << 20;

    /// <inheritdoc/>
    public override string Name => format.Name;

    /// <inheritdoc/>
    protected override bool Read(string path)
    {
        ModelArtifact artifact;
        try
        {
            artifact = ModelArtifact.FromPath(path);
        }
        catch (IOException)
        {
            // No such file, a link that leads nowhere or in a circle: declared.
            return false;
        }

        Diagnostic? refusal = null;
        List<string> opened = [];
        try
        {
            using ModelContainer container = format.Open(artifact);
            CheckOpen(container, opened);
        }
        catch (ModelException e)
        {
            refusal = e.Diagnostic;
        }

        // What is only unsupported is sound.
        bool isSound = refusal is null;
        try
        {
            using ModelDescription description = format.Describe(artifact);
            Rules.Require(description.Container is not null == refusal is null, $"Open {(refusal is null ? "accepts" : $"refuses with {refusal.Code}")}, Describe {(description.Container is null ? "has no container" : "has one")}");
            CheckDescription(description, refusal, opened);
            isSound |= description.Findings.All(f => f.Severity < Severity.High || f.Kind == FaultKind.Unsupported);
        }
        catch (ModelException) when (refusal is not null)
        {
            // Nothing could be described: the same exception as Open's, or a graver one.
        }

        return isSound ? true : throw new ModelException(refusal!);
    }

    private static void CheckOpen(ModelContainer container, List<string> opened)
    {
        HashSet<string> names = new(StringComparer.Ordinal);
        foreach (TensorInfo tensor in container.Tensors)
        {
            Rules.Require(names.Add(tensor.Name), $"the tensor \"{tensor.Name}\" comes twice");
            Rules.Require(container.TryFind(tensor.Name, out _), $"a tensor cannot be found by its name");
            CheckGeometry(tensor, container.Files);
            opened.Add(Line(tensor));
            if (tensor.Bytes <= MostRead)
            {
                ReadValues(container, tensor);
            }
        }

        CheckFacts(container.Metadata, container.Info);
        foreach (Diagnostic finding in container.Check())
        {
            Rules.Require(finding.Severity < Severity.High, $"an open container reports {finding.Code}, which refuses");
            Rules.Require(finding);
        }

        _ = container.ChatTemplate;
        _ = container.GenerationDefaults;
        _ = container.EndTokens.Count;
        _ = container.Pooling;
        container.Tokenizer?.Lease?.Invoke().Dispose();
    }

    private static void ReadValues(ModelContainer container, TensorInfo tensor)
    {
        try
        {
            using TensorData data = container.Read(tensor);
            CheckValues(tensor, data);
        }
        catch (ModelException e) when (tensor.Compressed || (tensor.BigEndian && tensor.DType.IsBlock))
        {
            // What is compressed or big-endian is converted when it is read, so only then a fault in it shows.
            Rules.Require(e.Diagnostic);
        }
    }

    private static void CheckGeometry(TensorInfo tensor, IReadOnlyList<ArtifactFile> files)
    {
        Rules.Require(files.Any(f => f.Path == tensor.File.Path), $"the file of \"{tensor.Name}\" is none of the container's");
        Rules.Require(tensor.Offset >= 0 && tensor.Bytes >= 0, $"\"{tensor.Name}\" lies at {tensor.Offset} with {tensor.Bytes} bytes");
        Rules.Require(tensor.Bytes == 0 || tensor.Compressed || tensor.Offset < tensor.File.Length, $"\"{tensor.Name}\" begins at {tensor.Offset} behind the end {tensor.File.Length}");
        Rules.Require(!tensor.InPlace || tensor.Bytes == 0 || tensor.Bytes <= tensor.File.Length - tensor.Offset, $"\"{tensor.Name}\" ends behind the file's end {tensor.File.Length}");
        Rules.Require(tensor.Shape.Elements / tensor.DType.BlockLength * tensor.DType.BlockBytes == tensor.Bytes, $"\"{tensor.Name}\" {tensor.Shape} of {tensor.DType} has {tensor.Bytes} bytes");
        Rules.Require(new FileInfo(tensor.File.Path).Length > 0 || tensor.Bytes == 0, $"the file is empty");
    }

    private static void CheckValues(TensorInfo tensor, TensorData data)
    {
        Rules.Require(tensor.Bytes == 0 || data.RowBytes * data.Rows == tensor.Bytes, $"\"{tensor.Name}\" has {data.Rows} rows of {data.RowBytes} bytes for {tensor.Bytes}");
        Rules.Require(tensor.InPlace != data.Copied || tensor.Bytes == 0, $"\"{tensor.Name}\": in place {tensor.InPlace}, copied {data.Copied}");
        int sum = 0;
        for (long row = 0; row < data.Rows && tensor.Bytes > 0; row += Math.Max(1, data.Rows / 1000))
        {
            foreach (byte b in data.Row(row))
            {
                sum += b;
            }
        }

        GC.KeepAlive(sum);
    }

    private static void CheckFacts(IModelMetadata? metadata, ModelInfo? info)
    {
        foreach ((string key, MetadataValue value) in metadata?.Entries ?? [])
        {
            _ = value.Value;
            _ = value.ToString();
            _ = metadata!.TryGet(key, out _);
        }

        _ = info?.ToString();
    }

    private static void CheckDescription(ModelDescription description, Diagnostic? refusal, List<string> opened)
    {
        Diagnostic? first = description.Findings.FirstOrDefault(f => f.Severity >= Severity.High);
        Rules.Require(refusal is null == first is null, $"Open {(refusal is null ? "accepts" : $"says {refusal.Code}")}, Describe finds {first?.Code ?? "nothing that refuses"}");
        Rules.Require(refusal is null || description.Findings.Any(f => f.Code == refusal.Code), $"Open says {refusal?.Code}, Describe only {string.Join(", $", description.Findings.Select(f => f.Code))}");
        foreach (Diagnostic finding in description.Findings)
        {
            Rules.Require(finding);
        }

        CheckFacts(description.Metadata, description.Info);
        Rules.Require(refusal is not null || description.Tensors.Select(Line).SequenceEqual(opened), $"Open and Describe list other tensors");
        foreach (TensorInfo tensor in refusal is null ? [] : description.Tensors)
        {
            try
            {
                using TensorData? data = tensor.Bytes <= MostRead ? description.TryRead(tensor) : null;
                if (data is not null)
                {
                    CheckValues(tensor, data);
                }
            }
            catch (ModelException e)
            {
                Rules.Require(e.Diagnostic);
            }
        }
    }

    private static string Line(TensorInfo t) => $"{t.Name} {t.DType} {t.Shape} {t.Offset} {t.Bytes}";
}
