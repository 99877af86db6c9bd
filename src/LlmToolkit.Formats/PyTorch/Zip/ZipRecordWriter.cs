using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace LlmToolkit.Formats.PyTorch.Zip;

/// <summary>Writes a zip as torch does: stored entries whose data begin at multiples of 64, sums and sizes behind the data, a zip64 directory.</summary>
/// <remarks>Layout: pytorch, caffe2/serialize/inline_container.cc (PyTorchStreamWriter).</remarks>
internal sealed class ZipRecordWriter(Stream stream)
{
    public const int Alignment = 64;

    private const uint Wide = uint.MaxValue;
    private const ushort Flags = 0x0808;
    private readonly ArrayBufferWriter<byte> _directory = new();
    private long _position;
    private long _count;

    /// <summary>Writes an entry from pieces that are <paramref name="bytes"/> long together.</summary>
    public void Add(string name, long bytes, Action<Action<ReadOnlySpan<byte>>> write)
    {
        long header = _position;
        bool isWide = bytes >= Wide;
        byte[] utf8 = Encoding.UTF8.GetBytes(name);
        byte[] extra = LocalExtra(header + 30 + utf8.Length, isWide);
        byte[] local = new byte[30];
        BinaryPrimitives.WriteUInt32LittleEndian(local, 0x04034B50);
        BinaryPrimitives.WriteUInt16LittleEndian(local.AsSpan(4), isWide ? (ushort)45 : (ushort)20);
        BinaryPrimitives.WriteUInt16LittleEndian(local.AsSpan(6), Flags);
        BinaryPrimitives.WriteUInt32LittleEndian(local.AsSpan(18), isWide ? Wide : 0);
        BinaryPrimitives.WriteUInt32LittleEndian(local.AsSpan(22), isWide ? Wide : 0);
        BinaryPrimitives.WriteUInt16LittleEndian(local.AsSpan(26), checked((ushort)utf8.Length));
        BinaryPrimitives.WriteUInt16LittleEndian(local.AsSpan(28), checked((ushort)extra.Length));
        Put(local);
        Put(utf8);
        Put(extra);
        uint crc = 0;
        long start = _position;
        write(piece =>
        {
            crc = Crc32.Append(crc, piece);
            Put(piece);
        });
        if (_position - start != bytes)
        {
            throw new InvalidOperationException($"Entry {name} was announced with {bytes} bytes and given {_position - start}.");
        }

        PutDescriptor(crc, bytes, isWide);
        AddToDirectory(utf8, crc, bytes, header);
    }

    /// <summary>Writes a small entry.</summary>
    public void Add(string name, ReadOnlyMemory<byte> content) => Add(name, content.Length, put => put(content.Span));

    /// <summary>Writes the directory.</summary>
    public void Finish()
    {
        long start = _position;
        long size = _directory.WrittenCount;
        Put(_directory.WrittenSpan);
        byte[] end = new byte[56 + 20 + 22];
        Span<byte> end64 = end;
        BinaryPrimitives.WriteUInt32LittleEndian(end64, 0x06064B50);
        BinaryPrimitives.WriteUInt64LittleEndian(end64[4..], 44);
        BinaryPrimitives.WriteUInt16LittleEndian(end64[12..], 0x031E);
        BinaryPrimitives.WriteUInt16LittleEndian(end64[14..], 45);
        BinaryPrimitives.WriteInt64LittleEndian(end64[24..], _count);
        BinaryPrimitives.WriteInt64LittleEndian(end64[32..], _count);
        BinaryPrimitives.WriteInt64LittleEndian(end64[40..], size);
        BinaryPrimitives.WriteInt64LittleEndian(end64[48..], start);
        Span<byte> locator = end64[56..];
        BinaryPrimitives.WriteUInt32LittleEndian(locator, 0x07064B50);
        BinaryPrimitives.WriteInt64LittleEndian(locator[8..], start + size);
        BinaryPrimitives.WriteUInt32LittleEndian(locator[16..], 1);
        Span<byte> last = locator[20..];
        BinaryPrimitives.WriteUInt32LittleEndian(last, 0x06054B50);
        BinaryPrimitives.WriteUInt16LittleEndian(last[8..], (ushort)Math.Min(_count, ushort.MaxValue));
        BinaryPrimitives.WriteUInt16LittleEndian(last[10..], (ushort)Math.Min(_count, ushort.MaxValue));
        BinaryPrimitives.WriteUInt32LittleEndian(last[12..], (uint)Math.Min(size, Wide));
        BinaryPrimitives.WriteUInt32LittleEndian(last[16..], (uint)Math.Min(start, Wide));
        Put(end);
    }

    private void Put(ReadOnlySpan<byte> bytes)
    {
        stream.Write(bytes);
        _position += bytes.Length;
    }

    /// <summary>The zip64 field where needed, then torch's field "FB" that fills up to the alignment.</summary>
    private static byte[] LocalExtra(long at, bool isWide)
    {
        int wide = isWide ? 20 : 0;
        int padding = (int)((Alignment - ((at + wide + 4) % Alignment)) % Alignment);
        byte[] extra = new byte[wide + 4 + padding];
        if (isWide)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(extra, 1);
            BinaryPrimitives.WriteUInt16LittleEndian(extra.AsSpan(2), 16);
        }

        extra.AsSpan(wide + 4).Fill((byte)'Z');
        "FB"u8.CopyTo(extra.AsSpan(wide));
        BinaryPrimitives.WriteUInt16LittleEndian(extra.AsSpan(wide + 2), (ushort)padding);
        return extra;
    }

    private void PutDescriptor(uint crc, long bytes, bool isWide)
    {
        Span<byte> descriptor = stackalloc byte[24];
        BinaryPrimitives.WriteUInt32LittleEndian(descriptor, 0x08074B50);
        BinaryPrimitives.WriteUInt32LittleEndian(descriptor[4..], crc);
        if (isWide)
        {
            BinaryPrimitives.WriteInt64LittleEndian(descriptor[8..], bytes);
            BinaryPrimitives.WriteInt64LittleEndian(descriptor[16..], bytes);
            Put(descriptor);
            return;
        }

        BinaryPrimitives.WriteUInt32LittleEndian(descriptor[8..], (uint)bytes);
        BinaryPrimitives.WriteUInt32LittleEndian(descriptor[12..], (uint)bytes);
        Put(descriptor[..16]);
    }

    private void AddToDirectory(byte[] name, uint crc, long bytes, long header)
    {
        // Only what overflows 32 bits stands in the zip64 field, sizes first.
        List<long> wide = [];
        if (bytes >= Wide)
        {
            wide.Add(bytes);
            wide.Add(bytes);
        }

        if (header >= Wide)
        {
            wide.Add(header);
        }

        byte[] extra = new byte[wide.Count == 0 ? 0 : 4 + (8 * wide.Count)];
        if (wide.Count > 0)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(extra, 1);
            BinaryPrimitives.WriteUInt16LittleEndian(extra.AsSpan(2), (ushort)(8 * wide.Count));
            for (int i = 0; i < wide.Count; i++)
            {
                BinaryPrimitives.WriteInt64LittleEndian(extra.AsSpan(4 + (8 * i)), wide[i]);
            }
        }

        byte[] entry = new byte[46];
        BinaryPrimitives.WriteUInt32LittleEndian(entry, 0x02014B50);
        BinaryPrimitives.WriteUInt16LittleEndian(entry.AsSpan(6), wide.Count > 0 ? (ushort)45 : (ushort)20);
        BinaryPrimitives.WriteUInt16LittleEndian(entry.AsSpan(8), Flags);
        BinaryPrimitives.WriteUInt32LittleEndian(entry.AsSpan(16), crc);
        BinaryPrimitives.WriteUInt32LittleEndian(entry.AsSpan(20), (uint)Math.Min(bytes, Wide));
        BinaryPrimitives.WriteUInt32LittleEndian(entry.AsSpan(24), (uint)Math.Min(bytes, Wide));
        BinaryPrimitives.WriteUInt16LittleEndian(entry.AsSpan(28), (ushort)name.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(entry.AsSpan(30), (ushort)extra.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(entry.AsSpan(42), (uint)Math.Min(header, Wide));
        _directory.Write(entry);
        _directory.Write(name);
        _directory.Write(extra);
        _count++;
    }
}
