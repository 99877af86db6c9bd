using System.Buffers;
using System.IO.Hashing;
using System.Threading.Channels;

namespace LlmToolkit.Hub;

/// <summary>Fetches one content into a partial file by several ranges at a time, hashes it from its beginning as it grows, and seals it when the hash is the promised one.</summary>
/// <remarks>The bytes that were hashed are those read back from the file: what is published is what was verified.</remarks>
internal sealed class BlobDownload(HubClient client, BlobSource source, PartialFile partial, StreamBudget streams, FileTally tally) : IDisposable
{
    /// <summary>Bytes of a range: long enough that a request costs nothing beside it, short enough that the last ones end together.</summary>
    private const int RangeBytes = 8 << 20;

    /// <summary>Large enough that the system is asked seldom, and that a write takes whole pages.</summary>
    private const int BufferBytes = 1 << 20;

    /// <summary>Ranges of one file at a time: on a fast line every one of them, and the hash, wants a core.</summary>
    private static readonly int s_mostStreams = Math.Clamp(Environment.ProcessorCount, 2, 4);

    private readonly SemaphoreSlim _whole = new(1, 1);
    private readonly SemaphoreSlim _grown = new(0);
    private readonly Channel<(long From, long To)> _missing = Channel.CreateUnbounded<(long From, long To)>();
    private volatile bool _noRanges;

    private PartialFile Partial => partial;

    private FileTally Tally => tally;

    /// <summary>Fetches what is missing and hashes all of it.</summary>
    /// <returns>The hash of the whole; null where the etag is none.</returns>
    public async Task<string?> RunAsync(CancellationToken cancellationToken)
    {
        tally.Has(partial.DoneBytes);
        foreach ((long, long) run in partial.Missing(RangeBytes))
        {
            _missing.Writer.TryWrite(run);
        }

        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task<string?> hash = Task.Factory.StartNew(() => HashAll(stop.Token), stop.Token, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        int workers = (int)Math.Clamp((partial.Size + RangeBytes - 1) / RangeBytes, 1, s_mostStreams);
        List<Task> all = [hash, .. Enumerable.Range(0, workers).Select(_ => Task.Run(() => WorkAsync(stop.Token), CancellationToken.None))];
        Exception? failure = null;
        while (all.Count > 0)
        {
            Task ended = await Task.WhenAny(all).ConfigureAwait(false);
            all.Remove(ended);
            if (ended.IsCompletedSuccessfully)
            {
                continue;
            }

            // The first failure is the cause; those that follow are told to stop.
            failure ??= ended.Exception?.InnerException ?? new OperationCanceledException(cancellationToken);
            await stop.CancelAsync().ConfigureAwait(false);
        }

        cancellationToken.ThrowIfCancellationRequested();
        if (failure is not null)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
        }

        return await hash.ConfigureAwait(false);
    }

    public void Dispose()
    {
        _whole.Dispose();
        _grown.Dispose();
    }

    /// <summary>Hashes block after block, as they come; a block that the disk has damaged is fetched again.</summary>
    private string? HashAll(CancellationToken cancellationToken)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(partial.BlockSize);
        try
        {
            using ContentHash hash = ContentHash.For(partial.Etag, partial.Size);
            for (long block = 0; block < partial.Blocks;)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (!partial.IsDone(block))
                {
                    _grown.Wait(cancellationToken);
                    continue;
                }

                if (!partial.TryRead(block, buffer))
                {
                    // Verification by part: damage costs this part.
                    tally.Lost(partial.LengthOf(block));
                    _missing.Writer.TryWrite((block * partial.BlockSize, (block * partial.BlockSize) + partial.LengthOf(block)));
                    continue;
                }

                hash.Append(buffer.AsSpan(0, partial.LengthOf(block)));
                block++;
            }

            return hash.Finish();
        }
        finally
        {
            _missing.Writer.TryComplete();
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async Task WorkAsync(CancellationToken cancellationToken)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            await foreach ((long from, long to) in _missing.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                RangeWriter writer = new(this, from, to);
                while (!writer.IsDone)
                {
                    await client.RetryAsync(
                        async (attempt, token) =>
                        {
                            using IDisposable stream = await streams.TakeAsync(token).ConfigureAwait(false);
                            await FetchAsync(writer, attempt, buffer, token).ConfigureAwait(false);
                            return true;
                        },
                        tally,
                        cancellationToken).ConfigureAwait(false);
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async Task FetchAsync(RangeWriter writer, HubAttempt attempt, byte[] buffer, CancellationToken cancellationToken)
    {
        if (_noRanges)
        {
            await FetchWholeAsync(writer, null, attempt, buffer, cancellationToken).ConfigureAwait(false);
            return;
        }

        if (writer.IsDone)
        {
            return;
        }

        bool isAll = writer.Position == 0 && writer.End == partial.Size;
        HubContent content = await source.OpenAsync(isAll ? null : new HubRange(writer.Position, writer.End - writer.Position), cancellationToken).ConfigureAwait(false);
        await using (content.ConfigureAwait(false))
        {
            if (!content.IsPartial && !isAll)
            {
                _noRanges = true;
                await FetchWholeAsync(writer, content, attempt, buffer, cancellationToken).ConfigureAwait(false);
                return;
            }

            while (!writer.IsDone)
            {
                int read = await content.ReadAsync(buffer.AsMemory(0, (int)Math.Min(BufferBytes, writer.End - writer.Position)), cancellationToken).ConfigureAwait(false);
                if (read == 0)
                {
                    throw HubFaults.WrongLength(source.What, partial.Size, FormattableString.Invariant($"{writer.Position}"));
                }

                writer.Write(buffer.AsSpan(0, read));
                attempt.Gained(read);
            }

            // One byte more than promised is as wrong as one less.
            if (isAll && await content.ReadAsync(buffer.AsMemory(0, 1), cancellationToken).ConfigureAwait(false) != 0)
            {
                throw HubFaults.WrongLength(source.What, partial.Size, "more");
            }
        }
    }

    /// <summary>The server ignores ranges: one stream, from the file's beginning, fills every gap; the others wait for it.</summary>
    private async Task FetchWholeAsync(RangeWriter writer, HubContent? content, HubAttempt attempt, byte[] buffer, CancellationToken cancellationToken)
    {
        if (!await _whole.WaitAsync(0, cancellationToken).ConfigureAwait(false))
        {
            if (content is not null)
            {
                await content.DisposeAsync().ConfigureAwait(false);
                content = null;
            }

            await _whole.WaitAsync(cancellationToken).ConfigureAwait(false);
        }

        try
        {
            if (writer.IsDone)
            {
                return;
            }

            HubContent whole = content ?? await source.OpenAsync(null, cancellationToken).ConfigureAwait(false);
            await using (whole.ConfigureAwait(false))
            {
                RangeWriter all = new(this, 0, partial.Size);
                while (all.Position < partial.Size)
                {
                    int read = await whole.ReadAsync(buffer.AsMemory(0, (int)Math.Min(BufferBytes, partial.Size - all.Position)), cancellationToken).ConfigureAwait(false);
                    if (read == 0)
                    {
                        throw HubFaults.WrongLength(source.What, partial.Size, FormattableString.Invariant($"{all.Position}"));
                    }

                    attempt.Gained(all.Fill(buffer.AsSpan(0, read)));
                }

                if (await whole.ReadAsync(buffer.AsMemory(0, 1), cancellationToken).ConfigureAwait(false) != 0)
                {
                    throw HubFaults.WrongLength(source.What, partial.Size, "more");
                }
            }
        }
        finally
        {
            _whole.Release();
        }
    }

    private bool Finished(long block, UInt128 hash)
    {
        bool isNew = partial.Finish(block, hash);
        _grown.Release();
        return isNew;
    }

    /// <summary>Where a range is, through several attempts: bytes that came are not asked for again.</summary>
    private sealed class RangeWriter(BlobDownload download, long from, long to)
    {
        private readonly XxHash128 _hash = new();

        /// <summary>Bytes of the block in work that are written and hashed.</summary>
        private int _within;

        /// <summary>The next byte to come.</summary>
        public long Position { get; private set; } = from;

        /// <summary>The byte after the last one.</summary>
        public long End => to;

        /// <summary>True when every block is there, whoever fetched it. What came otherwise is passed over.</summary>
        public bool IsDone
        {
            get
            {
                PartialFile partial = download.Partial;
                while (Position < to && partial.IsDone(Position / partial.BlockSize))
                {
                    Abandon();
                    Position = Math.Min(((Position / partial.BlockSize) + 1) * partial.BlockSize, partial.Size);
                }

                return Position >= to;
            }
        }

        /// <summary>Takes the bytes that follow <see cref="Position"/>.</summary>
        public void Write(ReadOnlySpan<byte> bytes)
        {
            PartialFile partial = download.Partial;
            partial.Write(Position, bytes);
            download.Tally.Came(bytes.Length);
            while (bytes.Length > 0)
            {
                long block = Position / partial.BlockSize;
                int take = Math.Min(bytes.Length, partial.LengthOf(block) - _within);
                _hash.Append(bytes[..take]);
                _within += take;
                Position += take;
                bytes = bytes[take..];
                if (_within == partial.LengthOf(block))
                {
                    if (download.Finished(block, _hash.GetCurrentHashAsUInt128()))
                    {
                        _within = 0;
                    }

                    Abandon();
                }
            }
        }

        /// <summary>As <see cref="Write"/>, but blocks that are there are passed over. Gives the bytes that were new.</summary>
        public int Fill(ReadOnlySpan<byte> bytes)
        {
            PartialFile partial = download.Partial;
            int gained = 0;
            while (bytes.Length > 0)
            {
                long block = Position / partial.BlockSize;
                long begin = block * partial.BlockSize;
                int take = (int)Math.Min(bytes.Length, begin + partial.LengthOf(block) - Position);
                if (!partial.IsDone(block) && (_within > 0 || Position == begin))
                {
                    Write(bytes[..take]);
                    gained += take;
                }
                else
                {
                    Abandon();
                    Position += take;
                }

                bytes = bytes[take..];
            }

            return gained;
        }

        /// <summary>The block in work begins anew, or was done by somebody else.</summary>
        private void Abandon()
        {
            download.Tally.Lost(_within);
            _within = 0;
            _hash.Reset();
        }
    }
}
