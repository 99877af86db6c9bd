namespace LlmToolkit.Hub.TokenStores;

/// <summary>The field's token file: text, which every tool of the field reads. Mode 0600 in a folder of mode 0700 where the system has modes.</summary>
/// <param name="path">Absolute path of the file.</param>
internal sealed class PlainFileStore(string path) : ITokenStore
{
    /// <summary>Longest file that is read: a token is some hundred bytes at most.</summary>
    private const int MaxBytes = 16 << 10;

    private const UnixFileMode OwnersFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode OwnersFolder = OwnersFile | UnixFileMode.UserExecute;

    /// <inheritdoc/>
    public string Name => path;

    /// <inheritdoc/>
    public HubTokenPlace Place => new(path, IsPlain: true);

    /// <inheritdoc/>
    public string? Read()
    {
        try
        {
            return FileFacts.Of(path) is { Kind: FileNodeKind.File, Length: > 0 and <= MaxBytes } ? File.ReadAllText(path).Trim() is { Length: > 0 } token ? token : null : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    /// <exception cref="ModelException">The file cannot be written: there is no other place to go to.</exception>
    public bool Write(string token)
    {
        string folder = Path.GetDirectoryName(path)!;
        string fresh = path + "." + Path.GetRandomFileName();
        try
        {
            CreateFolder(folder);
            // A new file, so that no byte is ever in one that others may read; the rename keeps the old token if something fails.
            FileStreamOptions options = new() { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = OwnersFile;
            }

            using (StreamWriter writer = new(fresh, options))
            {
                writer.Write(token);
            }

            File.Move(fresh, path, overwrite: true);
            return Read() == token;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            TryDelete(fresh);
            throw HubErrors.CannotKeepToken(path, e);
        }
    }

    /// <inheritdoc/>
    /// <exception cref="ModelException">The file cannot be removed.</exception>
    public bool Delete()
    {
        try
        {
            bool there = File.Exists(path);
            File.Delete(path);
            return there;
        }
        catch (DirectoryNotFoundException)
        {
            return false;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw HubErrors.CannotKeepToken(path, e);
        }
    }

    /// <summary>A folder that exists keeps its mode: others may have reason to look into it.</summary>
    private static void CreateFolder(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
        }
        else
        {
            Directory.CreateDirectory(folder, OwnersFolder);
        }
    }

    private static void TryDelete(string file)
    {
        try
        {
            File.Delete(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The fault that is told says why.
        }
    }
}
