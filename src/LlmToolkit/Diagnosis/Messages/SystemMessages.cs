namespace LlmToolkit.Diagnosis.Messages;

/// <summary>Texts of the operating system, for what users paste: exceptions are told by their numbers. English only; other languages have the numbers.</summary>
internal static class SystemMessages
{
    public static IReadOnlyList<KnownMessage> All { get; } =
    [
        new("[WinError 1314]", s => Windows(1314, s)),
        new("[WinError 206]", s => Windows(206, s)),
        new("[WinError 32]", s => Windows(32, s)),
        new("[WinError 112]", s => Windows(112, s)),
        new("[WinError 5]", s => Windows(5, s)),
        new("os error 1455", s => Windows(1455, s)),
        new("[WinError 1455]", s => Windows(1455, s)),
        new("The paging file is too small for this operation to complete", s => Windows(1455, s)),
        new("A required privilege is not held by the client", s => Windows(1314, s)),
        new("No space left on device", s => Unix(28, s)),
        new("There is not enough space on the disk", s => Windows(112, s)),
        new("Disk quota exceeded", s => Unix(122, s)),
        new("Too many open files in system", s => Unix(23, s)),
        new("Too many open files", s => Unix(24, s)),
        new("being used by another process", s => Windows(32, s)),
        new("Read-only file system", s => Unix(30, s)),
        new("Stale file handle", s => Unix(116, s)),
        new("Stale NFS file handle", s => Unix(116, s)),
        new("File name too long", s => Unix(36, s)),
        new("PathTooLongException", s => Windows(206, s)),
        new("File too large", s => Unix(27, s)),
        new("Too many levels of symbolic links", s => Unix(40, s)),
        new("Input/output error", s => Unix(5, s)),
        new("Cannot allocate memory", s => Unix(12, s)),
        new("Permission denied", s => Unix(13, s)),
        new("Access to the path * is denied", s => Unix(13, s)),
        new("No such file or directory", s => Unix(2, s)),
        new("System.OutOfMemoryException", DeviceMemoryErrors.ManagedHeap),
        new("OOMKilled", DeviceMemoryErrors.Killed),
        new("exit code 137", DeviceMemoryErrors.Killed),
        new("oom-kill", DeviceMemoryErrors.Killed),
        new("Illegal instruction", NativeErrors.IllegalInstruction),
        new("trap invalid opcode", NativeErrors.IllegalInstruction),
        new("0xC000001D", NativeErrors.IllegalInstruction),
        new("exit code 132", NativeErrors.IllegalInstruction),
        new("Bus error", NativeErrors.BusError),
        new("SIGBUS", NativeErrors.BusError),
        new("Segmentation fault", NativeErrors.Segfault),
        new("SIGSEGV", NativeErrors.Segfault),
        new("0xC0000005", NativeErrors.Segfault),
        new("SIGABRT", NativeErrors.Aborted),
        new("Aborted (core dumped)", NativeErrors.Aborted),
        new("exit code 134", NativeErrors.Aborted),
    ];

    private static Diagnostic Unix(int number, string said) => SystemFaults.Explain(Local(number), null, windows: false)! with { Evidence = said };

    private static Diagnostic Windows(int number, string said) => SystemFaults.Explain(number, null, windows: true)! with { Evidence = said };

    /// <summary>The number that this system has for what Linux numbers so.</summary>
    private static int Local(int number) => !OperatingSystem.IsMacOS() ? number : number switch { 36 => 63, 40 => 62, 116 => 70, 122 => 69, _ => number };
}
