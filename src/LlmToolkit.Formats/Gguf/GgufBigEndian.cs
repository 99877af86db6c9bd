using LlmToolkit.Formats.Shared;

namespace LlmToolkit.Formats.Gguf;

/// <summary>Copies tensors of big-endian files into little-endian memory.</summary>
internal static class GgufBigEndian
{
    /// <summary>Bytes copied at once.</summary>
    private const int Chunk = 1 << 20;

    /// <summary>The values of a tensor as a little-endian copy.</summary>
    /// <exception cref="ModelException">The type's blocks cannot be converted.</exception>
    public static TensorData Read(MappedFile map, TensorInfo tensor)
    {
        int[]? halves = tensor.DType.IsBlock ? Halves(tensor.DType) ?? throw new ModelException(GgufErrors.BigEndianBlocks(map.File.Path, tensor)) : null;

        if (!map.Holds(tensor))
        {
            throw new ArgumentException($"Tensor \"{tensor.Name}\" does not lie in {map.File.Name}.", nameof(tensor));
        }

        NativeBuffer buffer = new(tensor.Bytes);
        try
        {
            int unit = tensor.DType.BlockBytes;
            int step = Chunk / unit * unit;
            for (long done = 0; done < tensor.Bytes; done += step)
            {
                int count = (int)Math.Min(step, tensor.Bytes - done);
                Span<byte> bytes = buffer.Span(done, count);
                map.Span(tensor.Offset + done, count).CopyTo(bytes);
                for (int at = 0; at < count; at += unit)
                {
                    Swap(bytes.Slice(at, unit), halves);
                }
            }

            map.ThrowIfChanged();
            return new TensorData(tensor, buffer.Address, buffer, copied: true);
        }
        finally
        {
            buffer.Release();
        }
    }

    /// <summary>Where the 16-bit numbers of a block stand; all else in it are bytes. Source: gguf-py, <c>scripts/gguf_convert_endian.py</c>.</summary>
    private static int[]? Halves(DType type) => type.Name switch
    {
        "Q4_0" or "Q5_0" or "Q8_0" => [0],
        "Q4_1" or "Q5_1" or "Q4_K" or "Q5_K" => [0, 2],
        "Q6_K" => [208],
        "MXFP4" => [],
        _ => null,
    };

    private static void Swap(Span<byte> unit, int[]? halves)
    {
        if (halves is null)
        {
            unit.Reverse();
            return;
        }

        foreach (int at in halves)
        {
            unit.Slice(at, sizeof(ushort)).Reverse();
        }
    }
}
