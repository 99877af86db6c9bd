using System.Buffers;
using System.Collections.Concurrent;

namespace LlmToolkit.Hub;

/// <summary>Brings contents into a folder of blobs: each once, whoever asks for it in this process, and verified before it gets its name.</summary>
internal sealed class BlobStore(HubClient client, StreamBudget streams)
{
    /// <summary>The Hub gives no larger file over plain HTTP (huggingface_hub, <c>constants.py</c>: MAX_HTTP_DOWNLOAD_SIZE).</summary>
    private const long LargestFile = 50_000_000_000;

    /// <summary>A file of this size is fetched in one piece and hashed in memory: a journal would cost more than it saves.</summary>
    private const int SmallFile = 1 << 20;

    /// <summary>How often another process may take the unfinished file over before this one gives up.</summary>
    private const int MostClaims = 8;

    /// <summary>Downloads that run in this process, by the blob's path.</summary>
    private static readonly ConcurrentDictionary<string, Task<bool>> s_running = new(StringComparer.Ordinal);

    /// <summary>Makes sure that a content lies at its place.</summary>
    /// <param name="source">Where it comes from.</param>
    /// <param name="blob">Where it is to lie.</param>
    /// <param name="lockFile">Lock that other tools take for it; null: none.</param>
    /// <param name="etag">Its name: the hash that it must have.</param>
    /// <param name="file">Its size, and its name in messages.</param>
    /// <param name="tally">Told how far it is.</param>
    /// <param name="cancellationToken">Stops it; what came stays.</param>
    /// <returns>True when this call fetched it; false when somebody else did, or it was there.</returns>
    public async Task<bool> GetAsync(BlobSource source, string blob, string? lockFile, string etag, HubFile file, FileTally tally, CancellationToken cancellationToken)
    {
        if (file.Size > LargestFile)
        {
            throw CacheErrors.TooLarge(source.What, file.Size, LargestFile);
        }

        while (true)
        {
            TaskCompletionSource<bool> mine = new(TaskCreationOptions.RunContinuationsAsynchronously);
            Task<bool> running = s_running.GetOrAdd(blob, mine.Task);
            if (running != mine.Task)
            {
                await ((Task)running).WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                cancellationToken.ThrowIfCancellationRequested();
                if (running.IsCompletedSuccessfully)
                {
                    return false;
                }

                // Whoever fetched it failed or was stopped: that is its own affair.
                continue;
            }

            try
            {
                bool fetched = await LockedAsync(source, blob, lockFile, etag, file, tally, cancellationToken).ConfigureAwait(false);
                mine.SetResult(fetched);
                return fetched;
            }
            catch (Exception e)
            {
                mine.SetException(e);
                _ = mine.Task.Exception;
                throw;
            }
            finally
            {
                s_running.TryRemove(new KeyValuePair<string, Task<bool>>(blob, mine.Task));
            }
        }
    }

    private async Task<bool> LockedAsync(BlobSource source, string blob, string? lockFile, string etag, HubFile file, FileTally tally, CancellationToken cancellationToken)
    {
        using FileLock? held = lockFile is null ? null : await FileLock.TakeAsync(
            lockFile,
            waited => tally.Say(HubProgressState.Waiting, FormattableString.Invariant($"another process downloads {file.Path} ({waited.TotalSeconds:0} s)")),
            () => HubCache.FileLength(blob) == file.Size,
            cancellationToken).ConfigureAwait(false);
        if (HubCache.FileLength(blob) == file.Size)
        {
            return false;
        }

        if (file.Size <= SmallFile)
        {
            await SmallAsync(source, blob, etag, file, tally, cancellationToken).ConfigureAwait(false);
        }
        else
        {
            await LargeAsync(source, blob, etag, file, held?.Works ?? true, tally, cancellationToken).ConfigureAwait(false);
        }

        return true;
    }

    private async Task SmallAsync(BlobSource source, string blob, string etag, HubFile file, FileTally tally, CancellationToken cancellationToken)
    {
        byte[] bytes = ArrayPool<byte>.Shared.Rent(Math.Max(1, (int)file.Size));
        try
        {
            string? wrong = null;
            for (int pass = 0; pass < 2; pass++)
            {
                source.BypassCaches = pass > 0;
                await client.RetryAsync(
                    async (attempt, token) =>
                    {
                        using IDisposable stream = await streams.TakeAsync(token).ConfigureAwait(false);
                        await ReadAllAsync(source, bytes, (int)file.Size, tally, token).ConfigureAwait(false);
                        return true;
                    },
                    tally,
                    cancellationToken).ConfigureAwait(false);
                using ContentHash hash = ContentHash.For(etag, file.Size);
                hash.Append(bytes.AsSpan(0, (int)file.Size));
                wrong = hash.Finish() is { } got && got != etag ? got : null;
                if (wrong is null)
                {
                    CacheWriter.Writing(blob, () => CacheWriter.WriteWhole(blob, bytes.AsSpan(0, (int)file.Size)));
                    return;
                }

                tally.Restart("its content did not match");
            }

            throw CacheErrors.WrongContent(source.What, etag, wrong!);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    private static async Task ReadAllAsync(BlobSource source, byte[] bytes, int size, FileTally tally, CancellationToken cancellationToken)
    {
        HubContent content = await source.OpenAsync(null, cancellationToken).ConfigureAwait(false);
        await using (content.ConfigureAwait(false))
        {
            int length = 0;
            try
            {
                while (length < size)
                {
                    int read = await content.ReadAsync(bytes.AsMemory(length, size - length), cancellationToken).ConfigureAwait(false);
                    if (read == 0)
                    {
                        throw HubFaults.WrongLength(source.What, size, FormattableString.Invariant($"{length}"));
                    }

                    length += read;
                    tally.Came(read);
                }

                if (await content.ReadAsync(new byte[1], cancellationToken).ConfigureAwait(false) != 0)
                {
                    throw HubFaults.WrongLength(source.What, size, "more");
                }
            }
            catch
            {
                tally.Lost(length);
                throw;
            }
        }
    }

    private async Task LargeAsync(BlobSource source, string blob, string etag, HubFile file, bool locksWork, FileTally tally, CancellationToken cancellationToken)
    {
        string folder = Path.GetDirectoryName(blob)!;
        TimeSpan stall = client.Settings.DownloadTimeout;
        bool again = false;
        for (int claim = 0; claim < MostClaims; claim++)
        {
            PartialFile partial = null!;
            CacheWriter.Writing(blob, () => partial = PartialFile.Open(folder, etag, file.Size, locksWork, stall));
            string? got;
            using (partial)
            {
                try
                {
                    using BlobDownload download = new(client, source, partial, streams, tally);
                    got = await download.RunAsync(cancellationToken).ConfigureAwait(false);
                    CacheWriter.Writing(partial.Path, partial.Seal);
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException && e is not HttpIOException)
                {
                    throw CacheErrors.CannotWrite(partial.Path, e);
                }
            }

            if (got is not null && got != etag)
            {
                CacheWriter.Writing(partial.Path, () => File.Delete(partial.Path));
                if (again)
                {
                    throw CacheErrors.WrongContent(source.What, etag, got);
                }

                // Which byte is wrong nobody can tell: every block is as it came.
                again = source.BypassCaches = true;
                tally.Restart("its content did not match");
                continue;
            }

            if (CacheWriter.Publish(partial.Path, blob, file.Size))
            {
                Clear(folder, etag, locksWork, stall, file.Size);
                return;
            }
        }

        throw CacheErrors.Contended(blob);
    }

    /// <summary>Removes what other runs left of a content that is there now.</summary>
    private static void Clear(string folder, string etag, bool locksWork, TimeSpan stall, long size)
    {
        try
        {
            PartialFile.Remove(folder, etag, size, locksWork, stall);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It takes room and does no harm: prune removes it.
        }
    }
}
