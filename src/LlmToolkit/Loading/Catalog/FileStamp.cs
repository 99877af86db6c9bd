using System.Globalization;
using System.Runtime.InteropServices;

namespace LlmToolkit.Loading.Catalog;

/// <summary>What tells one state of a file from another without reading it.</summary>
/// <param name="Length">Bytes.</param>
/// <param name="Modified">Time of the last write, in ns.</param>
/// <param name="Changed">Time of the last change of content, name or rights, in ns: it moves even when a tool puts the time of writing back. 0 where the system has none.</param>
/// <param name="Inode">Number of the file on its disk; 0 where the system has none.</param>
/// <param name="Device">Number of its disk; 0 where the system has none.</param>
internal readonly record struct FileStamp(long Length, long Modified, long Changed, long Inode, long Device)
{
    private const int RegularFile = 0x8000;
    private const int FileType = 0xF000;

    private static readonly bool s_hasStat = !OperatingSystem.IsWindows() && Works();

    /// <summary>The state of a file behind its links; null: it is absent, or no plain file.</summary>
    public static FileStamp? Of(string path)
    {
        if (s_hasStat)
        {
            return Stat(path, out FileStatus status) == 0 && (status.Mode & FileType) == RegularFile ? Stamp(status) : null;
        }

        try
        {
            FileInfo file = new(path);
            FileInfo target = file.ResolveLinkTarget(returnFinalTarget: true) as FileInfo ?? file;
            return target.Exists ? new FileStamp(target.Length, Nanoseconds(target.LastWriteTimeUtc), 0, 0, 0) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The place of a folder behind its links, to meet each once; its full path where the system has no numbers.</summary>
    public static string? Folder(string path) =>
        s_hasStat ? Stat(path, out FileStatus status) == 0 ? string.Create(CultureInfo.InvariantCulture, $"{status.Dev}:{status.Ino}") : null
        : new DirectoryInfo(path).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? path;

    private static FileStamp Stamp(FileStatus status) => new(
        status.Size, Nanoseconds(status.MTime, status.MTimeNsec), Nanoseconds(status.CTime, status.CTimeNsec), status.Ino, status.Dev);

    private static long Nanoseconds(long seconds, long rest) => unchecked((seconds * 1_000_000_000) + rest);

    private static long Nanoseconds(DateTime time) => (time - DateTime.UnixEpoch).Ticks * TimeSpan.NanosecondsPerTick;

    /// <summary>The runtime's own call, whose layout is the same on every Unix; it is no promise of the runtime, so what it says is compared with what is known.</summary>
    private static bool Works()
    {
        try
        {
            FileInfo known = new(Environment.ProcessPath ?? "");
            known = known.ResolveLinkTarget(returnFinalTarget: true) as FileInfo ?? known;
            return Stat(known.FullName, out FileStatus status) == 0
                && status.Size == known.Length
                && (status.Mode & FileType) == RegularFile
                && Nanoseconds(status.MTime, status.MTimeNsec) / TimeSpan.NanosecondsPerTick == (known.LastWriteTimeUtc - DateTime.UnixEpoch).Ticks;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or DllNotFoundException or EntryPointNotFoundException or ArgumentException)
        {
            return false;
        }
    }

    [DllImport("libSystem.Native", EntryPoint = "SystemNative_Stat", SetLastError = false)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories | DllImportSearchPath.AssemblyDirectory)]
    private static extern int Stat([MarshalAs(UnmanagedType.LPUTF8Str)] string path, out FileStatus status);

    /// <summary>Source: dotnet/runtime, src/native/libs/System.Native/pal_io.h (FileStatus).</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct FileStatus
    {
        public int Flags;
        public int Mode;
        public uint Uid;
        public uint Gid;
        public long Size;
        public long ATime;
        public long ATimeNsec;
        public long MTime;
        public long MTimeNsec;
        public long CTime;
        public long CTimeNsec;
        public long BirthTime;
        public long BirthTimeNsec;
        public long Dev;
        public long RDev;
        public long Ino;
        public uint UserFlags;
    }
}
