using static LlmToolkit.Diagnosis.NativeErrors;

namespace LlmToolkit.Diagnosis.Messages;

/// <summary>Messages of the dynamic loaders of Linux, macOS and Windows, and of .NET about them.</summary>
internal static class LibraryMessages
{
    /// <summary>Those that name what is wrong inside a library.</summary>
    public static IReadOnlyList<KnownMessage> Causes { get; } =
    [
        new("version `GLIBC_*' not found", SystemTooOld),
        new("version `GLIBCXX_*' not found", SystemTooOld),
        new("wrong ELF class", WrongProcessor),
        new("incompatible architecture (have", WrongProcessor),
        new("mach-o file, but is an incompatible architecture", WrongProcessor),
        new("is not a valid Win32 application", WrongProcessor),
        new("0x8007000B", WrongProcessor),
        new("An attempt was made to load a program with an incorrect format", WrongProcessor),
        .. Missing("libgomp.so.1", "libcudart.so.12", "libcudart.so.13", "libcublas.so.12", "libstdc++.so.6", "libvulkan.so.1", "libcudnn.so.9"),
        new("undefined symbol:", EntryPointMissing),
        new("code signature in * not valid for use in process", Quarantine),
    ];

    /// <summary>All of them.</summary>
    public static IReadOnlyList<KnownMessage> All { get; } =
    [
        .. Causes,
        new("cannot open shared object file", LibraryMissing),
        new("Unable to load shared library", LibraryMissing),
        new("Unable to load DLL", LibraryMissing),
        new("The native library cannot be correctly loaded", LibraryMissing),
        new("Unable to find an entry point named", EntryPointMissing),
        new("cannot be opened because the developer cannot be verified", Quarantine),
        new("Code Signature Invalid", Quarantine),
    ];

    private static IEnumerable<KnownMessage> Missing(params string[] libraries) =>
        libraries.Select(library => new KnownMessage($"{library}: cannot open shared object file", said => DependencyMissing(said, library)));
}
