namespace LlmToolkit.Formats.Foreign.Onnx;

/// <summary>The messages of ONNX that are looked into.</summary>
internal enum OnnxMessage : byte
{
    None,
    Model,
    Graph,
    Node,
    Attribute,
    Tensor,
    SparseTensor,
    Segment,
    Entry,
    Opset,
    Function,
    Training,
    ValueInfo,
    Type,
    TensorType,
    Shape,
    Dimension,
    SequenceType,
    MapType,
    OpaqueType,
    Annotation,
}

/// <summary>How a field is written; the numbers but the last are those of the wire format.</summary>
internal enum OnnxWire : byte
{
    Varint = 0,
    Fixed64 = 1,
    Bytes = 2,
    Fixed32 = 5,
    Message = 8,
}

/// <summary>A field of a message.</summary>
/// <param name="Wire">How it is written; repeated numbers may also be packed.</param>
/// <param name="Repeated">May occur more than once.</param>
/// <param name="Child">For messages: which.</param>
internal readonly record struct OnnxField(OnnxWire Wire, bool Repeated, OnnxMessage Child = OnnxMessage.None);

/// <summary>The fields of each message, by number. Source: onnx, onnx/onnx.proto3, version 13 of the format.</summary>
internal static class OnnxSchema
{
    private const int MostFields = 27;

    private static readonly OnnxField?[][] s_fields = Build();

    /// <summary>The field of that number, or null: one of a version that is newer than this table.</summary>
    public static OnnxField? Field(OnnxMessage message, int number) => number < MostFields ? s_fields[(int)message][number] : null;

    private static OnnxField?[][] Build()
    {
        OnnxField?[][] all = [.. Enum.GetValues<OnnxMessage>().Select(_ => new OnnxField?[MostFields])];
        void Numbers(OnnxMessage message, OnnxWire wire, bool repeated, params ReadOnlySpan<int> numbers)
        {
            foreach (int number in numbers)
            {
                all[(int)message][number] = new OnnxField(wire, repeated);
            }
        }

        void One(OnnxMessage message, int number, OnnxMessage child) => all[(int)message][number] = new OnnxField(OnnxWire.Message, false, child);
        void Many(OnnxMessage message, int number, OnnxMessage child) => all[(int)message][number] = new OnnxField(OnnxWire.Message, true, child);

        Numbers(OnnxMessage.Model, OnnxWire.Varint, false, 1, 5);
        Numbers(OnnxMessage.Model, OnnxWire.Bytes, false, 2, 3, 4, 6);
        One(OnnxMessage.Model, 7, OnnxMessage.Graph);
        Many(OnnxMessage.Model, 8, OnnxMessage.Opset);
        Many(OnnxMessage.Model, 14, OnnxMessage.Entry);
        Many(OnnxMessage.Model, 20, OnnxMessage.Training);
        Many(OnnxMessage.Model, 25, OnnxMessage.Function);

        Many(OnnxMessage.Graph, 1, OnnxMessage.Node);
        Numbers(OnnxMessage.Graph, OnnxWire.Bytes, false, 2, 10);
        Many(OnnxMessage.Graph, 5, OnnxMessage.Tensor);
        Many(OnnxMessage.Graph, 11, OnnxMessage.ValueInfo);
        Many(OnnxMessage.Graph, 12, OnnxMessage.ValueInfo);
        Many(OnnxMessage.Graph, 13, OnnxMessage.ValueInfo);
        Many(OnnxMessage.Graph, 14, OnnxMessage.Annotation);
        Many(OnnxMessage.Graph, 15, OnnxMessage.SparseTensor);
        Many(OnnxMessage.Graph, 16, OnnxMessage.Entry);

        Numbers(OnnxMessage.Node, OnnxWire.Bytes, true, 1, 2);
        Numbers(OnnxMessage.Node, OnnxWire.Bytes, false, 3, 4, 6, 7, 8);
        Many(OnnxMessage.Node, 5, OnnxMessage.Attribute);
        Many(OnnxMessage.Node, 9, OnnxMessage.Entry);

        Numbers(OnnxMessage.Attribute, OnnxWire.Bytes, false, 1, 4, 13, 21);
        Numbers(OnnxMessage.Attribute, OnnxWire.Fixed32, false, 2);
        Numbers(OnnxMessage.Attribute, OnnxWire.Varint, false, 3, 20);
        One(OnnxMessage.Attribute, 5, OnnxMessage.Tensor);
        One(OnnxMessage.Attribute, 6, OnnxMessage.Graph);
        Numbers(OnnxMessage.Attribute, OnnxWire.Fixed32, true, 7);
        Numbers(OnnxMessage.Attribute, OnnxWire.Varint, true, 8);
        Numbers(OnnxMessage.Attribute, OnnxWire.Bytes, true, 9);
        Many(OnnxMessage.Attribute, 10, OnnxMessage.Tensor);
        Many(OnnxMessage.Attribute, 11, OnnxMessage.Graph);
        One(OnnxMessage.Attribute, 14, OnnxMessage.Type);
        Many(OnnxMessage.Attribute, 15, OnnxMessage.Type);
        One(OnnxMessage.Attribute, 22, OnnxMessage.SparseTensor);
        Many(OnnxMessage.Attribute, 23, OnnxMessage.SparseTensor);

        Numbers(OnnxMessage.Tensor, OnnxWire.Varint, true, 1, 5, 7, 11);
        Numbers(OnnxMessage.Tensor, OnnxWire.Varint, false, 2, 14);
        One(OnnxMessage.Tensor, 3, OnnxMessage.Segment);
        Numbers(OnnxMessage.Tensor, OnnxWire.Fixed32, true, 4);
        Numbers(OnnxMessage.Tensor, OnnxWire.Bytes, true, 6);
        Numbers(OnnxMessage.Tensor, OnnxWire.Bytes, false, 8, 9, 12);
        Numbers(OnnxMessage.Tensor, OnnxWire.Fixed64, true, 10);
        Many(OnnxMessage.Tensor, 13, OnnxMessage.Entry);
        Many(OnnxMessage.Tensor, 16, OnnxMessage.Entry);

        One(OnnxMessage.SparseTensor, 1, OnnxMessage.Tensor);
        One(OnnxMessage.SparseTensor, 2, OnnxMessage.Tensor);
        Numbers(OnnxMessage.SparseTensor, OnnxWire.Varint, true, 3);
        Numbers(OnnxMessage.Segment, OnnxWire.Varint, false, 1, 2);
        Numbers(OnnxMessage.Entry, OnnxWire.Bytes, false, 1, 2);
        Numbers(OnnxMessage.Opset, OnnxWire.Bytes, false, 1);
        Numbers(OnnxMessage.Opset, OnnxWire.Varint, false, 2);

        Numbers(OnnxMessage.Function, OnnxWire.Bytes, false, 1, 8, 10, 13);
        Numbers(OnnxMessage.Function, OnnxWire.Varint, false, 2, 3);
        Numbers(OnnxMessage.Function, OnnxWire.Bytes, true, 4, 5, 6);
        Many(OnnxMessage.Function, 7, OnnxMessage.Node);
        Many(OnnxMessage.Function, 9, OnnxMessage.Opset);
        Many(OnnxMessage.Function, 11, OnnxMessage.Attribute);
        Many(OnnxMessage.Function, 12, OnnxMessage.ValueInfo);
        Many(OnnxMessage.Function, 14, OnnxMessage.Entry);

        One(OnnxMessage.Training, 1, OnnxMessage.Graph);
        One(OnnxMessage.Training, 2, OnnxMessage.Graph);
        Many(OnnxMessage.Training, 3, OnnxMessage.Entry);
        Many(OnnxMessage.Training, 4, OnnxMessage.Entry);

        Numbers(OnnxMessage.ValueInfo, OnnxWire.Bytes, false, 1, 3);
        One(OnnxMessage.ValueInfo, 2, OnnxMessage.Type);
        Many(OnnxMessage.ValueInfo, 4, OnnxMessage.Entry);
        One(OnnxMessage.Type, 1, OnnxMessage.TensorType);
        One(OnnxMessage.Type, 4, OnnxMessage.SequenceType);
        One(OnnxMessage.Type, 5, OnnxMessage.MapType);
        Numbers(OnnxMessage.Type, OnnxWire.Bytes, false, 6);
        One(OnnxMessage.Type, 7, OnnxMessage.OpaqueType);
        One(OnnxMessage.Type, 8, OnnxMessage.TensorType);
        One(OnnxMessage.Type, 9, OnnxMessage.SequenceType);
        Numbers(OnnxMessage.TensorType, OnnxWire.Varint, false, 1);
        One(OnnxMessage.TensorType, 2, OnnxMessage.Shape);
        Many(OnnxMessage.Shape, 1, OnnxMessage.Dimension);
        Numbers(OnnxMessage.Dimension, OnnxWire.Varint, false, 1);
        Numbers(OnnxMessage.Dimension, OnnxWire.Bytes, false, 2, 3);
        One(OnnxMessage.SequenceType, 1, OnnxMessage.Type);
        Numbers(OnnxMessage.MapType, OnnxWire.Varint, false, 1);
        One(OnnxMessage.MapType, 2, OnnxMessage.Type);
        Numbers(OnnxMessage.OpaqueType, OnnxWire.Bytes, false, 1, 2);
        Numbers(OnnxMessage.Annotation, OnnxWire.Bytes, false, 1);
        Many(OnnxMessage.Annotation, 2, OnnxMessage.Entry);
        return all;
    }
}
