namespace LlmToolkit.Formats.Shared;

/// <summary>Files that a model's folder names itself: they must lie in it, whatever names and links say.</summary>
internal static class ModelFolder
{
    /// <summary>True when the folder has an entry of that name, even a link that leads nowhere.</summary>
    public static bool Exists(string folder, string name)
    {
        FileInfo file = new(Path.Combine(folder, name));
        return file.Exists || file.LinkTarget is not null;
    }

    /// <summary>A file of the folder.</summary>
    /// <exception cref="ModelException">It is a link out of the folder, or leads nowhere.</exception>
    public static ArtifactFile File(string folder, string name)
    {
        string path = Path.Combine(folder, name);
        FileInfo file = new(path);
        try
        {
            if (file.ResolveLinkTarget(returnFinalTarget: true) is not { } target)
            {
                return new ArtifactFile(path, file.Length);
            }

            return IsInside(target.FullName, folder) && target is FileInfo { Exists: true } real
                ? new ArtifactFile(path, real.Length)
                : throw new ModelException(target.Exists ? FileErrors.LinkLeavesFolder(path, target.FullName) : FileErrors.Missing(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelException(e is FileNotFoundException ? FileErrors.Missing(path) : FileErrors.Unreadable(path, e.Message), e);
        }
    }

    /// <summary>Refuses a name that is not a plain file name on every system.</summary>
    /// <exception cref="ModelException">It is not.</exception>
    public static void CheckPlain(string name, string listFile, string field)
    {
        if (name.Length == 0 || name is "." or ".." || name.AsSpan().ContainsAny("/\\:\0") || name.Any(char.IsControl))
        {
            throw new ModelException(FileErrors.NameNotPlain(listFile, field, name));
        }
    }

    /// <summary>Inside the folder, or among the blobs of the Hub cache that the folder is a snapshot of (<c>models--o--n/{snapshots/COMMIT, blobs}</c>).</summary>
    private static bool IsInside(string target, string folder)
    {
        string root = RealPath(folder);
        if (Under(target, root) || Under(target, Path.GetFullPath(folder)))
        {
            return true;
        }

        for (DirectoryInfo? parent = new(root); parent is not null; parent = parent.Parent)
        {
            if (parent.Name == "snapshots" && parent.Parent is { } repository)
            {
                return Under(target, Path.Combine(repository.FullName, "blobs"));
            }
        }

        return false;
    }

    private static string RealPath(string folder) => new DirectoryInfo(folder).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? Path.GetFullPath(folder);

    private static bool Under(string path, string folder) => path.StartsWith(Path.TrimEndingDirectorySeparator(folder) + Path.DirectorySeparatorChar, StringComparison.Ordinal);
}
