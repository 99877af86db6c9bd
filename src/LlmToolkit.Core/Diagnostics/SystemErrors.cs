namespace LlmToolkit;

/// <summary>Faults that the operating system reports, LT1540-LT1569, and its refusals of memory, LT5100-LT5109.</summary>
internal static class SystemErrors
{
    /// <summary>Nothing lies at the path.</summary>
    public static Diagnostic NotFound(string? path) => Fault(
        "LT1540", path, $"{Name(path)} does not exist.", "The file was moved or deleted, the path is misspelt, or it is relative to another current directory.",
        ["Check the spelling, capitals and the current directory.", "Download the file again."], evidence: path is null ? null : $"looked for {Full(path)}", certainty: Certainty.Possible);

    /// <summary>The system denies access.</summary>
    public static Diagnostic Denied(string? path)
    {
        string? where = path is null ? null : Rights(path);
        return Fault(
            "LT1541", path, $"{Name(path)} cannot be accessed: the system denies it to this user.",
            "The permissions of the file or of a folder above it leave this user out; a container, SELinux, snap or flatpak may do so too.",
            [path is null ? "Give this user the right to read the file." : $"Give this user the right: chmod u+r '{path}', or chown it; folders above need x.", "Copy the file to a folder of your own and use the copy.", "Where the program is confined (container, snap, flatpak), give it access to that folder."],
            evidence: where, certainty: Certainty.Likely);
    }

    /// <summary>The disk is full.</summary>
    public static Diagnostic DiskFull(string? path) => Fault(
        "LT1542", path, $"There is no space left on the disk{(path is null ? "" : $" of {Name(path)}")}.", "The disk, or the small volume that holds the folder (/tmp, a container's layer, a cache), is full.",
        ["Free space there: delete what is not needed, old models in the cache first.", "Write to another disk; the cache of the Hub moves with HF_HOME."],
        evidence: path is null ? null : Space(path), kind: FaultKind.DoesNotFit, category: ErrorCategory.Memory);

    /// <summary>The user's disk quota is used up.</summary>
    public static Diagnostic QuotaFull(string? path) => Fault(
        "LT1543", path, "Your quota on this disk is used up.", "The administrator limits the space of each user; the disk itself may have room.",
        ["Delete files of yours there.", "Write to another disk, or ask for a larger quota."], kind: FaultKind.DoesNotFit, category: ErrorCategory.Memory);

    /// <summary>Too many files are open.</summary>
    public static Diagnostic TooManyOpen(string? path, bool wholeSystem) => Fault(
        "LT1544", path, wholeSystem ? "The system has as many files open as it can." : "This process has as many files open as it may.",
        wholeSystem ? "All programs together reached the system's limit (fs.file-max)." : "A model of many shards, or a server with many connections, reached the limit of open files.",
        [wholeSystem ? "Raise the limit: sysctl fs.file-max." : "Raise the limit and start again: ulimit -n 65536 (LimitNOFILE in a systemd unit).", "Close programs that hold many files open.", "Use the model in one file or in fewer shards."],
        kind: FaultKind.DoesNotFit, category: ErrorCategory.Hardware);

    /// <summary>Another program uses the file.</summary>
    public static Diagnostic InUse(string? path) => Fault(
        "LT1545", path, $"{Name(path)} is in use by another program.", "An antivirus scanner, a download that still runs, or another program holds the file.",
        ["Wait a moment and try again.", "Close the other program.", "Exclude the model folder from the antivirus scanner."], severity: Severity.Medium, certainty: Certainty.Likely);

    /// <summary>The path is too long.</summary>
    public static Diagnostic PathTooLong(string? path) => Fault(
        "LT1546", path, $"The path is too long for the system{(path is null ? "" : $": {path.Length} characters")}.", "Windows allows 260 characters where long paths are off; Linux allows 255 bytes a name and 4096 a path.",
        ["Use a shorter folder, such as C:\\models.", "On Windows, turn long paths on: LongPathsEnabled = 1 under HKLM\\SYSTEM\\CurrentControlSet\\Control\\FileSystem."], kind: FaultKind.Usage);

    /// <summary>The disk reports a fault.</summary>
    public static Diagnostic DeviceFault(string? path) => Fault(
        "LT1547", path, $"The disk reports a fault while {Name(path)} is read or written.", "The disk or its cable is failing, or a network disk lost its server.",
        ["Copy what can still be read to another disk.", "Look at the system's log (dmesg, the event log) and test the disk.", "Download the file again to a healthy disk."], severity: Severity.Critical, category: ErrorCategory.Hardware, certainty: Certainty.Likely);

    /// <summary>The device is gone.</summary>
    public static Diagnostic DeviceGone(string? path) => Fault(
        "LT1548", path, $"The device of {Name(path)} is not there.", "A disk was unplugged, or the path names a device that does not exist.",
        ["Plug the disk in again, or mount it.", "Copy the model to a local disk."], category: ErrorCategory.Hardware, certainty: Certainty.Likely);

    /// <summary>A network share went away.</summary>
    public static Diagnostic StaleShare(string? path) => Fault(
        "LT1549", path, $"The network share of {Name(path)} went away.", "The server was restarted, the connection broke, or the file was replaced on the server.",
        ["Copy the model to a local disk and use the copy.", "Mount the share again."], category: ErrorCategory.Network, certainty: Certainty.Likely);

    /// <summary>The file is too large for the file system.</summary>
    public static Diagnostic TooLarge(string? path) => Fault(
        "LT1550", path, $"{Name(path)} becomes larger than the disk's file system allows.", "FAT32 ends at 4 GiB a file; a limit of the process (ulimit -f) does the same.",
        ["Write to a disk with another file system (NTFS, exFAT, ext4, APFS).", "Use a model that is split into shards."], kind: FaultKind.DoesNotFit, category: ErrorCategory.Memory, certainty: Certainty.Likely);

    /// <summary>The file system is read-only.</summary>
    public static Diagnostic ReadOnly(string? path) => Fault(
        "LT1551", path, $"{Name(path)} lies on a file system that is mounted read-only.", "A container's layer, a mounted image, or a disk that the system locked after a fault.",
        ["Write to another folder.", "Mount the volume writable."], kind: FaultKind.Usage, category: ErrorCategory.Usage);

    /// <summary>Links lead in a circle.</summary>
    public static Diagnostic LinkLoop(string? path) => Fault(
        "LT1552", path, $"{Name(path)} is a link that leads back to itself.", "Symbolic links point at each other in a circle, or there are more than the system follows.",
        ["Replace the link by the file itself.", "Download the file again."]);

    /// <summary>Windows grants no right to make links.</summary>
    public static Diagnostic NoPrivilege(string? path) => Fault(
        "LT1553", path, "Windows grants this user no right to make symbolic links.", "Links need developer mode or an administrator.",
        ["Turn developer mode on (Settings, For developers).", "Nothing needs to be done where files are copied instead."], severity: Severity.Low, kind: FaultKind.Unsupported, category: ErrorCategory.Hardware);

    /// <summary>The name is not allowed.</summary>
    public static Diagnostic BadName(string? path) => Fault(
        "LT1554", path, $"{Name(path)} is no name that this system allows.", "The name holds a character such as : ? * < > | or is a reserved one (con, aux, nul).",
        ["Rename the file.", "Check the path for stray quotes and colons."], kind: FaultKind.Usage, category: ErrorCategory.Usage);

    /// <summary>The file ended early.</summary>
    public static Diagnostic EndOfFile(string? path) => Fault(
        "LT1555", path, $"{Name(path)} ended before all that was expected of it.", "The download or copy was cut off, or the file was cut while it was read.",
        ["Download the file again and compare its size with the one that the source states.", "Check that nothing writes the file while it is used."], certainty: Certainty.Likely);

    /// <summary>The system gave no address space.</summary>
    public static Diagnostic NoAddressSpace(string? path) => Fault(
        "LT5100", path, $"The system refused to map {Name(path)}: no memory or address space (ENOMEM).",
        IntPtr.Size == 4 ? "A 32-bit process has room for 2 to 4 GiB." : "A limit of the process (ulimit -v), of overcommitting (vm.overcommit_memory = 2) or of mappings (vm.max_map_count) was reached; free memory does not matter here.",
        ["Lift the limit and start again: ulimit -v unlimited.", "Raise vm.max_map_count, or set vm.overcommit_memory to 0.", "Use a 64-bit runtime."], kind: FaultKind.DoesNotFit, category: ErrorCategory.Memory, certainty: Certainty.Likely);

    /// <summary>The system has no memory left.</summary>
    public static Diagnostic NoMemory(string? path) => Fault(
        "LT5101", path, "The system has no memory left for this.", "Other programs and the model together need more than the machine has.",
        ["Close other programs.", "Use a smaller quantization, or a shorter context (--context).", "Run `llmtk plan MODEL` to see what fits."], kind: FaultKind.DoesNotFit, category: ErrorCategory.Memory, certainty: Certainty.Likely);

    /// <summary>The paging file is too small.</summary>
    public static Diagnostic PageFile(string? path) => Fault(
        "LT5102", path, "Windows has no commit left: the paging file is too small (error 1455).", "Memory that is promised to programs has reached main memory plus paging file, even if main memory is free.",
        ["Enlarge the paging file (System, Advanced, Performance, Virtual memory), or let Windows choose its size.", "Close other programs.", "Use a smaller quantization, or a shorter context (--context)."], kind: FaultKind.DoesNotFit, category: ErrorCategory.Memory);

    private static string Name(string? path) => path is null ? "The file" : Path.GetFileName(Path.TrimEndingDirectorySeparator(path)) is { Length: > 0 } name ? name : path;

    private static string Full(string path)
    {
        try
        {
            return Path.GetFullPath(path);
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException or IOException)
        {
            return path;
        }
    }

    /// <summary>The rights of the first thing on the way that this user may not pass.</summary>
    private static string? Rights(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return null;
        }

        try
        {
            string full = Path.GetFullPath(path);
            return $"user {Environment.UserName}, mode {Convert.ToString((int)File.GetUnixFileMode(full), 8)} of {full}";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return $"a folder above {path} is closed";
        }
    }

    private static string? Space(string path)
    {
        try
        {
            DriveInfo drive = new(Path.GetDirectoryName(Path.GetFullPath(path)) ?? "/");
            return $"{drive.AvailableFreeSpace} bytes free on {drive.Name}";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }

    private static Diagnostic Fault(
        string code, string? file, string message, string cause, IReadOnlyList<string> fixes, string? evidence = null, Severity severity = Severity.High,
        FaultKind kind = FaultKind.Refused, ErrorCategory category = ErrorCategory.Format, Certainty certainty = Certainty.Certain) => new()
        {
            Code = code,
            Message = message,
            Kind = kind,
            Category = category,
            Severity = severity,
            File = file,
            Evidence = evidence,
            Cause = cause,
            Certainty = certainty,
            Fixes = fixes,
        };
}
