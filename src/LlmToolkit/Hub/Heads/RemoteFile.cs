using System.Collections;
using LlmToolkit.Formats.Shared;
using Microsoft.Win32.SafeHandles;

namespace LlmToolkit.Hub;

/// <summary>A file of the network under a path of this disk: of its true length, and empty but for the parts that somebody asked for. Those are fetched by ranges.</summary>
internal sealed class RemoteFile : FileParts, IDisposable
{
    /// <summary>What is fetched at least, and the grain in which it is remembered.</summary>
    private const int Block = 16 << 10;

    /// <summary>Most bytes fetched ahead of a reader that reads on and on.</summary>
    private const int MostAhead = 256 << 10;

    /// <summary>Parts that are fetched at a time.</summary>
    private const int MostStreams = 8;

    /// <summary>Gaps of this size between two parts are fetched along: a request costs more.</summary>
    private const int SmallGap = 64 << 10;

    /// <summary>What may be fetched of one file to judge it: the largest header that a reader takes is safetensors' with 100 MB.</summary>
    private const long MostBytes = 128L << 20;

    private readonly Func<HubRange, CancellationToken, Task<HubContent>> _open;
    private readonly RemoteTally _tally;
    private readonly string _name;
    private readonly string _path;
    private readonly long _length;
    private readonly BitArray _here;
    private readonly SafeFileHandle _handle;
    private readonly CancellationToken _cancellationToken;
    private readonly Lock _lock = new();
    private long _readOn;
    private int _ahead;
    private long _fetched;

    /// <param name="path">Where it is to lie.</param>
    /// <param name="length">Its bytes.</param>
    /// <param name="name">Its name in messages.</param>
    /// <param name="open">Opens a part.</param>
    /// <param name="tally">Adds up what is fetched.</param>
    /// <param name="cancellationToken">Stops the fetching.</param>
    public RemoteFile(string path, long length, string name, Func<HubRange, CancellationToken, Task<HubContent>> open, RemoteTally tally, CancellationToken cancellationToken)
    {
        (_path, _length, _name, _open, _tally, _cancellationToken) = (path, length, name, open, tally, cancellationToken);
        _here = new BitArray((int)Math.Min(int.MaxValue, (length + Block - 1) / Block));
        _handle = SparseFile.Create(path, length);
        Open(path);
    }

    /// <summary>True for a file that is read for certain. Default: true.</summary>
    public bool IsWanted { get; init; } = true;

    /// <inheritdoc/>
    public override void Require(long offset, long length)
    {
        if (length <= 0)
        {
            return;
        }

        lock (_lock)
        {
            long first = offset / Block;
            long last = (offset + length - 1) / Block;
            while (first <= last && _here[(int)first])
            {
                first++;
            }

            if (first > last)
            {
                return;
            }

            // Whoever reads on gets more and more at a time.
            _ahead = first == _readOn ? Math.Min(MostAhead, Math.Max(Block, _ahead * 2)) : Block;
            last = Math.Max(last, Math.Min(((_length - 1) / Block), first + (_ahead / Block) - 1));
            _readOn = last + 1;
            Fetch(Missing([(first, last)]));
        }
    }

    /// <inheritdoc/>
    public override void Foresee(IReadOnlyList<(long Offset, long Length)> parts)
    {
        lock (_lock)
        {
            Fetch(Missing([.. parts
                .Where(p => p.Offset >= 0 && p.Offset < _length && p.Length > 0)
                .Select(p => (p.Offset / Block, (Math.Min(_length, p.Offset + p.Length) - 1) / Block))
                .OrderBy(p => p.Item1)]));
        }
    }

    /// <summary>Brings the file's beginning, and of a zip its end.</summary>
    public void Probe(int head, int tail)
    {
        Require(0, Math.Min(head, _length));
        if (_length == 0)
        {
            return;
        }

        byte[] magic = new byte[2];
        if (RandomAccess.Read(_handle, magic, 0) == 2 && magic.AsSpan().SequenceEqual("PK"u8))
        {
            Require(Math.Max(0, _length - tail), Math.Min(tail, _length));
        }
    }

    public void Dispose()
    {
        Close(_path);
        _handle.Dispose();
    }

    /// <summary>Runs of blocks that are not here, with small gaps closed.</summary>
    private List<(long First, long Last)> Missing(IReadOnlyList<(long First, long Last)> wanted)
    {
        List<(long First, long Last)> runs = [];
        foreach ((long from, long to) in wanted)
        {
            for (long block = from; block <= to; block++)
            {
                if (_here[(int)block])
                {
                    continue;
                }

                if (runs.Count > 0 && block - runs[^1].Last <= 1 + (SmallGap / Block))
                {
                    runs[^1] = (runs[^1].First, Math.Max(runs[^1].Last, block));
                }
                else
                {
                    runs.Add((block, block));
                }
            }
        }

        return runs;
    }

    private void Fetch(List<(long First, long Last)> runs)
    {
        if (runs.Count == 0)
        {
            return;
        }

        long bytes = runs.Sum(r => (r.Last - r.First + 1) * Block);
        if (_fetched + bytes > MostBytes)
        {
            throw new FilePartsException(HeadErrors.TooMuch(_name, _length, MostBytes));
        }

        _fetched += bytes;
        try
        {
            // Readers are synchronous, and run on threads that may wait.
            Task.Run(
                () => Parallel.ForEachAsync(runs, new ParallelOptions { MaxDegreeOfParallelism = MostStreams, CancellationToken = _cancellationToken }, async (run, token) => await FetchAsync(run.First * Block, Math.Min(_length, (run.Last + 1) * Block), token).ConfigureAwait(false)),
                _cancellationToken).GetAwaiter().GetResult();
        }
        catch (ModelException e)
        {
            throw new FilePartsException(e);
        }
        catch (OperationCanceledException) when (_cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(_cancellationToken);
        }

        foreach ((long first, long last) in runs)
        {
            for (long block = first; block <= last; block++)
            {
                _here[(int)block] = true;
            }
        }
    }

    private async Task FetchAsync(long from, long to, CancellationToken cancellationToken)
    {
        long at = from;
        await _tally.Client.RetryAsync(
            async (attempt, token) =>
            {
                long since = System.Diagnostics.Stopwatch.GetTimestamp();
                long came = 0;
                HubContent content = await _open(new HubRange(at, to - at), token).ConfigureAwait(false);
                await using (content.ConfigureAwait(false))
                {
                    long skip = content.IsPartial ? 0 : at;
                    if (skip > MostAhead)
                    {
                        throw HeadErrors.NoRanges(_name);
                    }

                    byte[] buffer = new byte[(int)Math.Min(64 << 10, Math.Max(to - at, 1))];
                    while (at < to)
                    {
                        int want = (int)Math.Min(buffer.Length, skip > 0 ? skip : to - at);
                        int read = await content.ReadAsync(buffer.AsMemory(0, want), token).ConfigureAwait(false);
                        if (read == 0)
                        {
                            throw HubFaults.WrongLength(_name, _length, FormattableString.Invariant($"{at}"));
                        }

                        came += read;
                        if (skip > 0)
                        {
                            skip -= read;
                            continue;
                        }

                        RandomAccess.Write(_handle, buffer.AsSpan(0, read), at);
                        at += read;
                        attempt.Gained(read);
                    }
                }

                _tally.Came(came, since);

                return true;
            },
            null,
            cancellationToken).ConfigureAwait(false);
    }
}
