using System.IO.Compression;
using LlmToolkit.Formats.Shared;

namespace LlmToolkit.Formats.PyTorch.Zip;

/// <summary>The content of deflated entries, and sums of small ones.</summary>
internal static class ZipContent
{
    private const int Chunk = 1 << 20;

    /// <summary>Inflates an entry and checks length and sum. The caller owns a reference of the buffer.</summary>
    /// <exception cref="ModelException">The entry is damaged.</exception>
    public static NativeBuffer Inflate(MappedFile map, ZipEntry entry, string file)
    {
        NativeBuffer buffer = new(entry.Bytes);
        try
        {
            using DeflateStream inflater = new(new MappingStream(map, entry.Offset, entry.Stored), CompressionMode.Decompress);
            uint crc = 0;
            long at = 0;
            while (at < entry.Bytes)
            {
                Span<byte> target = buffer.Span(at, (int)Math.Min(Chunk, entry.Bytes - at));
                int read = inflater.Read(target);
                if (read == 0)
                {
                    throw PyTorchErrors.WrongLength(file, entry.Name, $"{at} bytes", entry.Bytes);
                }

                crc = Crc32.Append(crc, target[..read]);
                at += read;
            }

            Span<byte> beyond = stackalloc byte[1];
            if (inflater.Read(beyond) != 0)
            {
                throw PyTorchErrors.WrongLength(file, entry.Name, "more", entry.Bytes);
            }

            map.ThrowIfChanged();
            return crc == entry.Crc ? buffer : throw PyTorchErrors.WrongSum(file, entry.Name, crc, entry.Crc);
        }
        catch (InvalidDataException error)
        {
            buffer.Release();
            throw new ModelException(PyTorchErrors.WrongLength(file, entry.Name, "malformed data", entry.Bytes).Diagnostic, error);
        }
        catch
        {
            buffer.Release();
            throw;
        }
    }

    /// <summary>The first bytes of an entry: how many there are. Damage is not told here.</summary>
    public static int Peek(MappedFile map, ZipEntry entry, Span<byte> head)
    {
        try
        {
            using Stream content = new MappingStream(map, entry.Offset, entry.Stored);
            if (!entry.IsDeflated)
            {
                return content.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
            }

            using DeflateStream inflater = new(content, CompressionMode.Decompress);
            return inflater.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
        }
        catch (InvalidDataException)
        {
            return 0;
        }
    }

    /// <summary>Compares the sum of a stored entry: what is wrong, or null.</summary>
    public static Diagnostic? WrongSum(MappedFile map, ZipEntry entry, string file)
    {
        uint crc = 0;
        for (long at = 0; at < entry.Stored; at += Chunk)
        {
            crc = Crc32.Append(crc, map.Span(entry.Offset + at, (int)Math.Min(Chunk, entry.Stored - at)));
        }

        return crc == entry.Crc ? null : PyTorchErrors.WrongSum(file, entry.Name, crc, entry.Crc).Diagnostic;
    }

    /// <summary>Reads a part of a mapping as a stream.</summary>
    private sealed class MappingStream(MappedFile map, long start, long length) : Stream
    {
        private long _position;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => length;

        public override long Position { get => _position; set => throw new NotSupportedException(); }

        public override int Read(Span<byte> buffer)
        {
            int count = (int)Math.Min(buffer.Length, length - _position);
            map.Span(start + _position, count).CopyTo(buffer);
            _position += count;
            return count;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
