using System.Globalization;

namespace LlmToolkit.Loading.Catalog;

/// <summary>What tells one state of a file from another without reading it.</summary>
/// <param name="Length">Bytes.</param>
/// <param name="Modified">Time of the last write, in ns.</param>
/// <param name="Changed">Time of the last change, in ns; 0 where the system has none.</param>
/// <param name="Inode">Number of the file on its disk; 0 where the system has none.</param>
/// <param name="Device">Number of its disk; 0 where the system has none.</param>
internal readonly record struct FileStamp(long Length, long Modified, long Changed, ulong Inode, ulong Device)
{
    /// <summary>The state of a file behind its links; null: it is absent, or no plain file.</summary>
    public static FileStamp? Of(string path) =>
        // A system that tells no kind says of an empty file what it says of a pipe; neither is opened here.
        Facts(path) is { Kind: FileNodeKind.File or FileNodeKind.Unknown } facts
            ? new FileStamp(facts.Length, facts.Modified ?? 0, facts.Changed ?? 0, facts.Inode ?? 0, facts.Device ?? 0)
            : null;

    /// <summary>The place of a folder behind its links, to meet each once; its full path where the system has no numbers; null: it is absent, or may not be looked at.</summary>
    public static string? Folder(string path) => Facts(path) switch
    {
        { Inode: { } inode, Device: { } device } => string.Create(CultureInfo.InvariantCulture, $"{device}:{inode}"),
        { } => new DirectoryInfo(path).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? path,
        null => null,
    };

    private static FileFacts? Facts(string path)
    {
        try
        {
            return FileFacts.Of(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
