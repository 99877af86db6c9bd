namespace LlmToolkit.Hub;

/// <summary>The lock of an etag that all tools of the field take (<c>flock</c>, on Windows a share mode). It saves double work; nothing relies on it.</summary>
internal sealed class FileLock : IDisposable
{
    private static readonly TimeSpan s_poll = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(2);

    private readonly FileStream? _file;

    private FileLock(FileStream? file, bool works) => (_file, Works) = (file, works);

    /// <summary>False: this file system gives the lock to everyone, or has none.</summary>
    public bool Works { get; }

    /// <summary>Waits for the lock, however long its holder takes.</summary>
    /// <param name="path">The lock's file; it stays when the lock goes.</param>
    /// <param name="waiting">Called when it has to wait longer than a moment, then every 10 s.</param>
    /// <param name="isMoot">Asked while it waits: true ends the wait, for what is waited for has come.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static async Task<FileLock> TakeAsync(string path, Action<TimeSpan> waiting, Func<bool> isMoot, CancellationToken cancellationToken)
    {
        long start = System.Diagnostics.Stopwatch.GetTimestamp();
        TimeSpan told = s_patience;
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                FileStream file = new(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1);
                return new FileLock(file, Excludes(path));
            }
            catch (UnauthorizedAccessException)
            {
                return new FileLock(null, works: false);
            }
            catch (IOException e) when (!IsHeld(e))
            {
                // A disk without room for the lock's file, or without locks at all.
                return new FileLock(null, works: false);
            }
            catch (IOException)
            {
                TimeSpan waited = System.Diagnostics.Stopwatch.GetElapsedTime(start);
                if (waited > told)
                {
                    waiting(waited);
                    told = waited + TimeSpan.FromSeconds(10);
                }

                if (isMoot())
                {
                    return new FileLock(null, works: true);
                }
            }

            await Task.Delay(s_poll, cancellationToken).ConfigureAwait(false);
        }
    }

    public void Dispose() => _file?.Dispose();

    /// <summary>EWOULDBLOCK of Linux and macOS, ERROR_SHARING_VIOLATION and ERROR_LOCK_VIOLATION of Windows.</summary>
    private static bool IsHeld(IOException e) => OperatingSystem.IsWindows() ? (e.HResult & 0xFFFF) is 32 or 33 : e.HResult is 11 or 35;

    /// <summary>A second opening must fail while the first one holds.</summary>
    private static bool Excludes(string path)
    {
        try
        {
            using FileStream second = new(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None, 1);
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }
}
