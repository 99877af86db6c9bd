namespace LlmToolkit.Engine.Model;

/// <summary>What of a model is constant: references to the tensors in their mapping, and the few private copies.</summary>
internal sealed class DecoderWeights : IDisposable
{
    private readonly List<TensorData> _tensors = [];
    private readonly List<NativeBuffer> _buffers = [];
    private readonly HashSet<TensorMemory> _memories = [];

    /// <summary>Bytes used where they lie in the files.</summary>
    public long MappedBytes { get; private set; }

    /// <summary>Bytes of private copies: norms and biases as floats, transposed or converted matrices.</summary>
    public long CopiedBytes { get; private set; }

    /// <summary>What was noticed while binding: tensors that nothing uses.</summary>
    public IReadOnlyList<Diagnostic> Findings { get; internal set; } = [];

    /// <summary>Takes over a tensor.</summary>
    public TensorData Keep(TensorData tensor)
    {
        _tensors.Add(tensor);
        _memories.Add(tensor.Memory);
        if (tensor.Copied)
        {
            CopiedBytes += tensor.Info.Bytes;
        }
        else
        {
            MappedBytes += tensor.Info.Bytes;
        }

        return tensor;
    }

    /// <summary>Throws when a file of the weights was changed: what was computed from them is worth nothing.</summary>
    /// <exception cref="ModelException">One was.</exception>
    public void ThrowIfChanged()
    {
        foreach (TensorMemory memory in _memories)
        {
            memory.ThrowIfChanged();
        }
    }

    /// <summary>Private memory that lives as long as the model.</summary>
    public NativeBuffer Allocate(long bytes)
    {
        NativeBuffer buffer = new(bytes);
        _buffers.Add(buffer);
        CopiedBytes += bytes;
        return buffer;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (TensorData tensor in _tensors)
        {
            tensor.Dispose();
        }

        foreach (NativeBuffer buffer in _buffers)
        {
            buffer.Release();
        }

        _tensors.Clear();
        _buffers.Clear();
    }
}
