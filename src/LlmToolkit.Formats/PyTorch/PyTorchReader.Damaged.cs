using LlmToolkit.Formats.Foreign;
using LlmToolkit.Formats.PyTorch.Pickle;
using LlmToolkit.Formats.PyTorch.Zip;
using LlmToolkit.Formats.Shared;

namespace LlmToolkit.Formats.PyTorch;

/// <summary>What can be told of a zip that is cut, and of a pickle that torch.save did not write.</summary>
internal sealed partial class PyTorchReader
{
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
            _file.IsCut = _file.Findings.Exists(f => f.Code == PyTorchErrors.NoDirectoryCode);
            PickleReader reader = new(_map.Span(start, length), 0, Path);
            RunRoot(ref reader, ZipStorage);
            Dictionary<string, long> expected = PyTorchTensors.StoragesOf(_file.Root);
            broken.FindStorages(start + reader.Position, expected, _file.Storages);
            _file.Header = _file.Header with { IsBigEndian = broken.IsBigEndian, IsOrderKnown = broken.IsOrderKnown };
            if (_file.IsCut && _file.Storages.Count < expected.Count)
            {
                long end = _file.Storages.Values.Select(s => s.Offset + s.Bytes).Append(start + reader.Position).Max();
                NoteMissing(expected, end, isLeast: true);
            }
        }
        catch (ModelException error)
        {
            _file.Findings.Add(error.Diagnostic);
        }
    }

    /// <summary>Says how much of a cut file is there.</summary>
    /// <param name="expected">Bytes of every storage.</param>
    /// <param name="before">Where the missing ones would begin.</param>
    /// <param name="isLeast">True when the whole is known to be no smaller, not exactly.</param>
    private void NoteMissing(Dictionary<string, long> expected, long before, bool isLeast)
    {
        List<long> missing = [.. expected.Where(e => !_file.Storages.ContainsKey(e.Key)).Select(e => e.Value)];
        Int128 needed = missing.Aggregate((Int128)before, (sum, bytes) => sum + bytes);
        _file.Findings.Add(PyTorchErrors.StoragesCut(Path, missing.Count, expected.Count, _map.Length, needed, isLeast));
    }

    /// <summary>Not written by torch.save: run for the names that it would call, then refused whatever they are.</summary>
    private void ReadBare(ReadOnlySpan<byte> head)
    {
        PickleReader reader = new(_map.Window(MaxPickle), 0, Path, _map.Parts);
        bool isBinary = PyTorchHeader.Guess(head) == PyTorchLayout.BarePickle;
        bool ended = false;
        try
        {
            RunRoot(ref reader, ZipStorage);
            ended = true;
            while (reader.Left > 0)
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
            // Not a pickle after all, or text behind one: what it names decides.
        }

        if (isBinary || PickleScan.IsPlausible(_log, ended) || PickleScan.LooksLikeText(_map.Head(ProbeHead)))
        {
            throw PyTorchErrors.BarePickle(Path);
        }

        _log.Clear();
        ProbeBytes bytes = new(_map.Head(ProbeHead), []);
        throw PickleScan.Unsafe(_map.Head(int.MaxValue), Path) is [var unsafeName, ..] ? new ModelException(unsafeName)
            : ForeignFormats.Recognise(ModelArtifact.FromPath(Path), bytes) is { } foreign ? new ModelException(foreign.Diagnostic) : PyTorchErrors.NotPyTorch(Path, head);
    }
}
