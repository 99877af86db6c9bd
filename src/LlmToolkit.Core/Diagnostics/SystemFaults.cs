using System.ComponentModel;

namespace LlmToolkit;

/// <summary>What the operating system means by an error number. The numbers decide, never the text: it is translated on many systems.</summary>
public static class SystemFaults
{
    /// <summary>The explanation of a fault of files or memory, or null when the exception is none.</summary>
    /// <param name="exception">What was thrown by the framework.</param>
    /// <param name="path">The file or folder in work; null: not known, the exception may know it.</param>
    public static Diagnostic? Explain(Exception exception, string? path = null)
    {
        ArgumentNullException.ThrowIfNull(exception);
        path ??= (exception as FileNotFoundException)?.FileName;
        return exception switch
        {
            FileNotFoundException or DirectoryNotFoundException => SystemErrors.NotFound(path),
            PathTooLongException => SystemErrors.PathTooLong(path),
            UnauthorizedAccessException => Number(exception) is int denied && ByNumber(denied, path, exception) is { } told ? told : SystemErrors.Denied(path),
            EndOfStreamException => SystemErrors.EndOfFile(path),
            InsufficientMemoryException => SystemErrors.NoMemory(path),
            // OutOfMemoryException with an errno is a mapping that the system refused; without one it is the managed heap's (explained elsewhere).
            IOException or Win32Exception => Number(exception) is int number ? ByNumber(number, path, exception) : null,
            _ => null,
        };
    }

    /// <summary>A diagnostic of what failed, with cause and cure as the system's number tells them; unchanged where it tells nothing.</summary>
    /// <param name="general">What failed.</param>
    /// <param name="exception">What was thrown by the framework.</param>
    /// <param name="path">The file or folder in work.</param>
    public static Diagnostic Refine(Diagnostic general, Exception exception, string? path)
    {
        ArgumentNullException.ThrowIfNull(general);
        return Explain(exception, path) is { } known ? general with { Evidence = known.Evidence, Cause = known.Cause, Certainty = known.Certainty, Fixes = known.Fixes } : general;
    }

    /// <summary>The explanation of an error number alone, or null when it is not one of files or memory.</summary>
    /// <param name="number">errno on Unix; on Windows the system's error code.</param>
    /// <param name="path">The file or folder in work.</param>
    /// <param name="windows">True when <paramref name="number"/> is one of Windows.</param>
    public static Diagnostic? Explain(int number, string? path, bool windows) => windows ? Windows(number, path) : Unix(number, path);

    private static Diagnostic? ByNumber(int number, string? path, Exception exception)
    {
        // 0x8007xxxx carries a Windows code on every system; small numbers are errno, which .NET passes on as they are.
        bool windows = ((uint)number & 0xFFFF0000) == 0x80070000;
        Diagnostic? known = windows ? Windows(number & 0xFFFF, path) : number is > 0 and < 4096 && !OperatingSystem.IsWindows() ? Unix(number, path) : number is > 0 and < 16384 ? Windows(number, path) : null;
        return known is null ? null : known with { Evidence = $"{(known.Evidence is null ? "" : known.Evidence + "; ")}{(windows ? $"HResult 0x{(uint)number:X8}" : $"system error {number}")}, {exception.GetType().Name}" };
    }

    private static int? Number(Exception exception) => exception switch
    {
        Win32Exception native => native.NativeErrorCode,
        // .NET wraps EACCES and EPERM: the number is the inner exception's.
        UnauthorizedAccessException { InnerException: IOException inner } => inner.HResult,
        UnauthorizedAccessException => null,
        // COR_E_IO and its kin say nothing.
        { HResult: unchecked((int)0x80131620) or unchecked((int)0x80131500) } => null,
        _ => exception.HResult,
    };

    private static Diagnostic? Unix(int errno, string? path) => errno switch
    {
        1 or 13 => SystemErrors.Denied(path),
        2 => SystemErrors.NotFound(path),
        5 => SystemErrors.DeviceFault(path),
        6 or 19 => SystemErrors.DeviceGone(path),
        11 or 16 or 26 => SystemErrors.InUse(path),
        12 => SystemErrors.NoAddressSpace(path),
        23 => SystemErrors.TooManyOpen(path, wholeSystem: true),
        24 => SystemErrors.TooManyOpen(path, wholeSystem: false),
        27 => SystemErrors.TooLarge(path),
        28 => SystemErrors.DiskFull(path),
        30 => SystemErrors.ReadOnly(path),
        // Linux and macOS number these differently.
        36 when !OperatingSystem.IsMacOS() => SystemErrors.PathTooLong(path),
        63 when OperatingSystem.IsMacOS() => SystemErrors.PathTooLong(path),
        40 when !OperatingSystem.IsMacOS() => SystemErrors.LinkLoop(path),
        62 when OperatingSystem.IsMacOS() => SystemErrors.LinkLoop(path),
        122 when !OperatingSystem.IsMacOS() => SystemErrors.QuotaFull(path),
        69 when OperatingSystem.IsMacOS() => SystemErrors.QuotaFull(path),
        116 when !OperatingSystem.IsMacOS() => SystemErrors.StaleShare(path),
        70 when OperatingSystem.IsMacOS() => SystemErrors.StaleShare(path),
        112 when !OperatingSystem.IsMacOS() => SystemErrors.StaleShare(path),
        _ => null,
    };

    private static Diagnostic? Windows(int code, string? path) => code switch
    {
        2 or 3 => SystemErrors.NotFound(path),
        4 => SystemErrors.TooManyOpen(path, wholeSystem: false),
        5 => SystemErrors.Denied(path),
        8 or 14 => SystemErrors.NoMemory(path),
        19 => SystemErrors.ReadOnly(path),
        23 or 483 or 1117 => SystemErrors.DeviceFault(path),
        21 or 55 or 433 => SystemErrors.DeviceGone(path),
        32 or 33 => SystemErrors.InUse(path),
        39 or 112 => SystemErrors.DiskFull(path),
        53 or 59 or 64 or 67 => SystemErrors.StaleShare(path),
        123 or 161 or 267 => SystemErrors.BadName(path),
        206 => SystemErrors.PathTooLong(path),
        223 => SystemErrors.TooLarge(path),
        1295 => SystemErrors.QuotaFull(path),
        1314 => SystemErrors.NoPrivilege(path),
        1450 or 1453 => SystemErrors.NoMemory(path),
        1455 => SystemErrors.PageFile(path),
        1921 => SystemErrors.LinkLoop(path),
        _ => null,
    };
}
