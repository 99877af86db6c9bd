namespace LlmToolkit.Formats.Foreign.Onnx;

/// <summary>A stretch of the file.</summary>
/// <param name="Offset">First byte.</param>
/// <param name="Length">Bytes.</param>
internal readonly record struct OnnxBytes(int Offset, int Length);

/// <summary>A pair of texts: metadata, or where external data lies.</summary>
internal sealed class OnnxEntry
{
    public OnnxBytes Key { get; set; }

    public OnnxBytes Value { get; set; }
}

/// <summary>A library of operators and its version.</summary>
internal sealed class OnnxOpset
{
    public OnnxBytes Domain { get; set; }

    public long Version { get; set; }
}

/// <summary>A step of the computation.</summary>
internal sealed class OnnxNode
{
    public OnnxBytes Operation { get; set; }

    public OnnxBytes Domain { get; set; }
}

/// <summary>A tensor as the file writes it.</summary>
internal sealed class OnnxTensor
{
    /// <summary>Most dimensions: NumPy, which nearly every exporter passes through, has 64.</summary>
    public const int MostDimensions = 64;

    /// <summary>TensorProto.DataLocation.EXTERNAL.</summary>
    private const long External = 1;

    /// <summary>Offset of the message, for messages about tensors without a name.</summary>
    public required int Offset { get; init; }

    /// <summary>True for the weights of the main graph.</summary>
    public required bool IsWeight { get; init; }

    public OnnxBytes? Name { get; set; }

    public List<long> Dimensions { get; } = [];

    /// <summary>Dimensions met, stored or not.</summary>
    public int DimensionCount { get; set; }

    public long Type { get; set; }

    public long Location { get; set; }

    public OnnxBytes? Raw { get; set; }

    /// <summary>Values by the number of their field.</summary>
    public Dictionary<int, long>? Typed { get; private set; }

    /// <summary>Where the values lie, when they are one packed stretch.</summary>
    public OnnxBytes? Packed { get; private set; }

    public List<OnnxEntry>? ExternalData { get; set; }

    /// <summary>True when the values lie in another file.</summary>
    public bool IsExternal => Location == External;

    /// <summary>Counts values of a typed field.</summary>
    public void Count(int field, long values, OnnxBytes? packed)
    {
        Typed ??= [];
        bool isFirst = Typed.Count == 0;
        Typed[field] = Typed.GetValueOrDefault(field) + values;
        Packed = isFirst ? packed : null;
    }
}

/// <summary>A message in work.</summary>
internal sealed class OnnxFrame(OnnxMessage message, int end, object? state)
{
    private ulong _seen;

    /// <summary>Which.</summary>
    public OnnxMessage Message { get; } = message;

    /// <summary>Offset of its end.</summary>
    public int End { get; } = end;

    /// <summary>What is collected of it; null: nothing.</summary>
    public object? State { get; } = state;

    /// <summary>False when the field was there before.</summary>
    public bool Seen(int number)
    {
        ulong bit = 1UL << number;
        bool isNew = (_seen & bit) == 0;
        _seen |= bit;
        return isNew;
    }
}
