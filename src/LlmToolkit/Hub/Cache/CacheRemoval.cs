namespace LlmToolkit.Hub;

/// <summary>Removes folders and files of the cache. Links are removed, never what they lead to.</summary>
internal static class CacheRemoval
{
    public static HubCacheRemoval Run(IReadOnlyList<string> folders, IReadOnlyList<string> files, long bytes, bool dryRun)
    {
        List<string> gone = [];
        List<string> inUse = [];
        ModelException? failure = null;
        foreach ((string path, bool isFolder) in folders.Select(f => (f, true)).Concat(files.Select(f => (f, false))))
        {
            try
            {
                if (!dryRun && isFolder)
                {
                    // Does not enter folders that are links.
                    Directory.Delete(path, recursive: true);
                }
                else if (!dryRun)
                {
                    File.Delete(path);
                }

                gone.Add(path);
            }
            catch (DirectoryNotFoundException)
            {
                gone.Add(path);
            }
            catch (IOException) when (OperatingSystem.IsWindows())
            {
                inUse.Add(path);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // The others are still removed; the first that cannot be is told.
                failure ??= CacheErrors.CannotWrite(path, e);
            }
        }

        if (failure is not null)
        {
            throw failure;
        }

        return new HubCacheRemoval(gone, bytes, inUse);
    }

    /// <summary>True for an unfinished download that no process works at: older than a stall, and its journal, if it has one, is free.</summary>
    public static bool IsIdle(string path, TimeSpan stall) => DateTime.UtcNow - File.GetLastWriteTimeUtc(path) >= stall && PartialFile.IsFree(path);
}
