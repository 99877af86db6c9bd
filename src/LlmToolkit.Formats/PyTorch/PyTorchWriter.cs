using LlmToolkit.Formats.PyTorch.Pickle;
using LlmToolkit.Formats.PyTorch.Zip;

namespace LlmToolkit.Formats.PyTorch;

/// <summary>Writes a state dict as torch.save does (zip, pickle protocol 2); <c>torch.load</c> reads it, also with <c>weights_only=True</c>.</summary>
public static class PyTorchWriter
{
    /// <summary>Writes tensors, in order, under their names. Tensors at the same address are written once and stay tied.</summary>
    /// <param name="stream">Where to; need not seek.</param>
    /// <param name="tensors">The tensors; plain types only.</param>
    /// <param name="root">The folder inside the archive. Default: <c>archive</c>, as torch writes to a buffer.</param>
    /// <exception cref="ModelException">A tensor has a type that torch has not, such as Q4_K.</exception>
    public static void Write(Stream stream, IEnumerable<TensorData> tensors, string root = "archive")
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(tensors);
        ArgumentException.ThrowIfNullOrEmpty(root);
        List<TensorData> storages = [];
        Dictionary<(nint Address, DType Type, long Bytes), int> keys = [];
        PickleWriter pickle = new();
        pickle.Global("collections", "OrderedDict").Op(PickleOp.EmptyTuple).Op(PickleOp.Reduce).Op(PickleOp.Mark);
        foreach (TensorData tensor in tensors)
        {
            long bytes = tensor.RowBytes * tensor.Rows;
            if (!keys.TryGetValue((tensor.Address, tensor.Info.DType, bytes), out int key))
            {
                key = storages.Count;
                keys.Add((tensor.Address, tensor.Info.DType, bytes), key);
                storages.Add(tensor);
            }

            pickle.Text(tensor.Info.Name);
            WriteTensor(pickle, tensor.Info, key, bytes);
        }

        ZipRecordWriter zip = new(stream);
        zip.Add($"{root}/data.pkl", pickle.Op(PickleOp.SetItems).Finish());
        zip.Add($"{root}/.format_version", "1"u8.ToArray());
        zip.Add($"{root}/.storage_alignment", "64"u8.ToArray());
        zip.Add($"{root}/byteorder", "little"u8.ToArray());
        for (int i = 0; i < storages.Count; i++)
        {
            TensorData storage = storages[i];
            zip.Add($"{root}/data/{i}", storage.RowBytes * storage.Rows, put =>
            {
                for (long row = 0; row < storage.Rows; row++)
                {
                    put(storage.Row(row));
                }
            });
        }

        zip.Add($"{root}/version", "3\n"u8.ToArray());
        zip.Finish();
    }

    /// <summary>_rebuild_tensor_v2 over a typed storage; _rebuild_tensor_v3 for types that came after the storage classes.</summary>
    private static void WriteTensor(PickleWriter pickle, TensorInfo info, int key, long bytes)
    {
        StorageClass? typed = PyTorchConstants.Storages.FirstOrDefault(s => s.DType == info.DType);
        string? type = PyTorchConstants.Types.FirstOrDefault(t => t.DType == info.DType).Name;
        if (type is null || info.DType.IsBlock)
        {
            throw new ModelException(PyTorchErrors.CannotWrite(info.Name, info.DType));
        }

        pickle.Global("torch._utils", typed is null ? "_rebuild_tensor_v3" : "_rebuild_tensor_v2").Op(PickleOp.Mark);
        pickle.Op(PickleOp.Mark).Text("storage").Global(typed is null ? "torch.storage" : "torch", typed?.Name ?? PyTorchConstants.Untyped.Name);
        pickle.Text(key.ToString(System.Globalization.CultureInfo.InvariantCulture)).Text("cpu").Integer(typed is null ? bytes : bytes / typed.ElementBytes).Op(PickleOp.Tuple).Op(PickleOp.BinPersId);
        pickle.Integer(0).Integers(info.Shape).Integers(RowMajor(info.Shape)).Op(PickleOp.NewFalse);
        pickle.Global("collections", "OrderedDict").Op(PickleOp.EmptyTuple).Op(PickleOp.Reduce);
        if (typed is null)
        {
            pickle.Global("torch", type);
        }

        pickle.Op(PickleOp.Tuple).Op(PickleOp.Reduce);
    }

    private static long[] RowMajor(TensorShape shape)
    {
        long[] strides = new long[shape.Count];
        long step = 1;
        for (int i = shape.Count - 1; i >= 0; i--)
        {
            strides[i] = step;
            step *= Math.Max(shape[i], 1);
        }

        return strides;
    }
}
