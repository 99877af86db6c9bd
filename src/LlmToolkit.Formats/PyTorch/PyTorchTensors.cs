using LlmToolkit.Formats.PyTorch.Pickle;
using LlmToolkit.Formats.PyTorch.Zip;
using LlmToolkit.Formats.Shared;

namespace LlmToolkit.Formats.PyTorch;

/// <summary>A tensor that was checked against its storage.</summary>
/// <param name="Info">What is told of it.</param>
/// <param name="Storage">Where its storage lies.</param>
/// <param name="FirstByte">Where in the storage it begins.</param>
/// <param name="Identity">Equal for tensors that are the same values of the same storage.</param>
internal sealed record PyTorchTensor(TensorInfo Info, StorageBytes Storage, long FirstByte, string Identity)
{
    /// <summary>Bytes of one stored unit: an element, or the byte that two 4-bit floats share.</summary>
    public int UnitBytes => Info.DType.BlockBytes;
}

/// <summary>Finds the tensors in what a pickle built, names them by their keys, and checks every number of them.</summary>
internal static class PyTorchTensors
{
    /// <summary>Most tensors of a file.</summary>
    private const int MaxTensors = 1_000_000;

    /// <summary>Most dicts, lists and tuples that hang in the root; tensors' own tuples do not.</summary>
    private const int MaxContainers = 200_000;

    /// <summary>Most names that tensors may have on average: a dict that hangs in two places gives each of its tensors two.</summary>
    private const int MaxNamesEach = 4;

    /// <summary>Names that are free of <see cref="MaxNamesEach"/>.</summary>
    private const int FreeNames = 1024;

    /// <summary>Findings about single tensors that are kept.</summary>
    private const int MaxFindings = 20;

    /// <summary>What a view may need beyond its storage when stride 0 repeats elements: more is a bomb, not a weight.</summary>
    private const long MaxRepeated = 64L << 20;

    /// <summary>Every tensor that can be reached from the root; what is wrong goes to the file's findings.</summary>
    public static List<PyTorchTensor> Collect(PyTorchFile file)
    {
        List<PyTorchTensor> tensors = [];
        HashSet<string> names = new(StringComparer.Ordinal);
        HashSet<string> longer = new(StringComparer.Ordinal);
        int faults = 0;
        Visit(file, (path, tensor) =>
        {
            string name = PyTorchTree.KeyPath.Join(path);
            Diagnostic? fault = null;
            if (!names.Add(name))
            {
                fault = PyTorchErrors.SameName(file.File.Path, name);
            }
            else if (Check(file, name, tensor, out PyTorchTensor? made) is { } wrong)
            {
                fault = PyTorchErrors.BadTensor(file.File.Path, name, wrong);
            }
            else
            {
                tensors.Add(made!);
                PickleStorage storage = tensor.Storage;
                long expected = storage.Count * storage.Class.ElementBytes;
                bool isLonger = file.Header.Layout == PyTorchLayout.Zip && made!.Info.Offset >= 0 && made.Storage.Bytes > expected;
                if (isLonger && longer.Count < MaxFindings && longer.Add(storage.Key))
                {
                    file.Findings.Add(PyTorchErrors.LongStorage(file.File.Path, "data/" + storage.Key, made!.Storage.Bytes, expected));
                }
            }

            if (fault is not null && faults++ < MaxFindings)
            {
                file.Findings.Add(fault);
            }
        });
        if (tensors.Count == 0 && file.HasRoot && !file.Findings.Exists(f => f.Severity >= Severity.High))
        {
            file.Findings.Add(PyTorchErrors.NoTensors(file.File.Path, Describe(file.Root)));
        }

        return tensors;
    }

    /// <summary>Bytes of each storage that the tensors under a root speak of.</summary>
    public static Dictionary<string, long> StoragesOf(object? root)
    {
        Dictionary<string, long> storages = new(StringComparer.Ordinal);
        if (PyTorchTree.HoldingTensors(root, MaxContainers) is { } holding)
        {
            int seen = 0;
            PyTorchTree.Walk(root, holding.Contains, (_, value) =>
            {
                if (value is PickleTensor { Storage: { } storage })
                {
                    storages.TryAdd(storage.Key, storage.Count * storage.Class.ElementBytes);
                }

                return ++seen < MaxTensors;
            }, () => { });
        }

        return storages;
    }

    private static void Visit(PyTorchFile file, Action<PyTorchTree.KeyPath?, PickleTensor> visit)
    {
        if (PyTorchTree.HoldingTensors(file.Root, MaxContainers) is not { } holding)
        {
            file.Findings.Add(PyTorchErrors.PickleLimit(file.File.Path, "The number of dicts, lists and tuples", MaxContainers + 1L, MaxContainers).Diagnostic);
            return;
        }

        HashSet<PickleTensor> distinct = new(ReferenceEqualityComparer.Instance);
        int count = 0;
        int visited = 0;
        bool tooDeep = false;
        bool tooMany = false;
        PyTorchTree.Walk(file.Root, holding.Contains, (path, value) =>
        {
            if (value is PickleTensor tensor)
            {
                distinct.Add(tensor);
                visit(path, tensor);
                count++;
            }

            tooMany = count >= MaxTensors || count > FreeNames + ((long)MaxNamesEach * distinct.Count) || ++visited >= PickleLog.MaxOpcodes;
            return !tooMany;
        }, () => tooDeep = true);
        if (tooDeep)
        {
            file.Findings.Add(PyTorchErrors.PickleLimit(file.File.Path, "The depth of the pickled object", PyTorchTree.MaxDepth + 1L, PyTorchTree.MaxDepth).Diagnostic);
        }

        if (tooMany)
        {
            file.Findings.Add(PyTorchErrors.PickleLimit(file.File.Path, $"The number of names of {distinct.Count} tensors", count, Math.Min(MaxTensors, FreeNames + ((long)MaxNamesEach * distinct.Count))).Diagnostic);
        }
    }

    /// <summary>Checks a tensor against its storage; says what is wrong, or null.</summary>
    private static string? Check(PyTorchFile file, string name, PickleTensor tensor, out PyTorchTensor? made)
    {
        made = null;
        PickleStorage storage = tensor.Storage;
        int unit = tensor.DType.BlockBytes;
        bool isThere = file.Storages.TryGetValue(storage.Key, out StorageBytes? bytes);
        if (!isThere && !file.IsCut)
        {
            return $"needs storage '{Shown.Text(storage.Key)}', which is not in the file";
        }

        long window = storage.Count * storage.Class.ElementBytes;
        long first = storage.FirstElement * storage.Class.ElementBytes;
        if (isThere && window > bytes!.Bytes - first)
        {
            return $"needs a storage of {window} bytes, '{Shown.Text(storage.Key)}' has {bytes.Bytes}";
        }

        if (Reach(tensor, out long elements) is { } wrong)
        {
            return wrong;
        }

        // The last element that is touched, from Σ (size − 1) · stride, must lie in the window.
        Int128 last = Int128.Zero;
        for (int i = 0; i < tensor.Shape.Length && elements > 0; i++)
        {
            last += (Int128)(tensor.Shape[i] - 1) * tensor.Strides[i];
        }

        Int128 needed = elements == 0 ? 0 : (last + tensor.Offset + 1) * unit;
        if (needed > window)
        {
            return $"of shape {new TensorShape(tensor.Shape)}, strides {new TensorShape(tensor.Strides)} and offset {tensor.Offset} needs {needed} bytes, its storage has {window}";
        }

        long size = elements * unit;
        if (size > window + MaxRepeated)
        {
            return $"repeats the {window} bytes of its storage to {size} bytes";
        }

        bool isPlain = elements <= 1 || IsRowMajor(tensor);
        TensorShape shape = new(tensor.Shape);
        if (tensor.DType.IsBlock)
        {
            if (!isPlain || shape.Count == 0)
            {
                return $"is a strided view of {tensor.DType.Name} values, which share bytes";
            }

            shape = new TensorShape([.. tensor.Shape[..^1], tensor.Shape[^1] * tensor.DType.BlockLength]);
        }

        // In a file that is cut the tensor can be told all the same; its place is unknown.
        bytes ??= new StorageBytes(-1, 0);
        long firstByte = first + (elements == 0 ? 0 : tensor.Offset * unit);
        TensorInfo info = new()
        {
            Name = name,
            DType = tensor.DType,
            Shape = shape,
            File = file.File,
            Offset = bytes.Offset + (isThere && bytes.Deflated is null ? firstByte : 0),
            Bytes = size,
            Strides = isPlain ? null : tensor.Strides,
            BigEndian = file.Header.IsBigEndian && unit > 1,
            Compressed = bytes.Deflated is not null,
        };
        string identity = $"{file.File.Path}|{storage.Key}|{firstByte}|{tensor.DType.Name}|{info.Shape}|{(isPlain ? "" : new TensorShape(tensor.Strides))}";
        made = new PyTorchTensor(info, bytes, firstByte, identity);
        return null;
    }

    /// <summary>Checks signs and the product of the sizes.</summary>
    private static string? Reach(PickleTensor tensor, out long elements)
    {
        elements = 1;
        if (tensor.Offset < 0)
        {
            return $"has the offset {tensor.Offset}";
        }

        if (tensor.Shape.Length != tensor.Strides.Length)
        {
            return $"has {tensor.Shape.Length} sizes and {tensor.Strides.Length} strides";
        }

        bool isEmpty = tensor.Shape.Contains(0);
        for (int i = 0; i < tensor.Shape.Length; i++)
        {
            if (tensor.Shape[i] < 0 || tensor.Strides[i] < 0)
            {
                return $"has the size {tensor.Shape[i]} with stride {tensor.Strides[i]}";
            }

            Int128 product = (Int128)elements * Math.Max(tensor.Shape[i], 1);
            if (product > long.MaxValue / 16)
            {
                return $"has more elements than fit in 63 bits: {new TensorShape(tensor.Shape)}";
            }

            elements = (long)product;
        }

        elements = isEmpty ? 0 : elements;
        return null;
    }

    private static bool IsRowMajor(PickleTensor tensor)
    {
        long expected = 1;
        for (int i = tensor.Shape.Length - 1; i >= 0; i--)
        {
            if (tensor.Shape[i] != 1 && tensor.Strides[i] != expected)
            {
                return false;
            }

            expected *= tensor.Shape[i];
        }

        return true;
    }

    private static string Describe(object? root) => root switch
    {
        null => "None",
        PickleDict dict => $"a dict of {dict.Items.Count}",
        PickleList list => $"a list of {list.Items.Count}",
        PickleTuple tuple => $"a tuple of {tuple.Items.Length}",
        PickleOpaque opaque => $"an object of {Shown.Text(opaque.Name)}",
        _ => "a plain value",
    };
}
