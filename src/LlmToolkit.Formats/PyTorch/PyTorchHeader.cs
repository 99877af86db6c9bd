using System.Buffers;
using LlmToolkit.Formats.PyTorch.Pickle;

namespace LlmToolkit.Formats.PyTorch;

/// <summary>The forms that a PyTorch file can have.</summary>
internal enum PyTorchLayout
{
    /// <summary>None of them.</summary>
    Unknown,

    /// <summary>A zip, since torch 1.6.</summary>
    Zip,

    /// <summary>Five pickles and the storages behind them, before torch 1.6.</summary>
    Legacy,

    /// <summary>A pickle that torch.save did not write.</summary>
    BarePickle,

    /// <summary>The tar of the first releases.</summary>
    Tar,
}

/// <summary>What a file says of itself before its tensors.</summary>
internal sealed record PyTorchHeader
{
    private static readonly SearchValues<byte> Opcodes = SearchValues.Create([.. Enum.GetValues<PickleOp>().Select(o => (byte)o)]);

    /// <summary>The form.</summary>
    public PyTorchLayout Layout { get; init; }

    /// <summary>The archive's version entry (3 today), or 1001 of the legacy form.</summary>
    public string? Version { get; init; }

    /// <summary>True when the storages are big-endian.</summary>
    public bool IsBigEndian { get; init; }

    /// <summary>True when the byte order was read, or is known by what the file lacks; false when the file ended before.</summary>
    public bool IsOrderKnown { get; init; }

    /// <summary>Judges the form from the first bytes.</summary>
    public static PyTorchLayout Guess(ReadOnlySpan<byte> head)
    {
        if (head.StartsWith("PK\u0003\u0004"u8))
        {
            return PyTorchLayout.Zip;
        }

        if (PyTorchConstants.LegacyMagicLength(head) > 0)
        {
            return PyTorchLayout.Legacy;
        }

        if (head.Length >= 262 && head[257..].StartsWith("ustar"u8))
        {
            return PyTorchLayout.Tar;
        }

        // A pickle goes on with an opcode; two bytes alone are no evidence in a file of any kind.
        return head.Length >= 2 && head[0] == 0x80 && head[1] <= 5 && (head.Length == 2 || Opcodes.Contains(head[2])) ? PyTorchLayout.BarePickle : PyTorchLayout.Unknown;
    }
}
