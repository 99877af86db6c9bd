namespace LlmToolkit.Loading;

/// <summary>The folder of a repository in the Hub cache: <c>models--owner--name</c> with <c>blobs/</c>, <c>refs/</c> and <c>snapshots/COMMIT/</c>.</summary>
internal static class HubFolder
{
    /// <summary>The snapshot that a repository's folder stands for: that of <c>refs/main</c>, else the newest. Any other path is itself.</summary>
    public static string Snapshot(string path)
    {
        string folder = Path.TrimEndingDirectorySeparator(path);
        string repository = Path.GetFileName(folder) == "snapshots" ? Path.GetDirectoryName(folder) ?? folder : folder;
        string snapshots = Path.Combine(repository, "snapshots");
        if (!Path.GetFileName(repository).StartsWith("models--", StringComparison.Ordinal) || !Directory.Exists(snapshots))
        {
            return path;
        }

        try
        {
            return Main(repository, snapshots)
                ?? new DirectoryInfo(snapshots).EnumerateDirectories().OrderByDescending(d => d.LastWriteTimeUtc).ThenBy(d => d.Name, StringComparer.Ordinal).FirstOrDefault()?.FullName
                ?? path;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return path;
        }
    }

    private static string? Main(string repository, string snapshots)
    {
        const int longest = 256;
        string main = Path.Combine(repository, "refs", "main");
        if (FileFacts.Of(main) is not { Kind: FileNodeKind.File, Length: > 0 and <= longest })
        {
            return null;
        }

        // A commit is hexadecimal: nothing else becomes a part of a path.
        string commit = File.ReadAllText(main).Trim();
        string snapshot = Path.Combine(snapshots, commit);
        return commit.Length > 0 && commit.All(char.IsAsciiHexDigit) && Directory.Exists(snapshot) ? snapshot : null;
    }
}
