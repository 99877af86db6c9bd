using System.Text.Json;
using LlmToolkit.Formats.Shared;

namespace LlmToolkit.Formats.Safetensors;

/// <summary>Reads the JSON header member by member. What is wrong with one entry is a finding; what is wrong with the JSON ends the reading.</summary>
internal ref struct SafetensorsReader(ReadOnlySpan<byte> json, string file, Findings findings)
{
    private readonly string _file = file;
    private readonly Findings _findings = findings;
    private readonly HashSet<string> _members = new(StringComparer.Ordinal);
    private Utf8JsonReader _json = new(json, new JsonReaderOptions { MaxDepth = JsonLimits.MaxDepth });

    /// <summary>The entries read so far, in the header's order.</summary>
    public List<SafetensorsEntry> Entries { get; } = [];

    /// <summary>The texts of <c>__metadata__</c> read so far.</summary>
    public List<KeyValuePair<string, string>> Metadata { get; } = [];

    /// <summary>Reads the whole header.</summary>
    /// <exception cref="ModelException">It is not JSON, or not an object.</exception>
    public void Read()
    {
        try
        {
            _json.Read();
            if (_json.TokenType != JsonTokenType.StartObject)
            {
                throw new ModelException(SafetensorsErrors.Json(_file, $"it holds a {_json.TokenType}, an object was expected"));
            }

            while (_json.Read() && _json.TokenType == JsonTokenType.PropertyName)
            {
                ReadMember();
            }

            while (_json.Read())
            {
            }
        }
        catch (JsonException e)
        {
            throw new ModelException(SafetensorsErrors.Json(_file, $"at line {e.LineNumber + 1}, byte {e.BytePositionInLine} of the line"), e);
        }
        catch (InvalidOperationException e)
        {
            // Thrown for escapes that give no text, such as half a surrogate pair.
            throw new ModelException(SafetensorsErrors.Json(_file, $"a text before byte {_json.BytesConsumed} is not Unicode"), e);
        }
    }

    private void ReadMember()
    {
        if (_json.ValueSpan.Length > SafetensorsConstants.MaxNameBytes)
        {
            throw new ModelException(SafetensorsErrors.TooMany(_file, "bytes of a tensor's name", _json.ValueSpan.Length, SafetensorsConstants.MaxNameBytes));
        }

        string name = _json.GetString()!;
        _json.Read();
        bool isNew = _members.Add(name);
        if (!isNew)
        {
            _findings.Add(SafetensorsErrors.Duplicate(_file, name));
        }

        if (name == SafetensorsConstants.MetadataMember)
        {
            ReadMetadata();
            return;
        }

        if (Entries.Count >= SafetensorsConstants.MaxTensors)
        {
            throw new ModelException(SafetensorsErrors.TooMany(_file, "tensors", Entries.Count + 1L, SafetensorsConstants.MaxTensors));
        }

        if (ReadEntry(name) is { } entry && isNew)
        {
            Entries.Add(entry);
        }
    }

    private void ReadMetadata()
    {
        if (_json.TokenType == JsonTokenType.Null)
        {
            return;
        }

        if (_json.TokenType != JsonTokenType.StartObject)
        {
            _findings.Add(SafetensorsErrors.Metadata(_file, SafetensorsConstants.MetadataMember, $"a {_json.TokenType}"));
            _json.Skip();
            return;
        }

        HashSet<string> keys = new(StringComparer.Ordinal);
        while (_json.Read() && _json.TokenType == JsonTokenType.PropertyName)
        {
            int keyBytes = _json.ValueSpan.Length;
            if (keyBytes > SafetensorsConstants.MaxNameBytes || keys.Count >= SafetensorsConstants.MaxMetadata)
            {
                throw new ModelException(keyBytes > SafetensorsConstants.MaxNameBytes
                    ? SafetensorsErrors.TooMany(_file, "bytes of a key in __metadata__", keyBytes, SafetensorsConstants.MaxNameBytes)
                    : SafetensorsErrors.TooMany(_file, "texts in __metadata__", keys.Count + 1L, SafetensorsConstants.MaxMetadata));
            }

            string key = _json.GetString()!;
            _json.Read();
            if (_json.ValueSpan.Length > SafetensorsConstants.MaxMetadataBytes)
            {
                throw new ModelException(SafetensorsErrors.TooMany(_file, "bytes of a text in __metadata__", _json.ValueSpan.Length, SafetensorsConstants.MaxMetadataBytes));
            }

            if (!keys.Add(key))
            {
                _findings.Add(SafetensorsErrors.Duplicate(_file, key));
            }

            if (_json.TokenType == JsonTokenType.String)
            {
                Metadata.Add(new(key, _json.GetString()!));
            }
            else
            {
                _findings.Add(SafetensorsErrors.Metadata(_file, key, $"a {_json.TokenType}"));
                _json.Skip();
            }
        }
    }

    private SafetensorsEntry? ReadEntry(string name)
    {
        if (_json.TokenType != JsonTokenType.StartObject)
        {
            _findings.Add(SafetensorsErrors.Entry(_file, name, $"a {_json.TokenType}", "an object with dtype, shape and data_offsets"));
            _json.Skip();
            return null;
        }

        string? dtype = null;
        List<ulong>? shape = null, offsets = null;
        bool sound = true;
        while (_json.Read() && _json.TokenType == JsonTokenType.PropertyName)
        {
            string member = _json.GetString()!;
            _json.Read();
            switch (member)
            {
                case "dtype" or "shape" or "data_offsets" when (member == "dtype" ? dtype is not null : (member == "shape" ? shape : offsets) is not null):
                    _findings.Add(SafetensorsErrors.Duplicate(_file, $"{name}.{member}"));
                    _json.Skip();
                    sound = false;
                    break;
                case "dtype":
                    sound &= _json.TokenType == JsonTokenType.String || Refuse(name, $"a dtype that is a {_json.TokenType}", "a string");
                    dtype = _json.TokenType == JsonTokenType.String ? _json.GetString() : "";
                    _json.Skip();
                    break;
                case "shape":
                    sound &= ReadNumbers(name, member, SafetensorsConstants.MaxDimensions, out shape);
                    break;
                case "data_offsets":
                    sound &= ReadNumbers(name, member, 2, out offsets);
                    break;
                default:
                    _json.Skip();
                    break;
            }
        }

        return sound ? Complete(name, dtype, shape, offsets) : null;
    }

    private readonly SafetensorsEntry? Complete(string name, string? dtype, List<ulong>? shape, List<ulong>? offsets)
    {
        if (dtype is null || shape is null || offsets is null)
        {
            Refuse(name, $"no {(dtype is null ? "dtype" : shape is null ? "shape" : "data_offsets")}", "dtype, shape and data_offsets");
            return null;
        }

        if (offsets.Count != 2)
        {
            Refuse(name, $"{offsets.Count} data_offsets", "2");
            return null;
        }

        if (SafetensorsConstants.Type(dtype) is not { } type)
        {
            _findings.Add(SafetensorsErrors.DType(_file, name, dtype));
            return null;
        }

        // Zero is a legal dimension; the product of the others must fit all the same, because rows are counted without it.
        string shown = $"{type} [{string.Join(", ", shape)}]";
        UInt128 product = 1;
        foreach (ulong dimension in shape)
        {
            product *= Math.Max(dimension, 1);
            if (product > long.MaxValue)
            {
                _findings.Add(SafetensorsErrors.Shape(_file, name, shown));
                return null;
            }
        }

        UInt128 elements = shape.Contains(0) ? 0 : product;
        UInt128 bytes = elements / (UInt128)type.BlockLength * (UInt128)type.BlockBytes;
        if (bytes > long.MaxValue)
        {
            _findings.Add(SafetensorsErrors.Shape(_file, name, shown));
            return null;
        }

        ulong span = offsets[1] - offsets[0];
        if (offsets[1] < offsets[0] || elements % (UInt128)type.BlockLength != 0 || span != bytes)
        {
            _findings.Add(offsets[1] < offsets[0]
                ? SafetensorsErrors.Entry(_file, name, $"data_offsets [{offsets[0]}, {offsets[1]}]", "an end that is not before the begin")
                : SafetensorsErrors.Size(_file, name, shown, elements % (UInt128)type.BlockLength != 0 ? "no whole number of bytes" : $"{bytes} bytes", span));
            return null;
        }

        return new SafetensorsEntry(name, type, new TensorShape([.. shape.Select(d => (long)d)]), offsets[0], offsets[1]);
    }

    private bool ReadNumbers(string name, string member, int most, out List<ulong> numbers)
    {
        numbers = [];
        if (_json.TokenType != JsonTokenType.StartArray)
        {
            _json.Skip();
            return Refuse(name, $"a {member} that is no array", "an array of whole numbers");
        }

        bool sound = true;
        while (_json.Read() && _json.TokenType != JsonTokenType.EndArray)
        {
            if (sound && (_json.TokenType != JsonTokenType.Number || !_json.TryGetUInt64(out ulong number)))
            {
                sound = Refuse(name, $"an element in {member} that is no whole number from 0 to 2^64-1", "whole numbers");
            }
            else if (sound && numbers.Count >= most)
            {
                sound = Refuse(name, $"more than {most} elements in {member}", $"at most {most}");
            }
            else if (sound)
            {
                numbers.Add(_json.GetUInt64());
            }

            _json.Skip();
        }

        return sound;
    }

    private readonly bool Refuse(string name, string found, string expected)
    {
        _findings.Add(SafetensorsErrors.Entry(_file, name, found, expected));
        return false;
    }
}

/// <summary>One tensor as the header lists it; offsets count from the start of the data.</summary>
internal sealed record SafetensorsEntry(string Name, DType Type, TensorShape Shape, ulong Begin, ulong End);
