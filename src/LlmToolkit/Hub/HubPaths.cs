using System.Buffers;
using System.Text;

namespace LlmToolkit.Hub;

/// <summary>Names from outside are judged once, here, before they become a part of a path or of an address.</summary>
/// <remarks>What leads out of a folder under the rules of any system is refused on all: a cache is shared and copied between them. What a system merely cannot keep (device names, <c>:</c>) is refused only there.</remarks>
public static class HubPaths
{
    /// <summary>Longest path of a file or name of a revision, in characters. PATH_MAX of Linux is 4,096 bytes for the whole path.</summary>
    private const int MaxPathLength = 2048;

    /// <summary>Longest name between two slashes, in bytes of UTF-8: NAME_MAX of Linux and macOS, and near to NTFS's 255 characters.</summary>
    private const int MaxNameBytes = 255;

    /// <summary>Longest etag. A SHA-512 in hexadecimal has 128 digits; suffixes of locks and partials still fit into a file name.</summary>
    private const int MaxEtagLength = 128;

    private const int CommitLength = 40;

    private static readonly SearchValues<char> s_etag = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-");
    private static readonly SearchValues<char> s_lowerHex = SearchValues.Create("0123456789abcdef");
    private static readonly SearchValues<char> s_notOnWindows = SearchValues.Create("<>:\"|?*\\");

    /// <summary>What git forbids in the name of a branch or tag (git-check-ref-format).</summary>
    private static readonly SearchValues<char> s_notInRevision = SearchValues.Create(" ~^:?*[\\");

    private static readonly HashSet<string> s_devices = new(
        ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", .. Enumerable.Range(0, 10).SelectMany(i => (string[])[$"COM{i}", $"LPT{i}"]), "COM¹", "COM²", "COM³", "LPT¹", "LPT²", "LPT³"],
        StringComparer.OrdinalIgnoreCase);

    /// <summary>True when a file's path in a repository stays below any folder it is joined to, whatever the system, and this system can keep it.</summary>
    public static bool IsSafeFile(string? path) => IsSafeFile(path, OperatingSystem.IsWindows());

    /// <summary>True when an etag (without quotes) can be the name of a blob: 1-128 letters, digits, <c>_</c>, <c>.</c>, <c>-</c>, and no name that means something else.</summary>
    public static bool IsSafeEtag(string? etag) =>
        etag is { Length: > 0 and <= MaxEtagLength }
        && !etag.AsSpan().ContainsAnyExcept(s_etag)
        && !etag.StartsWith('.')
        && !etag.EndsWith('.')
        && !IsDevice(etag)
        // The cache's own names: a partial download, a lock.
        && !etag.EndsWith(".incomplete", StringComparison.OrdinalIgnoreCase)
        && !etag.EndsWith(".lock", StringComparison.OrdinalIgnoreCase);

    /// <summary>True for a whole commit: exactly 40 lower-case hexadecimal digits.</summary>
    public static bool IsCommit(string? text) => text is { Length: CommitLength } && !text.AsSpan().ContainsAnyExcept(s_lowerHex);

    /// <summary>True when a text can be a branch, a tag, a <c>refs/pr/N</c> or a commit, and is safe as a path below <c>refs</c>.</summary>
    public static bool IsSafeRevision(string? revision) =>
        IsSafeFile(revision)
        && !revision!.AsSpan().ContainsAny(s_notInRevision)
        && !revision!.Contains("..", StringComparison.Ordinal)
        && !revision.Contains("@{", StringComparison.Ordinal)
        && revision.Split('/').All(name => !name.StartsWith('.') && !name.EndsWith('.') && !name.EndsWith(".lock", StringComparison.OrdinalIgnoreCase));

    /// <summary>A revision in an address: <c>/</c> is encoded too.</summary>
    public static string EncodeRevision(string revision) => Uri.EscapeDataString(revision);

    /// <summary>A file's path in an address: <c>/</c> stays.</summary>
    public static string EncodePath(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return string.Join('/', path.Split('/').Select(Uri.EscapeDataString));
    }

    /// <summary>The first pair of paths that a disk without regard to case (Windows, macOS) cannot keep apart: the same name twice, or a file where the other has a folder. Null: there is none.</summary>
    public static (string First, string Second)? Collision(IEnumerable<string> paths)
    {
        ArgumentNullException.ThrowIfNull(paths);
        return Collision(paths, StringComparer.OrdinalIgnoreCase);
    }

    internal static (string First, string Second)? Collision(IEnumerable<string> paths, StringComparer comparer)
    {
        Dictionary<string, string> files = new(comparer);
        Dictionary<string, string> folders = new(comparer);
        foreach (string path in paths)
        {
            if (!files.TryAdd(path, path))
            {
                return (files[path], path);
            }

            if (folders.TryGetValue(path, out string? inside))
            {
                return (inside, path);
            }

            for (int slash = path.LastIndexOf('/'); slash > 0; slash = path.LastIndexOf('/', slash - 1))
            {
                string folder = path[..slash];
                if (files.TryGetValue(folder, out string? file))
                {
                    return (file, path);
                }

                if (!folders.TryAdd(folder, path))
                {
                    // Whoever came first has put the folders above it too.
                    break;
                }
            }
        }

        return null;
    }

    internal static bool IsSafeFile(string? path, bool windows)
    {
        if (path is not { Length: > 0 and <= MaxPathLength } || IsDrive(path))
        {
            return false;
        }

        // A backslash is a letter to Linux and a separator to Windows: no part may lead away under either reading.
        foreach (Range part in path.AsSpan().SplitAny('/', '\\'))
        {
            if (path.AsSpan()[part] is "" or "." or "..")
            {
                return false;
            }
        }

        return path.Split('/').All(name => IsSafeName(name, windows));
    }

    /// <summary><c>C:</c> at the beginning: absolute, or relative to another folder, on Windows.</summary>
    private static bool IsDrive(string path) => path.Length >= 2 && char.IsAsciiLetter(path[0]) && path[1] == ':';

    private static bool IsSafeName(string name, bool windows)
    {
        foreach (Rune rune in name.EnumerateRunes())
        {
            // U+FFFD stands for half of a surrogate pair here, which UTF-8 cannot carry.
            if (Rune.IsControl(rune) || (rune == Rune.ReplacementChar && !name.Contains('\uFFFD', StringComparison.Ordinal)))
            {
                return false;
            }
        }

        return Encoding.UTF8.GetByteCount(name) <= MaxNameBytes
            // No repository can hold such a folder; in a folder of the user's, its hooks would be run by git.
            && !name.Equals(".git", StringComparison.OrdinalIgnoreCase)
            && !(windows && (name.AsSpan().ContainsAny(s_notOnWindows) || name[^1] is '.' or ' ' || IsDevice(name) || name.Equals("GIT~1", StringComparison.OrdinalIgnoreCase)));
    }

    /// <summary>Windows takes <c>nul</c>, <c>nul.txt</c> and <c>nul .txt</c> for the device.</summary>
    private static bool IsDevice(string name)
    {
        int end = name.IndexOf('.', StringComparison.Ordinal);
        return s_devices.Contains((end < 0 ? name : name[..end]).TrimEnd(' '));
    }
}
