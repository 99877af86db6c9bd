using System.Runtime.InteropServices;

namespace LlmToolkit;

/// <summary>What stands behind a path.</summary>
public enum FileNodeKind
{
    /// <summary>Bytes on a disk: the only kind that is opened as a model.</summary>
    File,

    /// <summary>A folder.</summary>
    Directory,

    /// <summary>A pipe (FIFO): opening it waits for a writer.</summary>
    Pipe,

    /// <summary>A socket.</summary>
    Socket,

    /// <summary>A device that gives characters, such as <c>/dev/zero</c>.</summary>
    CharacterDevice,

    /// <summary>A disk or a part of one.</summary>
    BlockDevice,

    /// <summary>The system does not tell.</summary>
    Unknown,
}

/// <summary>What the system knows of a path without opening it; links are followed.</summary>
/// <param name="Kind">What stands there.</param>
/// <param name="Length">Bytes; 0 for what is no file.</param>
/// <param name="Links">Names the file has (hard links); null where the system does not tell.</param>
/// <param name="Inode">Number of the file on its disk; null where the system does not tell.</param>
/// <param name="Device">Number of the disk; null where the system does not tell.</param>
/// <param name="Modified">Time of the last write, in ns since 1970; null where the system does not tell.</param>
/// <param name="Changed">Time of the last change of content, name or rights, in ns since 1970: it moves even when a tool puts the time of writing back. Null where the system does not tell.</param>
public sealed partial record FileFacts(FileNodeKind Kind, long Length, long? Links = null, ulong? Inode = null, ulong? Device = null, long? Modified = null, long? Changed = null)
{
    private const int NoEntry = 2;
    private const int AccessDenied = 13;
    private const int NoDirectory = 20;
    private const int NameTooLong = 36;
    private const int LinkLoop = 40;

    /// <summary>Asks the system; null when nothing lies there.</summary>
    /// <exception cref="IOException">A link leads in a circle, or the system cannot tell.</exception>
    /// <exception cref="UnauthorizedAccessException">A folder on the way may not be entered.</exception>
    public static FileFacts? Of(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (path.Length == 0 || path.Contains('\0', StringComparison.Ordinal))
        {
            return null;
        }

        return OperatingSystem.IsLinux() && OfLinux(path, out FileFacts? facts) ? facts : OfAny(path);
    }

    private static FileFacts? OfAny(string path)
    {
        if (Directory.Exists(path))
        {
            return new FileFacts(FileNodeKind.Directory, 0);
        }

        FileInfo file = new(path);
        file = file.ResolveLinkTarget(returnFinalTarget: true) as FileInfo ?? file;
        return !file.Exists ? null
            : (file.Attributes & FileAttributes.Device) != 0 ? new FileFacts(FileNodeKind.CharacterDevice, 0)
            // Pipes, sockets and devices have no length, and neither has an empty file: no byte of either is read.
            : new FileFacts(file.Length == 0 ? FileNodeKind.Unknown : FileNodeKind.File, file.Length, Modified: (file.LastWriteTimeUtc - DateTime.UnixEpoch).Ticks * TimeSpan.NanosecondsPerTick);
    }

    /// <summary>False where the C library has no statx.</summary>
    private static bool OfLinux(string path, out FileFacts? facts)
    {
        const int currentFolder = -100;
        const uint typeLinksTimesInodeSize = 0x1 | 0x4 | 0x40 | 0x80 | 0x100 | 0x200;
        facts = null;
        Statx answer;
        int error;
        try
        {
            error = StatxOf(currentFolder, path, 0, typeLinksTimesInodeSize, out answer) == 0 ? 0 : Marshal.GetLastPInvokeError();
        }
        catch (EntryPointNotFoundException)
        {
            return false;
        }

        switch (error)
        {
            case 0:
                break;
            case NoEntry or NoDirectory:
                return true;
            case AccessDenied:
                throw new UnauthorizedAccessException($"Access to the path '{path}' is denied.");
            case LinkLoop:
                throw new IOException($"Too many links, or links in a circle: '{path}'.");
            case NameTooLong:
                throw new PathTooLongException($"The path of {path.Length} characters is longer than the system allows.");
            default:
                return false;
        }

        FileNodeKind kind = (answer.Mode & 0xF000) switch
        {
            0x8000 => FileNodeKind.File,
            0x4000 => FileNodeKind.Directory,
            0x1000 => FileNodeKind.Pipe,
            0xC000 => FileNodeKind.Socket,
            0x2000 => FileNodeKind.CharacterDevice,
            0x6000 => FileNodeKind.BlockDevice,
            _ => FileNodeKind.Unknown,
        };
        facts = new FileFacts(kind, kind == FileNodeKind.File ? (long)Math.Min(answer.Size, long.MaxValue) : 0, answer.Links, answer.Inode, ((ulong)answer.DeviceMajor << 32) | answer.DeviceMinor,
            Nanoseconds(answer.Modified, answer.ModifiedRest), Nanoseconds(answer.Changed, answer.ChangedRest));
        return true;
    }

    /// <summary>A time beyond what 64 bits of ns hold wraps: it is compared, not read.</summary>
    private static long Nanoseconds(long seconds, uint rest) => unchecked((seconds * 1_000_000_000) + rest);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatxOf(int folder, string path, int flags, uint mask, out Statx answer);

    /// <summary>Source: Linux, include/uapi/linux/stat.h (struct statx); the same on every processor.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct Statx
    {
        [FieldOffset(16)] public uint Links;
        [FieldOffset(28)] public ushort Mode;
        [FieldOffset(32)] public ulong Inode;
        [FieldOffset(40)] public ulong Size;
        [FieldOffset(96)] public long Changed;
        [FieldOffset(104)] public uint ChangedRest;
        [FieldOffset(112)] public long Modified;
        [FieldOffset(120)] public uint ModifiedRest;
        [FieldOffset(136)] public uint DeviceMajor;
        [FieldOffset(140)] public uint DeviceMinor;
    }
}
