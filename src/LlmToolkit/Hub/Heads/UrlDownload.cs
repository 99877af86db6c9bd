using System.Security.Cryptography;
using System.Text;

namespace LlmToolkit.Hub;

/// <summary>Downloads the file behind an address that is no Hub's. It lies in the cache under the hash of its address, and is asked for again only when its etag or size has changed.</summary>
/// <remarks>There is no hash to check its content by: what continues a broken download must be of the same etag, which the server guarantees (If-Range).</remarks>
internal sealed class UrlDownload(HubClient client, IProgress<HubProgress>? progress)
{
    private const int BufferBytes = 256 << 10;
    private const int MaxNoteBytes = 4096;

    /// <summary>Path of the file on this disk.</summary>
    /// <exception cref="ModelException">It cannot be had, or does not fit on the disk.</exception>
    public async Task<string> GetAsync(Uri address, CancellationToken cancellationToken)
    {
        string name = Uri.UnescapeDataString(Path.GetFileName(address.AbsolutePath));
        name = HubPaths.IsSafeFile(name) && !name.Contains('/', StringComparison.Ordinal) ? name : "model";
        string folder = Path.Combine(client.Settings.CacheFolder, ".urls", Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(address.AbsoluteUri)).AsSpan(0, 16)));
        string path = Path.Combine(folder, name);
        CacheWriter.Writing(folder, () => Directory.CreateDirectory(folder));
        using FileLock held = await FileLock.TakeAsync(path + ".lock", _ => progress?.Report(new HubProgress { State = HubProgressState.Waiting, File = name, Note = "another process downloads it" }), () => false, cancellationToken).ConfigureAwait(false);
        DownloadTally tally = new(progress);
        await client.RetryAsync((attempt, token) => GetOnceAsync(address, path, tally, attempt, token), progress, cancellationToken).ConfigureAwait(false);
        tally.Done();
        return path;
    }

    private async Task<bool> GetOnceAsync(Uri address, string path, DownloadTally tally, HubAttempt attempt, CancellationToken cancellationToken)
    {
        string partial = path + ".incomplete";
        string note = path + ".etag";
        string? etag = HubCache.ReadSmall(note, MaxNoteBytes) is { Length: > 0 } kept ? kept : null;
        bool isWhole = etag is not null && File.Exists(path);
        long there = etag is null || isWhole ? 0 : HubCache.FileLength(partial) ?? 0;
        // Of a whole file one byte tells whether it is still the same.
        HubRange? range = isWhole ? new HubRange(0, 1) : there > 0 ? new HubRange(there) : null;
        HubContent content = await client.OpenUrlAsync(address, range, range is null ? null : etag, cancellationToken).ConfigureAwait(false);
        await using (content.ConfigureAwait(false))
        {
            if (isWhole && content.IsPartial)
            {
                return content.Total == HubCache.FileLength(path) ? true : throw HeadErrors.Changed(HubFaults.What(address));
            }

            // Another version, or a server without ranges: from the beginning.
            there = content.IsPartial ? there : 0;
            long? total = content.Total;
            DiskSpace.Require(Path.GetDirectoryName(path)!, (total ?? 0) - there);
            tally.Expect(1, total ?? 0);
            FileTally one = tally.File(new HubFile { Path = Path.GetFileName(path), Size = total ?? 0 });
            one.Has(there);
            CacheWriter.Writing(note, () => CacheWriter.WriteWhole(note, Encoding.UTF8.GetBytes(content.StrongEtag ?? "")));
            await ReceiveAsync(content, partial, there, one, attempt, cancellationToken).ConfigureAwait(false);
            one.Done(fromCache: false);
        }

        CacheWriter.Writing(path, () => File.Move(partial, path, overwrite: true));
        return true;
    }

    private static async Task ReceiveAsync(HubContent content, string partial, long at, FileTally tally, HubAttempt attempt, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[BufferBytes];
        try
        {
            using Microsoft.Win32.SafeHandles.SafeFileHandle file = File.OpenHandle(partial, FileMode.OpenOrCreate, FileAccess.Write);
            RandomAccess.SetLength(file, at);
            for (int read = await content.ReadAsync(buffer, cancellationToken).ConfigureAwait(false); read > 0; read = await content.ReadAsync(buffer, cancellationToken).ConfigureAwait(false))
            {
                RandomAccess.Write(file, buffer.AsSpan(0, read), at);
                at += read;
                tally.Came(read);
                attempt.Gained(read);
            }

            RandomAccess.FlushToDisk(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CacheErrors.CannotWrite(partial, e);
        }
    }
}
