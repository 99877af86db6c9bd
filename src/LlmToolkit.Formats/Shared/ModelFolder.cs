using System.Text.RegularExpressions;

namespace LlmToolkit.Formats.Shared;

/// <summary>Files that a model's folder names itself: they must lie in it, whatever names and links say.</summary>
internal static partial class ModelFolder
{
    /// <summary>True when the folder has an entry of that name, even a link that leads nowhere.</summary>
    public static bool Exists(string folder, string name)
    {
        FileInfo file = new(Path.Combine(folder, name));
        return file.Exists || file.LinkTarget is not null;
    }

    /// <summary>A plain file of the folder.</summary>
    /// <exception cref="ModelException">It is a link out of the folder, leads nowhere, or is a pipe, a socket or a device.</exception>
    public static ArtifactFile File(string folder, string name)
    {
        string path = Path.Combine(folder, name);
        try
        {
            FileFacts facts = FileFacts.Of(path) ?? throw new ModelException(FileErrors.Missing(path));
            string? real = RealPath.Of(path);
            if (real is null || !RealPath.IsInModelFolder(real, folder))
            {
                throw new ModelException(FileErrors.LinkLeavesFolder(path, real ?? path));
            }

            ThrowIfNotPlain(path, facts.Kind);
            return new ArtifactFile(path, facts.Length);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelException(FileErrors.Unreadable(path, e), e);
        }
    }

    /// <summary>Refuses what is no plain file: opening a pipe waits for a writer, and a device has no end.</summary>
    /// <exception cref="ModelException">It is a directory, a pipe, a socket or a device.</exception>
    public static void ThrowIfNotPlain(string path, FileNodeKind kind)
    {
        if (kind == FileNodeKind.Directory)
        {
            throw new ModelException(FileErrors.IsDirectory(path));
        }

        if (kind is FileNodeKind.Pipe or FileNodeKind.Socket or FileNodeKind.CharacterDevice or FileNodeKind.BlockDevice)
        {
            throw new ModelException(FileErrors.NotPlain(path, kind));
        }
    }

    /// <summary>Refuses a name that is not a plain file name on every system.</summary>
    /// <exception cref="ModelException">It is not.</exception>
    public static void CheckPlain(string name, string listFile, string field)
    {
        if (!IsPlain(name))
        {
            throw new ModelException(FileErrors.NameNotPlain(listFile, field, name));
        }
    }

    /// <summary>True for a name that means one file of its own folder under the rules of POSIX and of Windows.</summary>
    public static bool IsPlain(string name) =>
        name.Length is > 0 and <= 255
        && name is not ("." or "..")
        && !name.AsSpan().ContainsAny("/\\:\0")
        && !name.Any(char.IsControl)
        // Windows drops these at the end of a name, so that ".. " is another folder there.
        && name[^1] is not ('.' or ' ')
        && !DeviceName().IsMatch(name);

    /// <summary>True for a path inside its own folder, of plain names with forward slashes between them.</summary>
    public static bool IsRelative(string path) => path.Length <= 4096 && path.Split('/').All(IsPlain);

    /// <summary>Names that Windows gives to devices, whatever ending follows.</summary>
    [GeneratedRegex(@"^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?$", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex DeviceName();
}
