using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace LlmToolkit.Formats.Shared;

/// <summary>A file of any length that takes no room.</summary>
internal static partial class SparseFile
{
    private const uint SetSparse = 0x000900C4;

    /// <summary>Makes one. It stays open to others.</summary>
    public static SafeFileHandle Create(string path, long length)
    {
        SafeFileHandle handle = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        if (OperatingSystem.IsWindows())
        {
            // Elsewhere every file is. A file system that refuses reserves the room; its own error tells if there is none.
            _ = DeviceIoControl(handle, SetSparse, 0, 0, 0, 0, out _, 0);
        }

        RandomAccess.SetLength(handle, length);
        return handle;
    }

    [LibraryImport("kernel32", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool DeviceIoControl(SafeFileHandle file, uint code, nint input, int inputBytes, nint output, int outputBytes, out int returned, nint overlapped);
}
