using System.Collections.Frozen;

namespace LlmToolkit.Formats.PyTorch.Pickle;

/// <summary>Makes the value of a call from its arguments; nothing of Python runs.</summary>
internal delegate object? PickleConstructor(in PickleCall call);

/// <summary>A call as the pickle states it.</summary>
/// <param name="Name">The callee, <c>module.name</c>.</param>
/// <param name="Arguments">Its arguments.</param>
/// <param name="Offset">Where in the pickle.</param>
/// <param name="Log">Where faults go.</param>
internal readonly record struct PickleCall(string Name, object?[] Arguments, int Offset, PickleLog Log);

/// <summary>What a global stands for. All null: it may be named and used, and stays inert.</summary>
internal sealed record PickleMeaning
{
    /// <summary>Builds a value when the global is called (REDUCE, NEWOBJ).</summary>
    public PickleConstructor? Construct { get; init; }

    /// <summary>The type that it names.</summary>
    public DType? DType { get; init; }

    /// <summary>The storage class that it is.</summary>
    public StorageClass? Storage { get; init; }

    /// <summary>True for what is reported as left inert.</summary>
    public bool Reported { get; init; }
}

/// <summary>The list of globals that have a meaning: exact names, compared as ordinal strings. What is not on it is never more than a name.</summary>
/// <remarks>Source of the names: pytorch, torch/_weights_only_unpickler.py and torch/_utils.py.</remarks>
internal static class PickleGlobals
{
    private static readonly PickleMeaning Quiet = new();
    private static readonly PickleMeaning Reported = new() { Reported = true };

    private static readonly FrozenDictionary<(string Module, string Name), PickleMeaning> Known = Build().ToFrozenDictionary();

    /// <summary>Modules of configuration objects that training checkpoints drag along; their classes, whose names begin with a capital, stay inert. Functions have no business in a checkpoint.</summary>
    private static readonly FrozenSet<string> InertModules = FrozenSet.Create(
        StringComparer.Ordinal,
        "omegaconf.dictconfig", "omegaconf.listconfig", "omegaconf.base", "omegaconf.nodes",
        "transformers.training_args", "transformers.training_args_seq2seq", "transformers.trainer_utils", "transformers.trainer_pt_utils", "transformers.integrations.deepspeed", "transformers.debug_utils",
        "accelerate.utils.dataclasses", "accelerate.state",
        "pytorch_lightning.utilities.parsing", "lightning.pytorch.utilities.parsing", "lightning_fabric.utilities.data", "lightning.fabric.utilities.data",
        "pytorch_lightning.callbacks.model_checkpoint", "lightning.pytorch.callbacks.model_checkpoint", "pytorch_lightning.callbacks.early_stopping", "lightning.pytorch.callbacks.early_stopping",
        "numpy.dtypes");

    /// <summary>The meaning of a global, or null: it has none, and a file that names it is refused.</summary>
    public static PickleMeaning? Find(string module, string name)
    {
        // Python 2's names, as Python 3's own unpickler maps them; protocol 2 still writes them.
        (module, name) = (module, name) switch
        {
            ("__builtin__", "xrange") => ("builtins", "range"),
            ("__builtin__", "unicode") => ("builtins", "str"),
            ("__builtin__", "long") => ("builtins", "int"),
            ("__builtin__", _) => ("builtins", name),
            ("copy_reg", _) => ("copyreg", name),
            _ => (module, name),
        };
        if (Known.TryGetValue((module, name), out PickleMeaning? meaning))
        {
            return meaning;
        }

        return InertModules.Contains(module) && IsClassName(name) ? Reported : null;
    }

    private static bool IsClassName(string name) => name.Length > 0 && char.IsAsciiLetterUpper(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');

    private static Dictionary<(string, string), PickleMeaning> Build()
    {
        Dictionary<(string, string), PickleMeaning> known = [];
        void Add(string module, string name, PickleConstructor construct) => known.Add((module, name), new PickleMeaning { Construct = construct });

        Add("collections", "OrderedDict", PlainConstructors.OrderedDict);
        Add("collections", "Counter", PlainConstructors.OrderedDict);
        Add("collections", "defaultdict", PlainConstructors.DefaultDict);
        Add("builtins", "set", PlainConstructors.Set);
        Add("builtins", "frozenset", PlainConstructors.Set);
        Add("builtins", "bytearray", PlainConstructors.Bytes);
        Add("builtins", "bytes", PlainConstructors.Bytes);
        Add("_codecs", "encode", PlainConstructors.Bytes);
        Add("builtins", "complex", PlainConstructors.Complex);
        Add("torch", "Size", PlainConstructors.Size);
        Add("torch", "device", PlainConstructors.FirstText);
        Add("torch.serialization", "_get_layout", PlainConstructors.FirstText);

        Add("torch._utils", "_rebuild_tensor", TensorConstructors.Typed);
        Add("torch._utils", "_rebuild_tensor_v2", TensorConstructors.Typed);
        Add("torch._utils", "_rebuild_tensor_v3", TensorConstructors.Untyped);
        Add("torch._utils", "_rebuild_parameter", TensorConstructors.First);
        Add("torch._utils", "_rebuild_parameter_with_state", TensorConstructors.First);
        Add("torch._utils", "_rebuild_device_tensor_from_cpu_tensor", TensorConstructors.First);
        Add("torch.nn.parameter", "Parameter", TensorConstructors.First);
        Add("torch._tensor", "_rebuild_from_type_v2", TensorConstructors.OfType);
        foreach ((string name, string why) in TensorConstructors.Unsupported)
        {
            Add("torch._utils", name, (in PickleCall call) => TensorConstructors.Refuse(call, why));
        }

        known.Add(("torch", "Tensor"), Quiet);
        foreach (string scheme in (string[])["per_tensor_affine", "per_tensor_symmetric", "per_channel_affine", "per_channel_symmetric", "per_channel_affine_float_qparams"])
        {
            known.Add(("torch", scheme), Quiet);
        }

        foreach ((string name, DType type) in PyTorchConstants.Types)
        {
            known.Add(("torch", name), new PickleMeaning { DType = type });
        }

        foreach (string name in PyTorchConstants.OtherTypes)
        {
            known.Add(("torch", name), Quiet);
        }

        foreach (StorageClass storage in PyTorchConstants.Storages)
        {
            known.Add(("torch", storage.Name), new PickleMeaning { Storage = storage });
            known.Add(("torch.cuda", storage.Name), new PickleMeaning { Storage = storage });
        }

        known.Add(("torch", "UntypedStorage"), new PickleMeaning { Storage = PyTorchConstants.Untyped });
        known.Add(("torch.storage", "UntypedStorage"), new PickleMeaning { Storage = PyTorchConstants.Untyped });
        known.Add(("torch.storage", "_UntypedStorage"), new PickleMeaning { Storage = PyTorchConstants.Untyped });
        known.Add(("torch", "_UntypedStorage"), new PickleMeaning { Storage = PyTorchConstants.Untyped });
        known.Add(("torch.storage", "TypedStorage"), Quiet);
        known.Add(("torch.storage", "_TypedStorage"), Quiet);

        foreach ((string module, string name) in Inert)
        {
            known.Add((module, name), Reported);
        }

        return known;
    }

    /// <summary>Plain data of other libraries that training checkpoints hold beside their tensors: named, never made.</summary>
    private static IEnumerable<(string Module, string Name)> Inert =>
    [
        ("numpy.core.multiarray", "scalar"), ("numpy.core.multiarray", "_reconstruct"), ("numpy._core.multiarray", "scalar"), ("numpy._core.multiarray", "_reconstruct"),
        ("numpy.core.numeric", "_frombuffer"), ("numpy._core.numeric", "_frombuffer"), ("numpy", "dtype"), ("numpy", "ndarray"),
        ("argparse", "Namespace"), ("builtins", "slice"), ("builtins", "range"), ("builtins", "dict"), ("builtins", "list"), ("builtins", "tuple"),
        ("builtins", "int"), ("builtins", "float"), ("builtins", "str"), ("builtins", "bool"), ("builtins", "object"),
        ("pathlib", "PosixPath"), ("pathlib", "WindowsPath"), ("pathlib", "PurePosixPath"), ("pathlib", "PureWindowsPath"), ("pathlib", "Path"), ("pathlib._local", "PosixPath"), ("pathlib._local", "WindowsPath"),
        ("typing", "Any"),
        ("datetime", "datetime"), ("datetime", "date"), ("datetime", "time"), ("datetime", "timedelta"), ("datetime", "timezone"),
    ];
}

/// <summary>Constructors of plain data.</summary>
internal static class PlainConstructors
{
    public static object? OrderedDict(in PickleCall call)
    {
        PickleDict made = new();
        switch (call.Arguments)
        {
            case []:
                return made;
            case [PickleDict source]:
                foreach ((object? key, object? value) in source.Items)
                {
                    Set(call, made, key, value);
                }

                return made;
            case [PickleList pairs]:
                foreach (object? pair in pairs.Items)
                {
                    switch (pair)
                    {
                        case PickleTuple { Items: [var key, var value] }: Set(call, made, key, value); break;
                        case PickleList { Items: [var key, var value] }: Set(call, made, key, value); break;
                        default: throw Wrong(call, "a list of pairs");
                    }
                }

                return made;
            default:
                throw Wrong(call, "no argument, or a list of pairs");
        }
    }

    /// <summary>defaultdict(factory): an empty dict. The factory, which Python would call for a missing key, may only be one of plain values.</summary>
    public static object? DefaultDict(in PickleCall call) => call.Arguments switch
    {
        [] or [null] or [PickleGlobal { Meaning: not null }] => new PickleDict(),
        [null or PickleGlobal { Meaning: not null }, PickleDict or PickleList] => OrderedDict(call with { Arguments = [call.Arguments[1]] }),
        [PickleGlobal { Meaning: null } or PickleOpaque, ..] => new PickleOpaque(call.Name),
        _ => throw Wrong(call, "a type, and the pairs"),
    };

    public static object? Set(in PickleCall call)
    {
        PickleSet made = new();
        IEnumerable<object?> items = call.Arguments switch
        {
            [] => [],
            [PickleList list] => list.Items,
            [PickleTuple tuple] => tuple.Items,
            [PickleSet set] => set.Items,
            _ => throw Wrong(call, "a list"),
        };
        made.Items.AddRange(items);
        call.Log.Charge(made.Items.Count * 8L);
        return made;
    }

    public static object? Bytes(in PickleCall call) => call.Arguments switch
    {
        [] => new PickleBytes(0),
        [PickleBytes bytes] => new PickleBytes(bytes.Length),
        [string text, string] => new PickleBytes(text.Length),
        _ => throw Wrong(call, "text and the name of an encoding"),
    };

    public static object? Complex(in PickleCall call) => call.Arguments is [long or double, long or double] ? new PickleTuple(call.Arguments) : throw Wrong(call, "two numbers");

    public static object? Size(in PickleCall call) => call.Arguments switch
    {
        [PickleTuple sizes] => sizes,
        [PickleList sizes] => new PickleTuple([.. sizes.Items]),
        _ => throw Wrong(call, "a tuple of sizes"),
    };

    /// <summary>torch.device('cuda', 0), torch's layouts: their first argument, a text.</summary>
    public static object? FirstText(in PickleCall call) => call.Arguments is [string text, ..] ? text : throw Wrong(call, "a text");

    public static ModelException Wrong(in PickleCall call, string expected) =>
        PyTorchErrors.BadPickle(call.Log.File, call.Offset, $"the arguments of {call.Name} are not {expected}");

    private static void Set(in PickleCall call, PickleDict dict, object? key, object? value)
    {
        call.Log.Charge(PickleMachine.EntryBytes + (dict.Items.Count == 0 ? PickleMachine.FirstEntryBytes : 0));
        if (!dict.TrySet(key, value))
        {
            throw PyTorchErrors.BadPickle(call.Log.File, call.Offset, "a key of a dict cannot be hashed");
        }
    }
}

/// <summary>Constructors of tensors: they note storage, shape and strides, which are checked when all storages are known.</summary>
internal static class TensorConstructors
{
    /// <summary>More dimensions than torch itself allows (64).</summary>
    private const int MaxDimensions = 64;

    /// <summary>Tensors that are no strided view of one storage, with the reason given to the user.</summary>
    public static readonly IReadOnlyList<(string Name, string Why)> Unsupported =
    [
        ("_rebuild_sparse_tensor", "sparse tensors are not supported"),
        ("_rebuild_sparse_csr_tensor", "sparse tensors are not supported"),
        ("_rebuild_xla_tensor", "its values lie in a numpy array"),
        ("_rebuild_nested_tensor", "nested tensors are not supported"),
        ("_rebuild_qtensor", "torch's quantized tensors are not supported"),
        ("_rebuild_meta_tensor_no_storage", "it has no data (device meta)"),
        ("_rebuild_device_tensor_from_numpy", "its values lie in a numpy array"),
        ("_rebuild_wrapper_subclass", "subclasses of tensors need their own code"),
    ];

    /// <summary>(storage, offset, size, stride, [requires_grad, hooks, [metadata]]): elements of the storage's own type.</summary>
    public static object? Typed(in PickleCall call)
    {
        object?[] a = call.Arguments;
        return a.Length is 4 or 6 or 7
            ? Build(call, (a[0] as PickleStorage)?.Class.DType, a.Length == 7 ? a[6] : null)
            : throw PlainConstructors.Wrong(call, "storage, offset, size, stride …");
    }

    /// <summary>(storage, offset, size, stride, requires_grad, hooks, dtype, [metadata]).</summary>
    public static object? Untyped(in PickleCall call)
    {
        object?[] a = call.Arguments;
        if (a.Length is not (7 or 8) || a[6] is not PickleGlobal type)
        {
            return a.Length > 0 && a[0] is PickleOpaque ? new PickleOpaque(call.Name) : throw PlainConstructors.Wrong(call, "storage, offset, size, stride, requires_grad, hooks, dtype");
        }

        return type.Meaning?.DType is { } known ? Build(call, known, a.Length == 8 ? a[7] : null) : Refuse(call with { Name = type.Name }, "the type is not supported");
    }

    /// <summary>A parameter is its tensor.</summary>
    public static object? First(in PickleCall call) => call.Arguments is [PickleTensor or PickleOpaque, ..] ? call.Arguments[0] : throw PlainConstructors.Wrong(call, "a tensor …");

    /// <summary>(function, type, arguments, state): a function of this table, for a plain tensor or parameter.</summary>
    public static object? OfType(in PickleCall call)
    {
        if (call.Arguments is not [PickleGlobal function, PickleGlobal type, PickleTuple arguments, _])
        {
            throw PlainConstructors.Wrong(call, "a function, a type, its arguments and a state");
        }

        bool isPlain = type.Name is "torch.Tensor" or "torch.nn.parameter.Parameter";
        bool isRebuild = function.Name.StartsWith("torch._utils._rebuild_", StringComparison.Ordinal) && function.Meaning?.Construct is not null;
        return isPlain && isRebuild
            ? function.Meaning!.Construct!(new PickleCall(function.Name, arguments.Items, call.Offset, call.Log))
            : Refuse(call with { Name = type.Name }, "subclasses of tensors need their own code");
    }

    public static object? Refuse(in PickleCall call, string why)
    {
        (string name, string file) = (call.Name, call.Log.File);
        call.Log.Refuse(name, () => PyTorchErrors.UnsupportedTensor(file, name, why));
        return new PickleOpaque(name);
    }

    private static object? Build(in PickleCall call, DType? type, object? metadata)
    {
        object?[] a = call.Arguments;
        if (a[0] is PickleOpaque)
        {
            return new PickleOpaque(call.Name);
        }

        if (a[0] is not PickleStorage storage || a[1] is not long offset || Sizes(a[2]) is not { } shape || Sizes(a[3]) is not { } strides)
        {
            throw PlainConstructors.Wrong(call, "a storage, an offset, sizes and strides");
        }

        if (metadata is PickleDict marks && marks.Items.Any(m => m.Value is true))
        {
            // torch keeps conjugation and negation as lazy marks beside the stored values.
            return Refuse(call, "its values are marked as conjugated or negated");
        }

        call.Log.Charge(96 + (8L * (shape.Length + strides.Length)));
        if (!storage.HasData)
        {
            return Refuse(call, "it has no data (device meta)");
        }

        return type is null
            ? Refuse(call with { Name = "torch." + storage.Class.Name }, "the type is not supported")
            : new PickleTensor(storage, type, offset, shape, strides);
    }

    private static long[]? Sizes(object? value)
    {
        IReadOnlyList<object?>? items = value switch { PickleTuple t => t.Items, PickleList l => l.Items, _ => null };
        if (items is null || items.Count > MaxDimensions)
        {
            return null;
        }

        long[] sizes = new long[items.Count];
        for (int i = 0; i < sizes.Length; i++)
        {
            if (items[i] is not long size)
            {
                return null;
            }

            sizes[i] = size;
        }

        return sizes;
    }
}
