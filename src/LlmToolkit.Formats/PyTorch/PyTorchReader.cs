using LlmToolkit.Formats.Foreign;
using LlmToolkit.Formats.PyTorch.Pickle;
using LlmToolkit.Formats.PyTorch.Zip;
using LlmToolkit.Formats.Shared;

namespace LlmToolkit.Formats.PyTorch;

/// <summary>Where the bytes of a storage lie.</summary>
/// <param name="Offset">First byte in the file; of the compressed data when deflated.</param>
/// <param name="Bytes">Bytes of the storage.</param>
/// <param name="Deflated">The entry, when it is compressed.</param>
internal sealed record StorageBytes(long Offset, long Bytes, ZipEntry? Deflated = null);

/// <summary>One file, read as far as it goes: what its pickle built, where its storages lie, and what is wrong.</summary>
internal sealed class PyTorchFile(ArtifactFile file)
{
    public ArtifactFile File { get; } = file;

    public PyTorchHeader Header { get; set; } = new();

    /// <summary>The pickled object.</summary>
    public object? Root { get; set; }

    /// <summary>True when <see cref="Root"/> was built, at least in part.</summary>
    public bool HasRoot { get; set; }

    /// <summary>The storages that lie in the file, by key.</summary>
    public Dictionary<string, StorageBytes> Storages { get; } = new(StringComparer.Ordinal);

    /// <summary>What is wrong or worth knowing, the gravest kind of fault first met first.</summary>
    public List<Diagnostic> Findings { get; } = [];

    /// <summary>Globals that were left inert.</summary>
    public IReadOnlyList<string> Opaque { get; set; } = [];

    /// <summary>Globals that were named at all.</summary>
    public IReadOnlyList<string> Imports { get; set; } = [];

    /// <summary>True when the pickle was read to its end.</summary>
    public bool IsWhole { get; set; }

    /// <summary>True when the file ends before its data do: then what lies beyond is missing, not wrong.</summary>
    public bool IsCut { get; set; }
}

/// <summary>Reads a file tolerantly: a fault becomes a finding and ends what depends on it, nothing else. Strict opening asks for no grave finding.</summary>
internal sealed partial class PyTorchReader
{
    /// <summary>Largest pickle: those of the largest checkpoints known have some tens of MiB.</summary>
    private const int MaxPickle = 256 << 20;

    /// <summary>Bytes that the recognisers of foreign files are shown.</summary>
    private const int ProbeHead = 4096;

    private readonly MappedFile _map;
    private readonly PyTorchFile _file;
    private readonly PickleLog _log;

    private PyTorchReader(MappedFile map, ArtifactFile file)
    {
        (_map, _file, _log) = (map, new PyTorchFile(file), new PickleLog(file.Path));
    }

    private string Path => _file.File.Path;

    /// <summary>Reads a mapped file. Does not throw on any content.</summary>
    public static PyTorchFile Read(MappedFile map, ArtifactFile file)
    {
        PyTorchReader reader = new(map, file);
        ReadOnlySpan<byte> head = map.Head(512);
        try
        {
            if (map.Length == 0)
            {
                throw new ModelException(FileErrors.Empty(file.Path));
            }

            PyTorchLayout layout = PyTorchHeader.Guess(head);
            reader._file.Header = new PyTorchHeader { Layout = layout };
            switch (layout)
            {
                case PyTorchLayout.Zip: reader.ReadZip(); break;
                case PyTorchLayout.Legacy: reader.ReadLegacy(); break;
                case PyTorchLayout.Tar: throw PyTorchErrors.OldTar(file.Path);
                default: reader.ReadBare(head); break;
            }
        }
        catch (ModelException error)
        {
            reader._file.Findings.Add(error.Diagnostic);
        }

        reader._file.Findings.InsertRange(0, reader._log.Findings);
        if (map.Changed is { } change)
        {
            // Bytes that changed while they were read say nothing about the file.
            reader._file.Findings.Insert(0, change);
        }

        reader._file.Opaque = reader._log.Opaque;
        reader._file.Imports = reader._log.Imports;
        return reader._file;
    }

    private void ReadZip()
    {
        ZipDirectory zip;
        try
        {
            zip = ZipDirectory.Read(_map, Path);
        }
        catch (ModelException error)
        {
            _file.Findings.Add(error.Diagnostic);
            ReadBrokenZip();
            if (_log.Findings.Count == 0)
            {
                // Refused already; whether it was made so to hide code is worth knowing.
                Note(PickleScan.Unsafe(_map.Head(int.MaxValue), Path));
            }

            return;
        }

        if (zip.Find("constants.pkl") is { } constants)
        {
            NoteScriptNames(constants);
            throw PyTorchErrors.TorchScript(Path);
        }

        ZipEntry pickle = zip.Find("data.pkl") ?? throw PyTorchErrors.ForeignArchive(Path, string.Join(", ", zip.Entries.Take(5).Select(e => e.Name)));
        string order = SmallText(zip.Find("byteorder")) ?? "little";
        string? version = SmallText(zip.Find("version") ?? zip.Find(".data/version"));
        _file.Header = new PyTorchHeader { Layout = PyTorchLayout.Zip, Version = version, IsBigEndian = order == "big", IsOrderKnown = true };
        if (order is not ("little" or "big"))
        {
            _file.Findings.Add(PyTorchErrors.BadArchive(Path, $"says '{Shown.Text(order)}', neither little nor big", "byteorder").Diagnostic);
        }

        if (version is not null && (!int.TryParse(version, out int number) || number is < 1 or > PyTorchConstants.MaxVersion))
        {
            _file.Findings.Add(PyTorchErrors.UnsupportedVersion(Path, version).Diagnostic);
        }

        NoteStorages(zip);
        NoteOtherPickles(zip);
        RunZipPickle(pickle);
    }

    /// <summary>A script is refused anyway; what its constants name beyond scripts' own classes is worth a word.</summary>
    private void NoteScriptNames(ZipEntry entry)
    {
        foreach (Diagnostic finding in Scan(entry).Where(f => !PickleScan.IsScriptName(f)))
        {
            _log.Inert(finding.Field!);
            Note([finding]);
        }
    }

    private void Note(IEnumerable<Diagnostic> findings)
    {
        foreach (Diagnostic finding in findings)
        {
            _log.Refuse($"{finding.Code} {finding.Field}", () => finding);
        }
    }

    /// <summary>What the pickle in an entry names, when it is one.</summary>
    private IReadOnlyList<Diagnostic> Scan(ZipEntry entry)
    {
        if (entry.Bytes > MaxPickle)
        {
            return [];
        }

        if (!entry.IsDeflated)
        {
            return PickleScan.Unsafe(_map.Span(entry.Offset, (int)entry.Bytes), Path, entry.Name);
        }

        NativeBuffer? buffer = null;
        try
        {
            buffer = ZipContent.Inflate(_map, entry, Path);
            return PickleScan.Unsafe(buffer.Span(0, (int)entry.Bytes), Path, entry.Name);
        }
        catch (ModelException error)
        {
            return [error.Diagnostic];
        }
        finally
        {
            buffer?.Release();
        }
    }

    private void NoteStorages(ZipDirectory zip)
    {
        string folder = zip.Root + "data/";
        foreach (ZipEntry entry in zip.Entries)
        {
            if (entry.Name.StartsWith(folder, StringComparison.Ordinal))
            {
                _file.Storages.Add(entry.Name[folder.Length..], new StorageBytes(entry.Offset, entry.Bytes, entry.IsDeflated ? entry : null));
            }
        }
    }

    /// <summary>A second pickle in the archive is a known way to smuggle code past scanners: none is loaded, but each is looked through for what it names.</summary>
    private void NoteOtherPickles(ZipDirectory zip)
    {
        Span<byte> head = stackalloc byte[2];
        foreach (ZipEntry entry in zip.Entries)
        {
            if (entry.Name == zip.Root + "data.pkl")
            {
                continue;
            }

            bool isStorage = entry.Name.StartsWith(zip.Root + "data/", StringComparison.Ordinal);
            bool begins = ZipContent.Peek(_map, entry, head) == head.Length && head is [0x80, <= 5];
            bool isNamed = !isStorage && entry.Name.EndsWith(".pkl", StringComparison.Ordinal);
            if (begins || isNamed)
            {
                Note(Scan(entry));
            }

            if (isNamed || (begins && !isStorage))
            {
                _log.Refuse(entry.Name, () => PyTorchErrors.UnexpectedEntry(Path, entry.Name));
            }
        }
    }

    private void RunZipPickle(ZipEntry entry)
    {
        if (entry.Bytes > MaxPickle)
        {
            throw PyTorchErrors.PickleLimit(Path, "The size of data.pkl", entry.Bytes, MaxPickle);
        }

        if (!entry.IsDeflated)
        {
            if (ZipContent.WrongSum(_map, entry, Path) is { } wrong)
            {
                _file.Findings.Add(wrong);
            }

            RunWhole(_map.Span(entry.Offset, (int)entry.Bytes));
            return;
        }

        NativeBuffer buffer = ZipContent.Inflate(_map, entry, Path);
        try
        {
            RunWhole(buffer.Span(0, (int)entry.Bytes));
        }
        finally
        {
            buffer.Release();
        }
    }

    /// <summary>Runs a pickle that must fill its bytes.</summary>
    private void RunWhole(ReadOnlySpan<byte> bytes)
    {
        PickleReader reader = new(bytes, 0, Path);
        RunRoot(ref reader, ZipStorage);
        if (reader.Left > 0)
        {
            throw PyTorchErrors.BadPickle(Path, reader.Position, $"{reader.Left} bytes follow its end");
        }
    }

    private void RunRoot(ref PickleReader reader, Func<PickleTuple, int, object?> load)
    {
        PickleMachine machine = new(_log, load);
        try
        {
            _file.Root = machine.Run(ref reader);
            _file.HasRoot = _file.IsWhole = true;
        }
        catch (ModelException)
        {
            _file.Root = machine.Salvage();
            _file.HasRoot = _file.Root is not null;
            throw;
        }
    }

    /// <summary>('storage', class, key, location, count).</summary>
    private object? ZipStorage(PickleTuple id, int offset) => id.Items.Length == 5 ? Storage(id, offset) : null;

    private object? Storage(PickleTuple id, int offset)
    {
        object?[] items = id.Items;
        if (items is ["module", PickleGlobal type, ..])
        {
            _log.Refuse(type.Name, () => PyTorchErrors.UnsafeGlobal(Path, type.Name, "module", offset));
            return new PickleOpaque(type.Name);
        }

        if (items is ["storage", PickleOpaque or PickleGlobal { Meaning: null }, ..])
        {
            return new PickleOpaque("storage");
        }

        if (items is not ["storage", PickleGlobal { Meaning.Storage: { } kind }, string key, string location, long count, ..])
        {
            return null;
        }

        if (count < 0 || count > long.MaxValue / kind.ElementBytes)
        {
            throw PyTorchErrors.BadPickle(Path, offset, $"a storage of {count} elements");
        }

        return new PickleStorage(key, kind, count, 0, location != "meta");
    }

    private string? SmallText(ZipEntry? entry)
    {
        if (entry is null || entry.IsDeflated || entry.Bytes > 64)
        {
            return entry is { IsDeflated: true, Bytes: <= 64 } ? Inflated(entry) : null;
        }

        if (ZipContent.WrongSum(_map, entry, Path) is { } wrong)
        {
            _file.Findings.Add(wrong);
        }

        return PickleReader.OldText(_map.Span(entry.Offset, (int)entry.Bytes)).Trim();
    }

    private string Inflated(ZipEntry entry)
    {
        NativeBuffer buffer = ZipContent.Inflate(_map, entry, Path);
        string text = PickleReader.OldText(buffer.Span(0, (int)entry.Bytes)).Trim();
        buffer.Release();
        return text;
    }
}
