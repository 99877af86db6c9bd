using System.Buffers.Binary;
using LlmToolkit.Formats.PyTorch.Pickle;
using LlmToolkit.Formats.Shared;

namespace LlmToolkit.Formats.PyTorch;

/// <summary>The form before torch 1.6: magic number, protocol, system, the object and the storages' keys as five pickles, then the storages.</summary>
internal sealed partial class PyTorchReader
{
    /// <summary>Type and number of elements of each root storage, from the persistent ids.</summary>
    private readonly Dictionary<string, (StorageClass Class, long Count)> _roots = new(StringComparer.Ordinal);

    private void ReadLegacy()
    {
        int window = (int)Math.Min(_map.Length, int.MaxValue);
        PickleReader reader = new(_map.Window(window), PyTorchConstants.LegacyMagicLength(_map.Head(64)), Path, _map.Parts);
        object? protocol = new PickleMachine(_log, LegacyStorage).Run(ref reader);
        if (protocol is not PyTorchConstants.LegacyProtocol)
        {
            throw PyTorchErrors.UnsupportedVersion(Path, protocol?.ToString() ?? "None");
        }

        object? system = new PickleMachine(_log, LegacyStorage).Run(ref reader);
        bool isBig = system is PickleDict facts && facts.TryGet("little_endian", out object? little) && little is false;
        _file.Header = new PyTorchHeader { Layout = PyTorchLayout.Legacy, Version = "1001", IsBigEndian = isBig, IsOrderKnown = true };
        try
        {
            RunRoot(ref reader, LegacyStorage);
        }
        catch (ModelException)
        {
            // A pickle that breaks off at the end of the file was cut there; its tensors can be told, their values lie behind.
            _file.IsCut = reader.Left == 0 || _map.Length <= window;
            throw;
        }

        if (new PickleMachine(_log, LegacyStorage).Run(ref reader) is not PickleList keys)
        {
            throw PyTorchErrors.BadPickle(Path, reader.Position, "the list of storage keys is no list");
        }

        long at = reader.Position;
        Foresee(keys, at);
        foreach (object? key in keys.Items)
        {
            long end = ReadLegacyStorage(key, at);
            if (end > _map.Length)
            {
                _file.IsCut = true;
                // Each of those to come has its length before it; a key that no tensor names was refused above.
                Dictionary<string, long> expected = _roots.ToDictionary(r => r.Key, r => r.Value.Count * r.Value.Class.ElementBytes, StringComparer.Ordinal);
                NoteMissing(expected, at + ((long)sizeof(long) * (expected.Count - _file.Storages.Count)), isLeast: false);
                return;
            }

            at = end;
        }

        if (at < _map.Length)
        {
            NoteBytesBehind(at);
        }
    }

    /// <summary>Of a file that is not here: the lengths before the storages lie where the pickle lets expect them.</summary>
    private void Foresee(PickleList keys, long at)
    {
        if (_map.Parts is null)
        {
            return;
        }

        List<(long Offset, long Length)> lengths = [];
        foreach (object? key in keys.Items)
        {
            if (key is not string name || !_roots.TryGetValue(name, out (StorageClass Class, long Count) root) || at > _map.Length)
            {
                break;
            }

            lengths.Add((at, sizeof(long)));
            at += sizeof(long) + (root.Count * root.Class.ElementBytes);
        }

        _map.Parts.Foresee(lengths);
    }

    /// <summary>Appended bytes: another reader may take the file for what they are.</summary>
    private void NoteBytesBehind(long at)
    {
        ReadOnlySpan<byte> rest = _map.Span(at, (int)Math.Min(_map.Length - at, MaxPickle));
        Note(PickleScan.Unsafe(rest, Path, "what follows the storages"));
        bool isZip = rest.IndexOf("PK\u0005\u0006"u8) >= 0;
        Diagnostic behind = PyTorchErrors.BytesBehind(Path, _map.Length - at, isZip ? ", and end like a zip: other tools read another file than this one" : "");
        _file.Findings.Add(isZip ? behind with { Severity = Severity.Critical } : behind);
    }

    /// <summary>A storage: the number of elements as 64 bits, then the elements. Gives where it ends, beyond the file when it is cut.</summary>
    private long ReadLegacyStorage(object? key, long at)
    {
        if (key is not string name || !_roots.TryGetValue(name, out (StorageClass Class, long Count) root))
        {
            throw PyTorchErrors.BadPickle(Path, at, "a storage key that no tensor names");
        }

        if (_map.Length - at < sizeof(long))
        {
            return at + sizeof(long);
        }

        long count = BinaryPrimitives.ReadInt64LittleEndian(_map.Span(at, 8));
        if (count != root.Count)
        {
            throw PyTorchErrors.BadPickle(Path, at, $"storage {Shown.Text(name)} has {count} elements, the pickle says {root.Count}");
        }

        long bytes = count * root.Class.ElementBytes;
        at += 8;
        if (bytes > _map.Length - at)
        {
            return long.MaxValue;
        }

        if (!_file.Storages.TryAdd(name, new StorageBytes(at, bytes)))
        {
            throw PyTorchErrors.BadPickle(Path, at, $"storage {Shown.Text(name)} comes twice");
        }

        return at + bytes;
    }

    /// <summary>('storage', class, key, location, count, view): a view (key, offset, size) is a window of the storage, in elements.</summary>
    private object? LegacyStorage(PickleTuple id, int offset)
    {
        if (id.Items.Length is not (5 or 6) && id.Items is not ["module", ..])
        {
            return null;
        }

        if (Storage(id, offset) is not PickleStorage storage)
        {
            return Storage(id, offset);
        }

        if (!_roots.TryAdd(storage.Key, (storage.Class, storage.Count)) && _roots[storage.Key] != (storage.Class, storage.Count))
        {
            throw PyTorchErrors.BadPickle(Path, offset, $"storage {Shown.Text(storage.Key)} is described in two ways");
        }

        switch (id.Items.Length == 6 ? id.Items[5] : null)
        {
            case null:
                return storage;
            case PickleTuple { Items: [string, long first, long size] } when first >= 0 && size >= 0 && first <= storage.Count - size:
                return storage with { FirstElement = first, Count = size };
            default:
                throw PyTorchErrors.BadPickle(Path, offset, $"a window of storage {Shown.Text(storage.Key)} lies outside it");
        }
    }
}
