namespace LlmToolkit.Benchmarks;

/// <summary>Files of the repository that benchmarks read: a benchmark runs from a folder below the root.</summary>
internal static class Product
{
    /// <summary>Root of the repository.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The model that is packed into the tool.</summary>
    public static string Model => Path.Combine(Root, "src", "LlmToolkit.Cli", "Models", "tiny-stories-q8_0.gguf");

    /// <summary>A path among the test fixtures.</summary>
    public static string Fixture(params string[] parts) => Path.Combine([Root, "tests", "fixtures", "conformance", .. parts]);

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "LlmToolkit.slnx")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException($"No LlmToolkit.slnx above {AppContext.BaseDirectory}.");
    }
}
