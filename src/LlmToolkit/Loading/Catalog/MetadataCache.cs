using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using LlmToolkit.Loading.Catalog;

namespace LlmToolkit;

/// <summary>What a cache of metadata holds.</summary>
/// <param name="Folder">Where it lies; null: nothing is kept.</param>
/// <param name="Entries">Number of models.</param>
/// <param name="Bytes">Bytes on disk.</param>
public sealed record CacheInfo(string? Folder, int Entries, long Bytes);

/// <summary>Facts of models that were looked at, kept on disk until one of their files changes: its path, size, time of writing (ns) and inode are the key.</summary>
/// <remarks>
/// A cache only saves time: where it cannot be read or written everything works without it. Several processes may use one; entries are written beside and renamed.
/// The files are the user's alone, because they tell the names of models and folders.
/// </remarks>
public sealed class MetadataCache
{
    /// <summary>Changes with the form of the entries.</summary>
    private const int Schema = 1;

    /// <summary>Names the folder that is used in place of the system's.</summary>
    private const string Variable = "LLMTK_CACHE";

    private const string Ending = ".json";
    private const string Unfinished = ".tmp";

    /// <summary>Hex digits of a file's name.</summary>
    private const int NameLength = 32;

    /// <summary>An entry takes some 2 KiB; one above this is damaged.</summary>
    private const int MaxEntryBytes = 4 << 20;

    private static readonly SearchValues<char> s_digits = SearchValues.Create("0123456789abcdef");

    private readonly long _maxBytes;
    private volatile bool _isReadOnly;
    private int _written;

    /// <summary>Uses a folder, which is made when it is needed.</summary>
    /// <param name="folder">The folder; null: the system's place for caches, or the one named by LLMTK_CACHE.</param>
    /// <param name="maxBytes">Most bytes on disk; the oldest entries go first. Default: 64 MiB, some 20,000 models.</param>
    public MetadataCache(string? folder = null, long maxBytes = 64 << 20)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(maxBytes);
        _maxBytes = maxBytes;
        string? root = folder ?? DefaultFolder();
        Folder = root is null ? null : Path.Combine(Path.GetFullPath(root), "metadata");
    }

    private MetadataCache() => _isReadOnly = true;

    /// <summary>Keeps nothing.</summary>
    public static MetadataCache None { get; } = new();

    /// <summary>Where the entries lie; null: there is no place for them.</summary>
    public string? Folder { get; }

    /// <summary>What it holds now.</summary>
    public CacheInfo Info()
    {
        FileInfo[] files = Files();
        return new CacheInfo(Folder, files.Count(f => f.Extension == Ending), files.Sum(f => f.Length));
    }

    /// <summary>Removes every entry and nothing else.</summary>
    /// <returns>What was removed.</returns>
    public CacheInfo Clear()
    {
        (int entries, long bytes) = (0, 0);
        foreach (FileInfo file in Files())
        {
            long length = file.Length;
            if (Quietly(file.Delete))
            {
                entries += file.Extension == Ending ? 1 : 0;
                bytes += length;
            }
        }

        return new CacheInfo(Folder, entries, bytes);
    }

    /// <summary>What was kept of an entry in this state.</summary>
    internal bool TryGet(string toolkit, string path, string stamp, out CatalogEntry? entry)
    {
        entry = null;
        if (Folder is null)
        {
            return false;
        }

        try
        {
            using FileStream file = new(FileOf(path), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1);
            if (file.Length is 0 or > MaxEntryBytes)
            {
                return false;
            }

            byte[] bytes = new byte[file.Length];
            file.ReadExactly(bytes);
            if (JsonSerializer.Deserialize(bytes, CatalogJson.Default.CachedEntry) is not { } kept || kept.Toolkit != Made(toolkit) || kept.Path != path || kept.Stamp != stamp)
            {
                return false;
            }

            entry = kept.Entry is null ? null : kept.Entry with { FromCache = true };
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or ArgumentException or NotSupportedException or InvalidOperationException)
        {
            // Absent, cut, or of another hand: looked at anew, and written again.
            return false;
        }
    }

    /// <summary>Keeps an entry.</summary>
    internal void Set(string toolkit, string path, string stamp, CatalogEntry? entry)
    {
        if (_isReadOnly || Folder is null)
        {
            return;
        }

        string target = FileOf(path);
        string beside = $"{target}.{Guid.NewGuid():N}{Unfinished}";
        byte[] bytes = JsonSerializer.SerializeToUtf8Bytes(new CachedEntry(Made(toolkit), path, stamp, entry), CatalogJson.Default.CachedEntry);
        if (bytes.Length > MaxEntryBytes)
        {
            return;
        }

        try
        {
            Write(beside, bytes);
            File.Move(beside, target, overwrite: true);
            Interlocked.Increment(ref _written);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Read-only, full, or another process is renaming the same entry: the answer is right all the same.
            Quietly(() => File.Delete(beside));
            _isReadOnly = !File.Exists(target);
        }
    }

    /// <summary>Called when a listing is done: removes the oldest entries above the bound, and what a process left unfinished.</summary>
    internal void Trim()
    {
        if (Interlocked.Exchange(ref _written, 0) == 0)
        {
            return;
        }

        DateTime now = DateTime.UtcNow;
        FileInfo[] files = Files();
        foreach (FileInfo left in files.Where(f => f.Extension == Unfinished && f.LastWriteTimeUtc < now.AddHours(-1)))
        {
            Quietly(left.Delete);
        }

        long bytes = files.Sum(f => f.Length);
        foreach (FileInfo oldest in files.Where(f => f.Extension == Ending).OrderBy(f => f.LastWriteTimeUtc))
        {
            if (bytes <= _maxBytes)
            {
                return;
            }

            bytes -= oldest.Length;
            Quietly(oldest.Delete);
        }
    }

    private static string Made(string toolkit) => $"{Schema} {toolkit}";

    private static string? DefaultFolder()
    {
        string? Named(string variable) => Environment.GetEnvironmentVariable(variable) is { Length: > 0 } value && Path.IsPathFullyQualified(value) ? value : null;
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } own)
        {
            return own;
        }

        string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        string? root = OperatingSystem.IsWindows() ? Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData)
            : OperatingSystem.IsMacOS() ? home.Length == 0 ? null : Path.Combine(home, "Library", "Caches")
            : Named("XDG_CACHE_HOME") ?? (home.Length == 0 ? null : Path.Combine(home, ".cache"));
        return string.IsNullOrEmpty(root) ? null : Path.Combine(root, "llmtk");
    }

    private string FileOf(string path) => Path.Combine(Folder!, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(path)).AsSpan(0, NameLength / 2)) + Ending);

    private void Write(string path, byte[] bytes)
    {
        try
        {
            WriteNew(path, bytes);
        }
        catch (DirectoryNotFoundException)
        {
            if (OperatingSystem.IsWindows())
            {
                Directory.CreateDirectory(Folder!);
            }
            else
            {
                Directory.CreateDirectory(Folder!, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            }

            WriteNew(path, bytes);
        }
    }

    private static void WriteNew(string path, byte[] bytes)
    {
        FileStreamOptions options = new() { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None, BufferSize = 1 };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using FileStream file = new(path, options);
        file.Write(bytes);
    }

    private FileInfo[] Files()
    {
        FileInfo[] files = [];
        _ = Folder is not null && Quietly(() => files = [.. new DirectoryInfo(Folder).EnumerateFiles().Where(IsOurs)]);
        return files;
    }

    /// <summary>By name, so that a folder that was named by mistake loses nothing.</summary>
    private static bool IsOurs(FileInfo file) =>
        file.Extension is Ending or Unfinished && file.Name.Length > NameLength && file.Name[NameLength] == '.' && !file.Name.AsSpan(0, NameLength).ContainsAnyExcept(s_digits) && file.Exists;

    private static bool Quietly(Action action)
    {
        try
        {
            action();
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
