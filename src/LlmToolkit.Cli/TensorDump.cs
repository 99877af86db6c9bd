using System.Collections.Concurrent;
using LlmToolkit.Formats.Safetensors;

namespace LlmToolkit.Cli;

/// <summary>Writes tensors' values as F32: one thread computes them while another writes.</summary>
/// <param name="description">The open file.</param>
/// <param name="source">What the user named.</param>
/// <param name="writer">Takes the values; the tensors are declared.</param>
/// <param name="progress">Told of the tensor and how much of it is done, 0 to 1.</param>
internal sealed class TensorDump(ModelDescription description, string source, SafetensorsWriter writer, Action<TensorInfo, double> progress)
{
    /// <summary>Values computed at a time: they are still in the cache when they are written.</summary>
    private const int Piece = 1 << 16;

    /// <summary>Pieces between the two threads.</summary>
    private const int Pieces = 4;

    /// <summary>Writes the next tensor.</summary>
    /// <exception cref="ModelException">Its bytes are missing, or its type has no values here.</exception>
    /// <exception cref="IOException">The output cannot be written.</exception>
    public void Write(TensorInfo tensor, CancellationToken cancellationToken)
    {
        using TensorData data = description.TryRead(tensor) ?? throw CliErrors.TensorUnreadable(source, tensor.Name);
        if (tensor.Shape.Columns % tensor.DType.BlockLength != 0)
        {
            throw CliErrors.TensorUnreadable(source, tensor.Name);
        }

        long length = tensor.Shape.Elements;
        if (length <= Piece)
        {
            float[] values = new float[length];
            cancellationToken.ThrowIfCancellationRequested();
            TensorValues.ToFloats(tensor.DType, data.Bytes(0, checked((int)tensor.DType.Bytes(length))), values);
            writer.Write((ReadOnlySpan<float>)values);
            return;
        }

        WriteLong(tensor, data, length, cancellationToken);
    }

    private void WriteLong(TensorInfo tensor, TensorData data, long length, CancellationToken cancellationToken)
    {
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using BlockingCollection<float[]> free = [.. Enumerable.Range(0, Pieces).Select(_ => new float[Piece])];
        using BlockingCollection<(float[] Values, int Count)> full = new(Pieces);
        Task computing = Task.Run(
            () =>
            {
                try
                {
                    // Blocks hold 2^n values, so a piece is whole blocks.
                    for (long at = 0; at < length; at += Piece)
                    {
                        int count = (int)Math.Min(Piece, length - at);
                        float[] values = free.Take(stop.Token);
                        TensorValues.ToFloats(tensor.DType, data.Bytes(tensor.DType.Bytes(at), (int)tensor.DType.Bytes(count)), values.AsSpan(0, count));
                        full.Add((values, count), stop.Token);
                    }
                }
                finally
                {
                    full.CompleteAdding();
                }
            },
            CancellationToken.None);
        try
        {
            long done = 0;
            foreach ((float[] values, int count) in full.GetConsumingEnumerable(stop.Token))
            {
                writer.Write((ReadOnlySpan<float>)values.AsSpan(0, count));
                free.Add(values, stop.Token);
                progress(tensor, (double)(done += count) / length);
            }
        }
        finally
        {
            // A write that failed ends the other thread before the tensor's bytes are let go.
            stop.Cancel();
            ((IAsyncResult)computing).AsyncWaitHandle.WaitOne();
        }

        computing.GetAwaiter().GetResult();
    }
}
