using System.Buffers.Binary;
using System.Runtime.InteropServices;
using LlmToolkit.Formats.PyTorch.Zip;
using LlmToolkit.Formats.Shared;

namespace LlmToolkit.Formats.PyTorch;

/// <summary>Gives the values of a tensor: in place where the file holds them row-major and little-endian, else as a copy.</summary>
internal static class PyTorchValues
{
    /// <summary>Reads from the file; a compressed storage is inflated for this one tensor.</summary>
    public static TensorData ReadAlone(MappedFile map, PyTorchTensor tensor)
    {
        if (tensor.Storage.Deflated is not { } entry)
        {
            return Read(map, tensor);
        }

        NativeBuffer buffer = ZipContent.Inflate(map, entry, tensor.Info.File.Path);
        try
        {
            return Read(buffer, tensor);
        }
        finally
        {
            buffer.Release();
        }
    }

    /// <summary>Reads from the file.</summary>
    public static TensorData Read(MappedFile map, PyTorchTensor tensor)
    {
        long start = tensor.Storage.Offset + tensor.FirstByte;
        if (tensor.Info.InPlace)
        {
            map.Parts?.Require(start, tensor.Info.Bytes);
        }

        TensorData data = tensor.Info.InPlace
            ? new TensorData(tensor.Info, map.Address + (nint)start, map)
            : Gather((offset, length) => map.Span(start + offset, length), tensor);
        if (map.Changed is { } change)
        {
            data.Dispose();
            throw new ModelException(change);
        }

        return data;
    }

    /// <summary>Reads from an inflated storage.</summary>
    public static TensorData Read(NativeBuffer storage, PyTorchTensor tensor)
    {
        bool isPlain = tensor.Info.Strides is null && !tensor.Info.BigEndian;
        return isPlain
            ? new TensorData(tensor.Info, storage.Address + (nint)tensor.FirstByte, storage, copied: true)
            : Gather((offset, length) => storage.Span(tensor.FirstByte + offset, length), tensor);
    }

    private delegate ReadOnlySpan<byte> Source(long offset, int length);

    private static TensorData Gather(Source source, PyTorchTensor tensor)
    {
        NativeBuffer copy = new(tensor.Info.Bytes);
        try
        {
            if (tensor.Info.Bytes > 0)
            {
                CopyRows(source, tensor, copy);
            }

            return new TensorData(tensor.Info, copy.Address, copy, copied: true);
        }
        finally
        {
            copy.Release();
        }
    }

    private static void CopyRows(Source source, PyTorchTensor tensor, NativeBuffer copy)
    {
        TensorShape shape = tensor.Info.Shape;
        int unit = tensor.UnitBytes;
        int rank = shape.Count;
        long columns = shape.Columns / tensor.Info.DType.BlockLength;
        long rowBytes = columns * unit;
        IReadOnlyList<long>? strides = tensor.Info.Strides;
        long step = strides is null || rank == 0 ? 1 : strides[rank - 1];
        long[] index = new long[Math.Max(rank, 1)];
        long rows = shape.Rows;
        for (long row = 0; row < rows; row++)
        {
            long from = strides is null ? row * columns : 0;
            for (int i = 0; strides is not null && i < rank - 1; i++)
            {
                from += index[i] * strides[i];
            }

            CopyRow(source, from * unit, step, columns, unit, copy, row * rowBytes);
            for (int i = rank - 2; i >= 0 && ++index[i] == shape[i]; i--)
            {
                index[i] = 0;
            }
        }

        if (tensor.Info.BigEndian)
        {
            // A complex number is two floats, each of its own byte order.
            int word = tensor.Info.DType.Name is "C32" or "C64" or "C128" ? unit / 2 : unit;
            Swap(copy, tensor.Info.Bytes, word);
        }
    }

    /// <summary>Copies a row in pieces that fit in a span.</summary>
    private static void CopyRow(Source source, long from, long step, long columns, int unit, NativeBuffer copy, long to)
    {
        // The elements of a piece span (piece − 1) · step + 1 units of the source.
        long most = Math.Max(1, (1L << 28) / Math.Max(step * unit, unit));
        for (long done = 0; done < columns; done += most)
        {
            int piece = (int)Math.Min(most, columns - done);
            ReadOnlySpan<byte> read = source(from + (done * step * unit), checked((int)((((piece - 1) * step) + 1) * unit)));
            Span<byte> written = copy.Span(to + (done * unit), piece * unit);
            if (step == 1)
            {
                read.CopyTo(written);
                continue;
            }

            switch (unit)
            {
                case 1: Spread<byte>(read, written, step); break;
                case 2: Spread<ushort>(read, written, step); break;
                case 4: Spread<uint>(read, written, step); break;
                case 8: Spread<ulong>(read, written, step); break;
                default: Spread<UInt128>(read, written, step); break;
            }
        }
    }

    private static void Spread<T>(ReadOnlySpan<byte> read, Span<byte> written, long step)
        where T : unmanaged
    {
        ReadOnlySpan<T> from = MemoryMarshal.Cast<byte, T>(read);
        Span<T> to = MemoryMarshal.Cast<byte, T>(written);
        for (int i = 0; i < to.Length; i++)
        {
            to[i] = from[(int)(i * step)];
        }
    }

    private static void Swap(NativeBuffer copy, long bytes, int word)
    {
        const int Chunk = 1 << 28;
        for (long at = 0; at < bytes; at += Chunk)
        {
            Span<byte> part = copy.Span(at, (int)Math.Min(Chunk, bytes - at));
            switch (word)
            {
                case 2:
                    Span<ushort> twos = MemoryMarshal.Cast<byte, ushort>(part);
                    BinaryPrimitives.ReverseEndianness(twos, twos);
                    break;
                case 4:
                    Span<uint> fours = MemoryMarshal.Cast<byte, uint>(part);
                    BinaryPrimitives.ReverseEndianness(fours, fours);
                    break;
                case 8:
                    Span<ulong> eights = MemoryMarshal.Cast<byte, ulong>(part);
                    BinaryPrimitives.ReverseEndianness(eights, eights);
                    break;
            }
        }
    }
}
