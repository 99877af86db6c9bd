using System.Runtime.CompilerServices;

namespace LlmToolkit.Tests;

/// <summary>Finds test data: the fixtures of the repository, and the larger shared set where it is present.</summary>
internal static class SharedData
{
    /// <summary>Root of the repository.</summary>
    public static string Repository { get; } = FindRepository();

    /// <summary>Folder of the fixtures that are part of the repository.</summary>
    public static string Fixtures => Path.Combine(Repository, "tests", "fixtures");

    /// <summary>Folder of the shared set: LLMTOOLKIT_SHARED, else ../shared beside the repository; null where absent.</summary>
    public static string? Root { get; } = FindRoot();

    /// <summary>A file or folder of the shared set; skips the test, visibly, where it is absent.</summary>
    public static string Require(params string[] parts)
    {
        Assert.SkipWhen(Root is null, "The shared set is absent: set LLMTOOLKIT_SHARED or put it in ../shared.");
        string path = Path.Combine([Root!, .. parts]);
        Assert.SkipUnless(Path.Exists(path), $"The shared set lacks {Path.Combine(parts)}.");
        return path;
    }

    /// <summary>A path under conformance/: from the shared set, else from the fixtures; skips where neither has it.</summary>
    public static string Conformance(params string[] parts)
    {
        string? shared = Root is null ? null : Path.Combine([Root, "conformance", .. parts]);
        if (shared is not null && Path.Exists(shared))
        {
            return shared;
        }

        string fixture = Path.Combine([Fixtures, "conformance", .. parts]);
        Assert.SkipUnless(Path.Exists(fixture), $"Neither the shared set nor the fixtures have conformance/{string.Join('/', parts)}.");
        return fixture;
    }

    private static string FindRepository([CallerFilePath] string file = "")
    {
        // Path maps make the caller's path useless in CI builds: walk up from the binaries.
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "LlmToolkit.slnx")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException($"No LlmToolkit.slnx above {AppContext.BaseDirectory} ({file}).");
    }

    private static string? FindRoot()
    {
        string? named = Environment.GetEnvironmentVariable("LLMTOOLKIT_SHARED");
        string path = string.IsNullOrEmpty(named) ? Path.Combine(Repository, "..", "shared") : named;
        return Directory.Exists(path) ? Path.GetFullPath(path) : null;
    }
}
