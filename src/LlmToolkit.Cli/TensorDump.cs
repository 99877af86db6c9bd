using System.Collections.Concurrent;
using LlmToolkit.Formats.Safetensors;

namespace LlmToolkit.Cli;

/// <summary>Writes tensors' values as F32: some threads compute them while another writes.</summary>
/// <param name="description">The open file.</param>
/// <param name="source">What the user named.</param>
/// <param name="writer">Takes the values; the tensors are declared.</param>
/// <param name="threads">Threads that compute.</param>
/// <param name="progress">Told of the tensor and how much of it is done, 0 to 1.</param>
internal sealed class TensorDump(ModelDescription description, string source, SafetensorsWriter writer, int threads, Action<TensorInfo, double> progress)
{
    /// <summary>Values computed at a time: they are still in the cache when they are written.</summary>
    private const int Piece = 1 << 16;

    /// <summary>Pieces between a thread and the one that writes.</summary>
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
        }
        else
        {
            WriteLong(tensor, data, length, cancellationToken);
        }

        data.Memory.ThrowIfChanged();
    }

    private void WriteLong(TensorInfo tensor, TensorData data, long length, CancellationToken cancellationToken)
    {
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        int lanes = (int)Math.Min(threads, (length + Piece - 1) / Piece);
        Lane[] all = [.. Enumerable.Range(0, lanes).Select(first => new Lane(tensor, data, length, first, lanes, stop.Token))];
        try
        {
            long done = 0;
            for (int lane = 0; done < length; lane = (lane + 1) % lanes)
            {
                (float[] values, int count) = all[lane].Take();
                writer.Write((ReadOnlySpan<float>)values.AsSpan(0, count));
                all[lane].GiveBack(values);
                progress(tensor, (double)(done += count) / length);
            }
        }
        finally
        {
            // A write that failed ends the other threads before the tensor's bytes are let go.
            stop.Cancel();
            foreach (Lane lane in all)
            {
                lane.Dispose();
            }
        }
    }

    /// <summary>One thread that computes every n-th piece.</summary>
    private sealed class Lane : IDisposable
    {
        private readonly BlockingCollection<float[]> _free = [.. Enumerable.Range(0, Pieces).Select(_ => new float[Piece])];
        private readonly BlockingCollection<(float[] Values, int Count)> _full = new(Pieces);
        private readonly CancellationToken _stop;
        private readonly Task _work;

        public Lane(TensorInfo tensor, TensorData data, long length, int first, int lanes, CancellationToken stop)
        {
            _stop = stop;
            _work = Task.Factory.StartNew(() => Run(tensor, data, length, first, lanes), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }

        /// <summary>The next piece; throws what ended the thread where there is none.</summary>
        public (float[] Values, int Count) Take()
        {
            if (_full.TryTake(out (float[] Values, int Count) piece, Timeout.Infinite, _stop))
            {
                return piece;
            }

            _work.GetAwaiter().GetResult();
            throw new InvalidOperationException("A piece is missing.");
        }

        /// <summary>Lets a piece's memory be filled again.</summary>
        public void GiveBack(float[] values) => _free.Add(values, _stop);

        /// <summary>Waits until the thread no longer reads the tensor.</summary>
        public void Dispose()
        {
            ((IAsyncResult)_work).AsyncWaitHandle.WaitOne();
            _ = _work.Exception;
            _free.Dispose();
            _full.Dispose();
        }

        private void Run(TensorInfo tensor, TensorData data, long length, int first, int lanes)
        {
            try
            {
                // Blocks hold 2^n values, so a piece is whole blocks.
                for (long at = (long)first * Piece; at < length; at += (long)lanes * Piece)
                {
                    int count = (int)Math.Min(Piece, length - at);
                    float[] values = _free.Take(_stop);
                    TensorValues.ToFloats(tensor.DType, data.Bytes(tensor.DType.Bytes(at), (int)tensor.DType.Bytes(count)), values.AsSpan(0, count));
                    _full.Add((values, count), _stop);
                }
            }
            finally
            {
                _full.CompleteAdding();
            }
        }
    }
}
