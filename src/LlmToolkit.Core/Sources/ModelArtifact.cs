namespace LlmToolkit;

/// <summary>One file of an artifact.</summary>
/// <param name="Path">Absolute path.</param>
/// <param name="Length">Bytes, following links.</param>
public sealed record ArtifactFile(string Path, long Length)
{
    /// <summary>The file's name without its folder.</summary>
    public string Name => System.IO.Path.GetFileName(Path);
}

/// <summary>Files on this machine that are looked at as one model: a file, or a directory with the files in it.</summary>
public sealed record ModelArtifact
{
    private ModelArtifact(string path, bool isDirectory, IReadOnlyList<ArtifactFile> files) =>
        (Path, IsDirectory, Files) = (path, isDirectory, files);

    /// <summary>Absolute path of what was named.</summary>
    public string Path { get; }

    /// <summary>True when a directory was named.</summary>
    public bool IsDirectory { get; }

    /// <summary>The named file alone, or every file directly in the named directory, sorted by name.</summary>
    public IReadOnlyList<ArtifactFile> Files { get; }

    /// <summary>The folder that holds the files.</summary>
    public string Directory => IsDirectory ? Path : System.IO.Path.GetDirectoryName(Path) ?? Path;

    /// <summary>Looks at a path that exists. Nothing is opened.</summary>
    /// <exception cref="IOException">The path does not exist or cannot be listed.</exception>
    /// <exception cref="UnauthorizedAccessException">A folder on the way may not be entered or listed.</exception>
    public static ModelArtifact FromPath(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string full = System.IO.Path.GetFullPath(path);
        FileFacts facts = FileFacts.Of(full) ?? throw new FileNotFoundException($"No such file or directory: {path}", full);
        if (facts.Kind != FileNodeKind.Directory)
        {
            return new ModelArtifact(full, false, [new ArtifactFile(full, facts.Length)]);
        }

        List<ArtifactFile> files = [];
        foreach (FileInfo file in new DirectoryInfo(full).EnumerateFiles())
        {
            files.Add(new ArtifactFile(file.FullName, LengthOf(file.FullName)));
        }

        files.Sort((a, b) => string.CompareOrdinal(a.Name, b.Name));
        return new ModelArtifact(full, true, files);
    }

    /// <summary>Bytes of a file behind its links; 0 for a link that leads nowhere or in a circle, and for what is no plain file: whoever opens it says so.</summary>
    private static long LengthOf(string path)
    {
        try
        {
            return FileFacts.Of(path)?.Length ?? 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }

    /// <summary>The file of that name, or null.</summary>
    public ArtifactFile? Find(string name) => Files.FirstOrDefault(f => f.Name == name);
}
