using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace LlmToolkit.Formats.Safetensors;

/// <summary>Writes a safetensors file piece by piece: all tensors are declared first, then their values are written in the same order, in parts of any size.</summary>
/// <remarks>
/// Nothing is kept in memory but the header, so a tensor may be larger than memory. A file is written under a temporary name beside its own and renamed by
/// <see cref="Complete"/>, so a reader never maps a half file; disposed without it, nothing is left behind. What is empty or a device is written in place. Not thread-safe.
/// </remarks>
public sealed class SafetensorsWriter : IDisposable
{
    /// <summary>The header is padded with blanks to a multiple of this, as the reference writer does, so that the data start aligned.</summary>
    private const int HeaderAlignment = 8;

    private readonly Stream _stream;
    private readonly bool _ownsStream;
    private readonly string? _path;
    private readonly string? _temporary;
    private readonly List<Declaration> _tensors = [];
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, string> _metadata = new(StringComparer.Ordinal);
    private long _declared;
    private long _written;
    private State _state;

    private SafetensorsWriter(Stream stream, bool ownsStream, string? path, string? temporary) =>
        (_stream, _ownsStream, _path, _temporary) = (stream, ownsStream, path, temporary);

    private enum State
    {
        Declaring,
        Writing,
        Complete,
        Disposed,
    }

    /// <summary>Begins a file; one of that name is replaced when the new one is complete.</summary>
    /// <exception cref="IOException">The file cannot be created.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be written.</exception>
    public static SafetensorsWriter Create(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string full = Path.GetFullPath(path);
        FileInfo there = new(full);
        if (there.Exists)
        {
            there = there.ResolveLinkTarget(returnFinalTarget: true) as FileInfo ?? there;
            full = there.FullName;
        }

        if (there.Exists && there.Length == 0)
        {
            // It may be a device or a pipe, which a rename would replace; an empty file has nothing to keep until the new one is complete.
            return new SafetensorsWriter(new FileStream(full, FileMode.Open, FileAccess.Write, FileShare.None, 1 << 16), ownsStream: true, full, null);
        }

        string temporary = $"{full}.{Path.GetRandomFileName()}.tmp";
        return new SafetensorsWriter(new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 16), ownsStream: true, full, temporary);
    }

    /// <summary>Begins on a stream, which need not seek and stays open.</summary>
    public static SafetensorsWriter Create(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return new SafetensorsWriter(stream, ownsStream: false, null, null);
    }

    /// <summary>Sets a text of <c>__metadata__</c>. Only before the first values.</summary>
    public void SetMetadata(string key, string value)
    {
        Require(State.Declaring, "The header is written already.");
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(value);
        _metadata[key] = value;
    }

    /// <summary>Declares the next tensor. Only before the first values.</summary>
    /// <param name="name">Its name, unique in the file.</param>
    /// <param name="type">One of the types of safetensors.</param>
    /// <param name="shape">Row-major shape.</param>
    /// <exception cref="ArgumentException">The name is taken, or the type has no name in safetensors.</exception>
    public void Declare(string name, DType type, TensorShape shape)
    {
        Require(State.Declaring, "The header is written already.");
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(type);
        if (SafetensorsConstants.Type(type.Name) is null || shape.Elements % type.BlockLength != 0)
        {
            throw new ArgumentException($"safetensors cannot hold {shape} of {type}.", nameof(type));
        }

        if (name == SafetensorsConstants.MetadataMember || !_names.Add(name))
        {
            throw new ArgumentException($"The name \"{name}\" is taken.", nameof(name));
        }

        long bytes = type.Bytes(shape.Elements);
        _tensors.Add(new Declaration(name, type, shape, _declared, checked(_declared + bytes)));
        _declared += bytes;
    }

    /// <summary>Writes the next bytes of the declared tensors: little-endian, row-major, one tensor after the other.</summary>
    /// <exception cref="InvalidOperationException">More bytes than were declared.</exception>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        Begin();
        if (bytes.Length > _declared - _written)
        {
            throw new InvalidOperationException($"{bytes.Length} bytes after {_written} are more than the {_declared} that were declared.");
        }

        _stream.Write(bytes);
        _written += bytes.Length;
    }

    /// <summary>Writes the next values of an F32 tensor.</summary>
    public void Write(ReadOnlySpan<float> values) => WriteLittleEndian(values);

    /// <summary>Writes the next values of an I64 tensor.</summary>
    public void Write(ReadOnlySpan<long> values) => WriteLittleEndian(values);

    /// <summary>Ends the file. Without it nothing remains of a file that was begun by its path.</summary>
    /// <exception cref="InvalidOperationException">Not every declared byte was written.</exception>
    public void Complete()
    {
        Begin();
        if (_written != _declared)
        {
            throw new InvalidOperationException($"{_declared} bytes were declared and {_written} written.");
        }

        _stream.Flush();
        _state = State.Complete;
        if (_ownsStream)
        {
            _stream.Dispose();
            if (_temporary is not null)
            {
                File.Move(_temporary, _path!, overwrite: true);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_ownsStream && _state is State.Declaring or State.Writing)
        {
            Abandon();
        }

        _state = State.Disposed;
    }

    private void Abandon()
    {
        try
        {
            _stream.Dispose();
        }
        catch (IOException)
        {
            // The write that failed has told already; this is what was still buffered.
        }

        if (_temporary is not null)
        {
            File.Delete(_temporary);
        }
    }

    private void WriteLittleEndian<T>(ReadOnlySpan<T> values)
        where T : unmanaged
    {
        ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(values);
        if (BitConverter.IsLittleEndian)
        {
            Write(bytes);
            return;
        }

        int size = bytes.Length / Math.Max(values.Length, 1);
        Span<byte> swapped = stackalloc byte[sizeof(ulong)];
        for (int at = 0; at < bytes.Length; at += size)
        {
            bytes.Slice(at, size).CopyTo(swapped);
            swapped[..size].Reverse();
            Write(swapped[..size]);
        }
    }

    private void Begin()
    {
        if (_state == State.Declaring)
        {
            _state = State.Writing;
            WriteHeader();
        }

        Require(State.Writing, "The file is complete.");
    }

    private void WriteHeader()
    {
        using MemoryStream header = new();
        using (Utf8JsonWriter json = new(header))
        {
            json.WriteStartObject();
            if (_metadata.Count > 0)
            {
                json.WriteStartObject(SafetensorsConstants.MetadataMember);
                foreach ((string key, string value) in _metadata)
                {
                    json.WriteString(key, value);
                }

                json.WriteEndObject();
            }

            foreach (Declaration tensor in _tensors)
            {
                WriteEntry(json, tensor);
            }

            json.WriteEndObject();
        }

        while (header.Length % HeaderAlignment != 0)
        {
            header.WriteByte((byte)' ');
        }

        if (header.Length > SafetensorsConstants.MaxHeaderBytes)
        {
            throw new InvalidOperationException($"The header takes {header.Length} bytes; safetensors allows {SafetensorsConstants.MaxHeaderBytes}.");
        }

        Span<byte> length = stackalloc byte[SafetensorsConstants.LengthBytes];
        BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
        _stream.Write(length);
        header.WriteTo(_stream);
    }

    private static void WriteEntry(Utf8JsonWriter json, Declaration tensor)
    {
        json.WriteStartObject(tensor.Name);
        json.WriteString("dtype", tensor.Type.Name);
        json.WriteStartArray("shape");
        foreach (long dimension in tensor.Shape)
        {
            json.WriteNumberValue(dimension);
        }

        json.WriteEndArray();
        json.WriteStartArray("data_offsets");
        json.WriteNumberValue(tensor.Begin);
        json.WriteNumberValue(tensor.End);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private void Require(State state, string otherwise)
    {
        ObjectDisposedException.ThrowIf(_state == State.Disposed, this);
        if (_state != state)
        {
            throw new InvalidOperationException(otherwise);
        }
    }

    private sealed record Declaration(string Name, DType Type, TensorShape Shape, long Begin, long End);
}
