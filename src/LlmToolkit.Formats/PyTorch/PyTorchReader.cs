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
        reader._file.Opaque = reader._log.Opaque;
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
        _file.Header = new PyTorchHeader { Layout = PyTorchLayout.Zip, Version = version, IsBigEndian = order == "big" };
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
        if (entry.IsDeflated || entry.Bytes > MaxPickle)
        {
            return;
        }

        PickleLog log = new(Path);
        PickleReader reader = new(_map.Span(entry.Offset, (int)entry.Bytes), 0, Path);
        try
        {
            new PickleMachine(log, ZipStorage).Run(ref reader);
        }
        catch (ModelException)
        {
            // Only its names are of interest.
        }

        foreach (Diagnostic finding in log.Findings.Where(f => f.Field is { } name && !name.StartsWith("__torch__.", StringComparison.Ordinal) && !name.StartsWith("torch.jit.", StringComparison.Ordinal)))
        {
            _log.Refuse(finding.Field!, () => finding);
            _log.Inert(finding.Field!);
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

    /// <summary>A second pickle in the archive is a known way to smuggle code past scanners; it is never opened.</summary>
    private void NoteOtherPickles(ZipDirectory zip)
    {
        foreach (ZipEntry entry in zip.Entries)
        {
            bool isKnown = entry.Name == zip.Root + "data.pkl" || entry.Name.StartsWith(zip.Root + "data/", StringComparison.Ordinal);
            if (isKnown)
            {
                continue;
            }

            bool begins = !entry.IsDeflated && entry.Stored >= 2 && _map.Span(entry.Offset, 2) is [0x80, <= 5];
            if (begins || entry.Name.EndsWith(".pkl", StringComparison.Ordinal))
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
            _file.HasRoot = true;
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

    /// <summary>Without a directory: the entries that lie whole in the file, found by their local headers, whose sizes the pickle tells.</summary>
    private void ReadBrokenZip()
    {
        BrokenZip broken = new(_map);
        if (!broken.TryReadPickle(out long start, out int length))
        {
            return;
        }

        try
        {
            PickleReader reader = new(_map.Span(start, length), 0, Path);
            RunRoot(ref reader, ZipStorage);
            broken.FindStorages(start + reader.Position, PyTorchTensors.StoragesOf(_file.Root), _file.Storages);
            _file.Header = _file.Header with { IsBigEndian = broken.IsBigEndian };
        }
        catch (ModelException error)
        {
            _file.Findings.Add(error.Diagnostic);
        }
    }

    /// <summary>Not written by torch.save: run for the names that it would call, then refused whatever they are.</summary>
    private void ReadBare(ReadOnlySpan<byte> head)
    {
        PickleReader reader = new(_map.Span(0, (int)Math.Min(_map.Length, MaxPickle)), 0, Path);
        bool isBinary = PyTorchHeader.Guess(head) == PyTorchLayout.BarePickle;
        bool ended = false;
        try
        {
            RunRoot(ref reader, ZipStorage);
            ended = true;
            while (isBinary && reader.Left > 0)
            {
                // Pickles in a row: a loader that reads on would run them all.
                new PickleMachine(_log, ZipStorage).Run(ref reader);
            }
        }
        catch (ModelException error) when (isBinary)
        {
            _file.Findings.Add(error.Diagnostic);
        }
        catch (ModelException)
        {
            // Not a pickle after all: what it seemed to name means nothing unless it looks like names.
        }

        bool isPickle = isBinary || (ended && _log.Findings.Count > 0) || _log.Opaque.Exists(IsQualifiedName);
        if (!isPickle)
        {
            _log.Findings.Clear();
            _log.Opaque.Clear();
        }

        if (isPickle)
        {
            throw PyTorchErrors.BarePickle(Path);
        }

        ProbeBytes bytes = new(_map.Head(ProbeHead), []);
        throw ForeignFormats.Recognise(ModelArtifact.FromPath(Path), bytes) is { } foreign ? new ModelException(foreign.Diagnostic) : PyTorchErrors.NotPyTorch(Path, head);
    }

    private static bool IsQualifiedName(string name) => name.Length > 2 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.');
}
