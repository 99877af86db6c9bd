namespace LlmToolkit;

/// <summary>Paths with every link on the way followed, as the system itself would.</summary>
public static class RealPath
{
    /// <summary>As many links as Linux follows.</summary>
    private const int MostLinks = 40;

    /// <summary>The absolute path without links; null when something on the way does not exist.</summary>
    /// <exception cref="IOException">Links lead in a circle, or the system cannot tell.</exception>
    /// <exception cref="UnauthorizedAccessException">A folder on the way may not be entered.</exception>
    public static string? Of(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string full = Path.GetFullPath(path);
        string root = Path.GetPathRoot(full) ?? "";
        string real = root;
        Stack<string> ahead = new(Parts(full[root.Length..]).Reverse());
        int links = 0;
        while (ahead.TryPop(out string? part))
        {
            if (part == ".")
            {
                continue;
            }

            if (part == "..")
            {
                real = Path.GetDirectoryName(real) ?? real;
                continue;
            }

            string next = Path.Combine(real, part);
            FileInfo entry = new(next);
            if (entry.LinkTarget is not { } target)
            {
                if (!entry.Exists && !Directory.Exists(next))
                {
                    return null;
                }

                real = next;
                continue;
            }

            if (++links > MostLinks)
            {
                throw new IOException($"Too many links, or links in a circle: '{path}'.");
            }

            if (Path.IsPathRooted(target))
            {
                root = Path.GetPathRoot(target) ?? root;
                real = root;
                target = target[root.Length..];
            }

            foreach (string step in Parts(target).Reverse())
            {
                ahead.Push(step);
            }
        }

        return real;
    }

    /// <summary>True when a path without links lies inside a folder without links.</summary>
    public static bool IsUnder(string path, string folder)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(folder);
        string trimmed = Path.TrimEndingDirectorySeparator(folder);
        return path.StartsWith(trimmed.EndsWith(Path.DirectorySeparatorChar) ? trimmed : trimmed + Path.DirectorySeparatorChar, OperatingSystem.IsWindows() ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal);
    }

    /// <summary>True for a file inside a model's folder, or among the blobs of the Hub cache that the folder is a snapshot of (<c>models--o--n/{snapshots/COMMIT, blobs}</c>).</summary>
    /// <param name="real">The path of a file, without links.</param>
    /// <param name="folder">The folder; links on its own path are fine.</param>
    /// <exception cref="IOException">The folder cannot be looked at.</exception>
    public static bool IsInModelFolder(string real, string folder) =>
        Of(folder) is { } root && (IsUnder(real, root) || IsBlob(real, root) || IsBlob(real, Path.GetFullPath(folder)));

    private static bool IsBlob(string real, string folder)
    {
        for (DirectoryInfo? parent = new(folder); parent is not null; parent = parent.Parent)
        {
            if (parent.Name == "snapshots" && parent.Parent is { } repository)
            {
                return Of(Path.Combine(repository.FullName, "blobs")) is { } blobs && IsUnder(real, blobs);
            }
        }

        return false;
    }

    private static string[] Parts(string path) => path.Split([Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar], StringSplitOptions.RemoveEmptyEntries);
}
