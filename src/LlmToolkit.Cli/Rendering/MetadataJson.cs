using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace LlmToolkit.Cli.Rendering;

/// <summary>Metadata values as the contract writes them: short arrays whole, long ones by first, last and hash.</summary>
internal static class MetadataJson
{
    private const int LongestWhole = 32;

    /// <summary>Writes <c>{type, value}</c> or one of its array forms.</summary>
    public static void Write(Utf8JsonWriter writer, MetadataValue value)
    {
        writer.WriteStartObject();
        writer.WriteString("type", value.Type);
        if (value.Element is not null)
        {
            WriteArray(writer, value);
        }
        else
        {
            writer.WritePropertyName("value");
            WriteScalar(writer, value.Value);
        }

        writer.WriteEndObject();
    }

    private static void WriteArray(Utf8JsonWriter writer, MetadataValue value)
    {
        List<object?> items = [.. Items(value.Value, value.Element!)];
        writer.WriteString("element", value.Element);
        writer.WriteNumber("count", value.Count);
        if (items.Count <= LongestWhole)
        {
            WriteItems(writer, "value", items);
            return;
        }

        WriteItems(writer, "first", items.Take(4));
        WriteItems(writer, "last", items.TakeLast(2));
        writer.WriteString("sha256", Hash(items, value.Element!));
    }

    private static void WriteItems(Utf8JsonWriter writer, string name, IEnumerable<object?> items)
    {
        writer.WriteStartArray(name);
        foreach (object? item in items)
        {
            WriteScalar(writer, item);
        }

        writer.WriteEndArray();
    }

    private static IEnumerable<object?> Items(object? value, string element) => value switch
    {
        // To the runtime long[] and ulong[] are each other's list: the element's name decides.
        IReadOnlyList<ulong> u when element is "u64" or "uint64" => u.Select(x => (object?)x),
        IReadOnlyList<long> l => l.Select(x => (object?)x),
        IReadOnlyList<double> d => d.Select(x => (object?)x),
        IReadOnlyList<float> f => f.Select(x => (object?)x),
        IReadOnlyList<bool> b => b.Select(x => (object?)x),
        MetadataStrings s => s.Select((text, i) => s.Raw(i) ?? (object?)text),
        IReadOnlyList<string> s => s,
        IReadOnlyList<MetadataValue> m => m,
        IReadOnlyList<object?> o => o,
        _ => [],
    };

    private static void WriteScalar(Utf8JsonWriter writer, object? value)
    {
        switch (value)
        {
            case null: writer.WriteNullValue(); break;
            case bool b: writer.WriteBooleanValue(b); break;
            case long l: writer.WriteNumberValue(l); break;
            case ulong u: writer.WriteNumberValue(u); break;
            case double d: writer.Number(d); break;
            // As the double it is exactly: whoever compares by value with a wider reader finds the same number.
            case float f: writer.Number((double)f); break;
            case string s: writer.WriteStringValue(s); break;
            case byte[] bytes:
                writer.WriteStartObject();
                writer.WriteString("hex", Convert.ToHexStringLower(bytes));
                writer.WriteEndObject();
                break;
            case JsonElement json: json.WriteTo(writer); break;
            case MetadataValue nested: Write(writer, nested); break;
            default: writer.WriteStringValue(value.ToString()); break;
        }
    }

    /// <summary>SHA-256 of the little-endian elements; strings as u64 length and bytes.</summary>
    private static string Hash(IEnumerable<object?> items, string element)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Append(hash, items, element);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static void Append(IncrementalHash hash, IEnumerable<object?> items, string element)
    {
        Span<byte> buffer = stackalloc byte[8];
        int size = element.Length > 1 && int.TryParse(element.AsSpan(1), out int bits) ? bits / 8 : element == "bool" ? 1 : 8;
        foreach (object? item in items)
        {
            switch (item)
            {
                case bool b: hash.AppendData([b ? (byte)1 : (byte)0]); break;
                case long l:
                    BinaryPrimitives.WriteInt64LittleEndian(buffer, l);
                    hash.AppendData(buffer[..size]);
                    break;
                case ulong u:
                    BinaryPrimitives.WriteUInt64LittleEndian(buffer, u);
                    hash.AppendData(buffer[..size]);
                    break;
                case float f:
                    BinaryPrimitives.WriteSingleLittleEndian(buffer, f);
                    hash.AppendData(buffer[..4]);
                    break;
                case double d when size == 4:
                    BinaryPrimitives.WriteSingleLittleEndian(buffer, (float)d);
                    hash.AppendData(buffer[..4]);
                    break;
                case double d:
                    BinaryPrimitives.WriteDoubleLittleEndian(buffer, d);
                    hash.AppendData(buffer);
                    break;
                case string or byte[]:
                    byte[] bytes = item as byte[] ?? Encoding.UTF8.GetBytes((string)item);
                    BinaryPrimitives.WriteUInt64LittleEndian(buffer, (ulong)bytes.Length);
                    hash.AppendData(buffer);
                    hash.AppendData(bytes);
                    break;
                case MetadataValue nested: Append(hash, Items(nested.Value, nested.Element!), nested.Element!); break;
                default: break;
            }
        }
    }
}
