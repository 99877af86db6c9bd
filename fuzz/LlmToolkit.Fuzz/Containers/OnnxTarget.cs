using LlmToolkit.Formats.Foreign.Onnx;

namespace LlmToolkit.Fuzz;

/// <summary>ONNX models: a graph with initializers of several kinds, and one whose data lie in a file beside it. Numbers of fields: onnx.proto.</summary>
internal sealed class OnnxTarget() : ContainerTarget(OnnxFormat.Instance)
{
    /// <inheritdoc/>
    protected override IReadOnlyList<FuzzSeed> Seeds() =>
    [
        new("graph", Model(external: false).Fields, "model.onnx"),
        new("external", Model(external: true).Fields, "model.onnx", "model.onnx.data"),
    ];

    private static FieldList Model(bool external)
    {
        FieldList f = new();
        Number(f, "head", 1, 8);
        Text(f, "head", 2, "pytorch");
        Text(f, "head", 3, "2.5");
        _ = f.Begin().Message("opset", 8, "opset/0");
        Text(f, "opset/0", 1, "");
        Number(f, "opset/0", 2, 17);
        _ = f.End().Begin().Message("opset", 8, "opset/1");
        Text(f, "opset/1", 1, "com.microsoft");
        Number(f, "opset/1", 2, 1);
        _ = f.End().Message("top", 7, "graph");
        Node(f, "0", "MatMul", "", "x", "w", "y");
        Node(f, "1", "Attention", "com.microsoft", "y", "b", "z");
        Text(f, "graph", 2, "main");
        if (external)
        {
            External(f, "w", 0, 16);
            External(f, "b", 16, 8);
        }
        else
        {
            Initializer(f, "w", 1, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16], 2, 2);
            Initializer(f, "b", 10, [1, 2, 3, 4, 5, 6, 7, 8], 4);
            Initializer(f, "scalar", 7, [1, 0, 0, 0, 0, 0, 0, 0]);
            Initializer(f, "none", 1, [], 0, 3);
            Floats(f);
        }

        Value(f, "in", 11, "x");
        Value(f, "out", 12, "z");
        _ = f.Begin().Message("properties", 14, "properties/0");
        Text(f, "properties/0", 1, "key");
        Text(f, "properties/0", 2, "value");
        _ = f.End();
        if (external)
        {
            f.File = 1;
            _ = f.Bytes("data", [.. Enumerable.Range(0, 24).Select(i => (byte)i)]);
        }

        return f;
    }

    private static void Number(FieldList f, string group, int number, ulong value) => f.Varint(group, (ulong)number << 3, number > 15 ? 2 : 1).Varint(group, value, 2);

    private static void Text(FieldList f, string group, int number, string text)
    {
        string inner = $"{group}/t{f.Fields.Count}";
        _ = f.Message(group, number, inner).Text(inner, text);
    }

    private static void Node(FieldList f, string id, string operation, string domain, params string[] names)
    {
        string group = "graph/node" + id;
        _ = f.Begin().Message("graph", 1, group);
        Text(f, group, 1, names[0]);
        Text(f, group, 1, names[1]);
        Text(f, group, 2, names[2]);
        Text(f, group, 4, operation);
        Text(f, group, 7, domain);
        _ = f.Message(group, 5, group + "/attribute");
        Text(f, group + "/attribute", 1, "alpha");
        Number(f, group + "/attribute", 20, 2);
        Number(f, group + "/attribute", 3, 7);
        _ = f.Message(group + "/attribute", 5, group + "/attribute/tensor");
        Tensor(f, group + "/attribute/tensor", "", 6, 1);
        _ = f.Message(group + "/attribute/tensor", 9, group + "/attribute/tensor/raw").Bytes(group + "/attribute/tensor/raw", 1, 0, 0, 0).End();
    }

    private static void Tensor(FieldList f, string group, string name, ulong type, params ulong[] dims)
    {
        foreach (ulong dim in dims)
        {
            Number(f, group, 1, dim);
        }

        Number(f, group, 2, type);
        Text(f, group, 8, name);
    }

    private static void Initializer(FieldList f, string name, ulong type, byte[] raw, params ulong[] dims)
    {
        string group = "graph/" + name;
        _ = f.Begin().Message("graph", 5, group);
        Tensor(f, group, name, type, dims);
        _ = f.Message(group, 9, group + "/raw").Bytes(group + "/raw", raw).End();
    }

    private static void Floats(FieldList f)
    {
        const string group = "graph/floats";
        _ = f.Begin().Message("graph", 5, group);
        Tensor(f, group, "floats", 1, 2);
        _ = f.Message(group, 4, group + "/packed").Number(group + "/packed", 4, 0x3F800000).Number(group + "/packed", 4, 0x40000000).End();
    }

    private static void External(FieldList f, string name, int offset, int bytes)
    {
        string group = "graph/" + name;
        _ = f.Begin().Message("graph", 5, group);
        Tensor(f, group, name, 1, (ulong)bytes / 4);
        foreach ((string key, string value) in (ReadOnlySpan<(string, string)>)[("location", "model.onnx.data"), ("offset", $"{offset}"), ("length", $"{bytes}")])
        {
            string entry = $"{group}/e{f.Fields.Count}";
            _ = f.Message(group, 13, entry);
            Text(f, entry, 1, key);
            Text(f, entry, 2, value);
        }

        Number(f, group, 14, 1);
        _ = f.End();
    }

    private static void Value(FieldList f, string id, int number, string name)
    {
        string group = "graph/" + id;
        _ = f.Begin().Message("graph", number, group);
        Text(f, group, 1, name);
        _ = f.Message(group, 2, group + "/type").Message(group + "/type", 1, group + "/type/tensor");
        Number(f, group + "/type/tensor", 1, 1);
        _ = f.Message(group + "/type/tensor", 2, group + "/type/tensor/shape").Message(group + "/type/tensor/shape", 1, group + "/type/tensor/shape/dim");
        Number(f, group + "/type/tensor/shape/dim", 1, 2);
        _ = f.End();
    }
}
