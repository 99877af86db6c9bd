using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace LlmToolkit.Tests;

/// <summary>A small independent reader of expected.safetensors files, so that references do not pass through the code under test.</summary>
internal sealed class ReferenceTensors
{
    private readonly byte[] _file;
    private readonly Dictionary<string, (string DType, long[] Shape, int From, int To)> _entries = [];

    public ReferenceTensors(string path)
    {
        _file = File.ReadAllBytes(path);
        int header = (int)BinaryPrimitives.ReadUInt64LittleEndian(_file);
        using JsonDocument json = JsonDocument.Parse(_file.AsMemory(8, header));
        foreach (JsonProperty property in json.RootElement.EnumerateObject())
        {
            if (property.Name == "__metadata__")
            {
                Metadata = property.Value.EnumerateObject().ToDictionary(p => p.Name, p => p.Value.GetString()!);
                continue;
            }

            JsonElement offsets = property.Value.GetProperty("data_offsets");
            _entries[property.Name] = (
                property.Value.GetProperty("dtype").GetString()!,
                [.. property.Value.GetProperty("shape").EnumerateArray().Select(d => d.GetInt64())],
                8 + header + offsets[0].GetInt32(),
                8 + header + offsets[1].GetInt32());
        }
    }

    public IReadOnlyDictionary<string, string> Metadata { get; } = new Dictionary<string, string>();

    public IEnumerable<string> Names => _entries.Keys;

    public bool Has(string name) => _entries.ContainsKey(name);

    public long[] Shape(string name) => _entries[name].Shape;

    public byte[] Bytes(string name) => _file[_entries[name].From.._entries[name].To];

    public float[] Floats(string name) => MemoryMarshal.Cast<byte, float>(Bytes(name).AsSpan()).ToArray();

    public double[] Doubles(string name) => MemoryMarshal.Cast<byte, double>(Bytes(name).AsSpan()).ToArray();

    public long[] Int64s(string name) => MemoryMarshal.Cast<byte, long>(Bytes(name).AsSpan()).ToArray();

    public int[] Ids(string name) => [.. Int64s(name).Select(x => (int)x)];
}
