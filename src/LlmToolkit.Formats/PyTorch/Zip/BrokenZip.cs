using System.Buffers.Binary;
using LlmToolkit.Formats.PyTorch.Pickle;
using LlmToolkit.Formats.Shared;

namespace LlmToolkit.Formats.PyTorch.Zip;

/// <summary>What can be had of a torch.save file whose end is missing: entries by their local headers.</summary>
/// <remarks>torch writes zeros as sizes and the real ones behind the data, so a storage's size is the one that the pickle, the first entry, tells.</remarks>
internal sealed class BrokenZip(MappedFile map)
{
    private const uint LocalSignature = 0x04034B50;
    private const int LocalBytes = 30;
    private const int MaxPickle = 64 << 20;

    /// <summary>Most bytes between two entries: a data descriptor, and padding to the alignment.</summary>
    private const int MaxGap = 64;

    private string _root = "";

    /// <summary>True when an entry that was passed says so.</summary>
    public bool IsBigEndian { get; private set; }

    /// <summary>True when the entry that says so lies in the file.</summary>
    public bool IsOrderKnown { get; private set; }

    /// <summary>Finds the pickle; its end is not known, only that it lies in the bytes given.</summary>
    public bool TryReadPickle(out long start, out int length)
    {
        (start, length) = (0, 0);
        if (!TryReadHeader(0, out string name, out start, out bool isStored) || !isStored || !(name.EndsWith("/data.pkl", StringComparison.Ordinal) || name == "data.pkl"))
        {
            return false;
        }

        _root = name[..^"data.pkl".Length];
        length = (int)Math.Min(map.Length - start, MaxPickle);
        return true;
    }

    /// <summary>Walks on from the end of the pickle and notes every storage that is whole.</summary>
    public void FindStorages(long at, IReadOnlyDictionary<string, long> expected, Dictionary<string, StorageBytes> found)
    {
        string folder = _root + "data/";
        while (TryFindHeader(at, out long header) && TryReadHeader(header, out string name, out long start, out bool isStored) && isStored)
        {
            if (name == _root + "byteorder" && map.Length - start >= 3)
            {
                IsOrderKnown = true;
                IsBigEndian = map.Span(start, 3).SequenceEqual("big"u8);
            }

            bool isStorage = name.StartsWith(folder, StringComparison.Ordinal);
            long bytes = BinaryPrimitives.ReadUInt32LittleEndian(map.Span(header + 22, 4));
            if (isStorage && expected.TryGetValue(name[folder.Length..], out long known))
            {
                bytes = known;
                if (bytes > map.Length - start)
                {
                    return;
                }

                found.TryAdd(name[folder.Length..], new StorageBytes(start, bytes));
            }

            if (bytes > map.Length - start)
            {
                return;
            }

            at = start + bytes;
        }
    }

    /// <summary>The next local header, behind a data descriptor or the few bytes of a small entry whose size is not told.</summary>
    private bool TryFindHeader(long from, out long header)
    {
        int length = (int)Math.Clamp(map.Length - from, 0, MaxGap + LocalBytes);
        int at = map.Span(from, length).IndexOf("PK\u0003\u0004"u8);
        header = from + at;
        return at >= 0;
    }

    private bool TryReadHeader(long at, out string name, out long start, out bool isStored)
    {
        (name, start, isStored) = ("", 0, false);
        if (map.Length - at < LocalBytes)
        {
            return false;
        }

        ReadOnlySpan<byte> head = map.Span(at, LocalBytes);
        int nameLength = BinaryPrimitives.ReadUInt16LittleEndian(head[26..]);
        int extraLength = BinaryPrimitives.ReadUInt16LittleEndian(head[28..]);
        start = at + LocalBytes + nameLength + extraLength;
        if (BinaryPrimitives.ReadUInt32LittleEndian(head) != LocalSignature || start > map.Length)
        {
            return false;
        }

        isStored = BinaryPrimitives.ReadUInt16LittleEndian(head[8..]) == 0;
        name = PickleReader.OldText(map.Span(at + LocalBytes, nameLength));
        return true;
    }
}
