namespace LlmToolkit.Hub;

/// <summary>Whether a download fits, before its first byte.</summary>
internal static class DiskSpace
{
    /// <summary>What is left for others: a hundredth of the disk within these bounds. A full system disk takes more with it than a download.</summary>
    private const long LeastReserve = 1 << 20;

    private const long MostReserve = 256 << 20;

    /// <summary>Free bytes for this user, and those that are left for others; null: the system does not tell.</summary>
    public static (long Free, long Reserve)? Of(string folder)
    {
        string? existing = Path.GetFullPath(folder);
        while (existing is not null && !Directory.Exists(existing))
        {
            existing = Path.GetDirectoryName(existing);
        }

        try
        {
            DriveInfo drive = new(existing ?? folder);
            return (drive.AvailableFreeSpace, Math.Clamp(drive.TotalSize / 100, LeastReserve, MostReserve));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }

    /// <exception cref="ModelException">It does not fit.</exception>
    public static void Require(string folder, long needed)
    {
        if (needed > 0 && Of(folder) is { } disk && needed > disk.Free - disk.Reserve)
        {
            throw CacheErrors.NoSpace(folder, needed, disk.Reserve, disk.Free);
        }
    }
}
