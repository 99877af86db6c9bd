using System.Text;

namespace LlmToolkit.Formats.Tests.Foreign.Onnx;

/// <summary>Writes ONNX by hand: a field is its number, its form and its bytes.</summary>
internal static class OnnxBytes
{
    public static byte[] Varint(ulong value)
    {
        List<byte> bytes = [];
        for (; value > 0x7F; value >>= 7)
        {
            bytes.Add((byte)(value | 0x80));
        }

        bytes.Add((byte)value);
        return [.. bytes];
    }

    public static byte[] Number(int field, long value) => [.. Varint((ulong)field << 3), .. Varint((ulong)value)];

    public static byte[] Bytes(int field, params byte[] bytes) => [.. Varint(((ulong)field << 3) | 2), .. Varint((ulong)bytes.Length), .. bytes];

    public static byte[] Text(int field, string text) => Bytes(field, Encoding.UTF8.GetBytes(text));

    public static byte[] Join(params IEnumerable<byte[]> parts) => [.. parts.SelectMany(p => p)];

    /// <summary>A tensor "w" with a shape, a type and whatever follows.</summary>
    public static byte[] Tensor(long[] shape, long type, params IEnumerable<byte[]> rest) =>
        Join([.. shape.Select(d => Number(1, d)), Number(2, type), Text(8, "w"), .. rest]);

    public static byte[] External(string location, params IEnumerable<(string Key, string Value)> more) =>
        Join([.. more.Prepend(("location", location)).Select(p => Bytes(13, Join(Text(1, p.Item1), Text(2, p.Item2)))), Number(14, 1)]);

    /// <summary>A model of one graph with these initializers.</summary>
    public static byte[] Model(params IEnumerable<byte[]> tensors) => Model(8, 17, [], tensors);

    public static byte[] Model(long version, long opset, byte[][] nodes, IEnumerable<byte[]> tensors, byte[]? rest = null)
    {
        byte[] use = Join(Text(1, "w"), Text(2, "y"), Text(4, "Identity"));
        byte[] graph = Join([.. nodes.Append(use).Select(n => Bytes(1, n)), Text(2, "g"), .. tensors.Select(t => Bytes(5, t))]);
        return Join(Number(1, version), Text(2, "test"), Bytes(7, graph), Bytes(8, Number(2, opset)), rest ?? []);
    }
}
