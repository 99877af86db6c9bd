using System.Text;

namespace LlmToolkit.Tests.Diagnosis;

/// <summary>Pickles of protocol 2, opcode by opcode.</summary>
internal static class PickleBytes
{
    /// <summary>A dict with one float tensor w of four values over storage 0, as torch.save writes it.</summary>
    public static byte[] Tensor =>
    [
        .. Start, (byte)'}', .. Text("w"), .. Global("torch._utils", "_rebuild_tensor_v2"), (byte)'(',
        (byte)'(', .. Text("storage"), .. Global("torch", "FloatStorage"), .. Text("0"), .. Text("cpu"), (byte)'K', 4, (byte)'t', (byte)'Q',
        (byte)'K', 0, (byte)'K', 4, 0x85, (byte)'K', 1, 0x85, 0x89, .. Global("collections", "OrderedDict"), (byte)')', (byte)'R', (byte)'t', (byte)'R', (byte)'s', (byte)'.',
    ];

    /// <summary>A dict with a number and no tensor.</summary>
    public static byte[] Numbers => [.. Start, (byte)'}', .. Text("step"), (byte)'K', 3, (byte)'s', (byte)'.'];

    /// <summary>Calls a global with a text.</summary>
    public static byte[] Call(string module, string name, string argument) => [.. Start, .. Global(module, name), .. Text(argument), 0x85, (byte)'R', (byte)'.'];

    private static byte[] Start => [0x80, 2];

    private static byte[] Global(string module, string name) => [(byte)'c', .. Encoding.ASCII.GetBytes($"{module}\n{name}\n")];

    private static byte[] Text(string text) => [(byte)'X', (byte)text.Length, 0, 0, 0, .. Encoding.ASCII.GetBytes(text)];
}
