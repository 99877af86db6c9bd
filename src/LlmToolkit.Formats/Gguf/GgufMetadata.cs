using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Unicode;
using LlmToolkit.Formats.Shared;

namespace LlmToolkit.Formats.Gguf;

/// <summary>The key-value pairs of a GGUF, in the file's order. Long values are decoded when first asked for.</summary>
internal sealed class GgufMetadata : IModelMetadata
{
    /// <summary>Values up to this many bytes are decoded at once, longer ones when asked for.</summary>
    private const int EagerBytes = 4096;

    private readonly List<KeyValuePair<string, MetadataValue>> _entries = [];
    private readonly Dictionary<string, MetadataValue> _byKey = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public IEnumerable<KeyValuePair<string, MetadataValue>> Entries => _entries;

    /// <summary>Number of pairs.</summary>
    public int Count => _entries.Count;

    /// <inheritdoc/>
    public bool TryGet(string key, [NotNullWhen(true)] out MetadataValue? value) => _byKey.TryGetValue(key, out value);

    /// <summary>Reads one pair. False when the key was there already: then the first value stays.</summary>
    /// <exception cref="ModelException">The file ends, or the pair cannot be what it says.</exception>
    public bool Read(ref GgufReader reader, MappedFile file, string what, out string key)
    {
        int start = reader.Position;
        key = Encoding.UTF8.GetString(reader.ReadBytes(what));
        if (key.Length == 0)
        {
            throw new ModelException(GgufErrors.EmptyKey(file.File.Path, start));
        }

        MetadataValue value = ReadValue(ref reader, file, key);
        if (!_byKey.TryAdd(key, value))
        {
            return false;
        }

        _entries.Add(new(key, value));
        return true;
    }

    private static MetadataValue ReadValue(ref GgufReader reader, MappedFile file, string key)
    {
        GgufType type = reader.ReadType(key);
        string what = $"the value of \"{Shown.Text(key)}\"";
        switch (type)
        {
            case GgufType.Array:
                return ReadArray(ref reader, file, key);
            case GgufType.String:
                int start = reader.Position;
                ReadOnlySpan<byte> bytes = reader.ReadBytes(what);
                if (bytes.Length <= EagerBytes)
                {
                    return new MetadataValue(type.Name(), GgufReader.Text(bytes));
                }

                int at = reader.Position - bytes.Length, length = bytes.Length;
                return new MetadataValue(type.Name(), () => Borrow(file, f => GgufReader.Text(f.Span(at, length))));
            default:
                return new MetadataValue(type.Name(), reader.ReadScalar(type, what));
        }
    }

    private static MetadataValue ReadArray(ref GgufReader reader, MappedFile file, string key)
    {
        (GgufType element, int count) = reader.ReadArrayHead(key, depth: 1);
        int start = reader.Position;
        reader.SkipElements(element, count, key, depth: 1);
        (int end, GgufLayout layout) = (reader.Position, reader.Layout);
        string path = file.File.Path;

        object? Decode(MappedFile f)
        {
            GgufReader again = new(f.Span(0, end), path, layout, start);
            return Elements(ref again, element, count, key, depth: 1);
        }

        return end - start <= EagerBytes
            ? new MetadataValue(GgufType.Array.Name(), Decode(file), element.Name(), count)
            : new MetadataValue(GgufType.Array.Name(), () => Borrow(file, Decode), element.Name(), count);
    }

    /// <summary>Decodes from a mapping that may be closed meanwhile by another thread; after the container's disposal it throws instead of reading freed memory.</summary>
    private static object? Borrow(MappedFile file, Func<MappedFile, object?> decode)
    {
        file.AddReference();
        try
        {
            object? value = decode(file);
            file.ThrowIfChanged();
            return value;
        }
        finally
        {
            file.Release();
        }
    }

    private static object Elements(ref GgufReader reader, GgufType element, int count, string key, int depth)
    {
        switch (element)
        {
            case GgufType.String:
                return Strings(ref reader, count, key);
            case GgufType.Array:
                MetadataValue[] nested = new MetadataValue[count];
                for (int i = 0; i < count; i++)
                {
                    (GgufType inner, int innerCount) = reader.ReadArrayHead(key, depth + 1);
                    nested[i] = new MetadataValue(GgufType.Array.Name(), Elements(ref reader, inner, innerCount, key, depth + 1), inner.Name(), innerCount);
                }

                return nested;
            default:
                return Numbers(reader.Take((ulong)count * (ulong)element.Size(reader.Layout.Wide), key), element, count, reader.Layout.BigEndian);
        }
    }

    private static Array Numbers(ReadOnlySpan<byte> bytes, GgufType element, int count, bool bigEndian)
    {
        switch (element)
        {
            case GgufType.F32:
                float[] singles = new float[count];
                for (int i = 0; i < count; i++)
                {
                    singles[i] = GgufReader.Single(bytes[(i * sizeof(float))..], bigEndian);
                }

                return singles;
            case GgufType.F64:
                double[] doubles = new double[count];
                for (int i = 0; i < count; i++)
                {
                    doubles[i] = GgufReader.Double(bytes[(i * sizeof(double))..], bigEndian);
                }

                return doubles;
            case GgufType.Bool:
                bool[] truths = new bool[count];
                for (int i = 0; i < count; i++)
                {
                    truths[i] = bytes[i] != 0;
                }

                return truths;
            default:
                int size = bytes.Length / Math.Max(count, 1);
                long[] integers = new long[count];
                for (int i = 0; i < count; i++)
                {
                    integers[i] = GgufReader.Integer(element, bytes[(i * size)..], bigEndian);
                }

                return element == GgufType.U64 && Array.Exists(integers, n => n < 0) ? Array.ConvertAll(integers, n => (ulong)n) : integers;
        }
    }

    private static MetadataStrings Strings(ref GgufReader reader, int count, string key)
    {
        string[] texts = new string[count];
        Dictionary<int, byte[]>? raw = null;
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> bytes = reader.ReadBytes(key);
            texts[i] = Encoding.UTF8.GetString(bytes);
            if (!Utf8.IsValid(bytes))
            {
                (raw ??= [])[i] = bytes.ToArray();
            }
        }

        return new MetadataStrings(texts, raw);
    }
}
