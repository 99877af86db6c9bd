using System.Security.Cryptography;

namespace LlmToolkit.Cli;

/// <summary>Hashes of tensors.</summary>
internal static class TensorHash
{
    /// <summary>Bytes hashed at a time: between two pieces a stop is heard.</summary>
    private const int Piece = 1 << 20;

    /// <summary>The SHA-256 of each tensor, in their order; several are in work at a time.</summary>
    /// <param name="description">The open file.</param>
    /// <param name="threads">Most in work at a time.</param>
    /// <param name="progress">Told of each tensor that is begun.</param>
    /// <param name="cancellationToken">Stops between two pieces.</param>
    public static IEnumerable<(TensorInfo Tensor, string? Hash)> All(ModelDescription description, int threads, Action<TensorInfo> progress, CancellationToken cancellationToken)
    {
        (TensorInfo, string?) One(TensorInfo tensor)
        {
            progress(tensor);
            try
            {
                return (tensor, Of(description, tensor, cancellationToken));
            }
            catch (ModelException)
            {
                // Its bytes are damaged, or gone since the file was opened: there is nothing to hash, and the others have theirs.
                return (tensor, null);
            }
        }

        // What has to be copied to be read is hashed one at a time, so that no two copies lie in memory together.
        return threads < 2 || description.Container is null || description.Tensors.Any(t => !t.InPlace)
            ? description.Tensors.Select(One)
            : description.Tensors.AsParallel().AsOrdered().WithCancellation(cancellationToken).WithDegreeOfParallelism(threads).WithMergeOptions(ParallelMergeOptions.NotBuffered).Select(One);
    }

    /// <summary>SHA-256 of the bytes as stored for GGUF and safetensors, of the contiguous row-major little-endian values for PyTorch; null where the bytes are missing.</summary>
    private static string? Of(ModelDescription description, TensorInfo tensor, CancellationToken cancellationToken)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        if (tensor is { BigEndian: true, Offset: >= 0, Strides: null } && description.Info?.Format == "gguf")
        {
            return OfFile(hash, tensor, cancellationToken);
        }

        using TensorData? data = description.TryRead(tensor);
        if (data is null)
        {
            return null;
        }

        long length = tensor.Bytes > 0 ? data.Rows * data.RowBytes : 0;
        for (long at = 0; at < length; at += Piece)
        {
            cancellationToken.ThrowIfCancellationRequested();
            hash.AppendData(data.Bytes(at, (int)Math.Min(Piece, length - at)));
        }

        data.Memory.ThrowIfChanged();
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static string? OfFile(IncrementalHash hash, TensorInfo tensor, CancellationToken cancellationToken)
    {
        using FileStream file = File.OpenRead(tensor.File.Path);
        file.Seek(tensor.Offset, SeekOrigin.Begin);
        byte[] buffer = new byte[(int)Math.Min(Piece, Math.Max(tensor.Bytes, 1))];
        for (long left = tensor.Bytes; left > 0;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int read = file.Read(buffer, 0, (int)Math.Min(buffer.Length, left));
            if (read == 0)
            {
                return null;
            }

            hash.AppendData(buffer, 0, read);
            left -= read;
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
