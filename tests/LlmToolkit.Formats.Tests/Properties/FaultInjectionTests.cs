using LlmToolkit.Formats.Shared;
using LlmToolkit.Formats.Tests.Shared;
using LlmToolkit.Fuzz;

namespace LlmToolkit.Formats.Tests.Properties;

/// <summary>The system refuses the first, second, third … request while a model is opened and read: each time one error of ours, nothing left open, and the next attempt succeeds.</summary>
/// <remarks>Requests are counted on the thread of the test; other tests map files at the same time, so what is left open is seen by the files themselves.</remarks>
public sealed class FaultInjectionTests
{
    [Theory]
    [InlineData("gguf")]
    [InlineData("safetensors")]
    [InlineData("pytorch")]
    [InlineData("huggingface")]
    public void OpenAndDescribe_WhenRequestNFails_GiveOneErrorOfOurs(string format)
    {
        using FuzzTarget target = format switch { "gguf" => new GgufTarget(), "safetensors" => new SafetensorsTarget(), "pytorch" => new PyTorchTarget(), _ => new HuggingFaceTarget() };
        IModelFormat reader = DefaultFormats.All.First(f => f.Name == format);
        foreach (FuzzSeed seed in target.All.Where(s => s.IsSound))
        {
            using TemporaryFolder folder = new();
            for (int i = 0; i < seed.Files.Length; i++)
            {
                _ = folder.Write(seed.Files[i], seed.Bytes[i]);
            }

            ModelArtifact artifact = format == "huggingface" ? folder.Artifact : ModelArtifact.FromPath(Path.Combine(folder.Path, seed.Files[0]));
            foreach (Exception fault in (Exception[])[new IOException("Input/output error"), new UnauthorizedAccessException("Access denied"), new FileNotFoundException("gone"), new InsufficientMemoryException("Cannot allocate memory")])
            {
                // A folder's tokenizer and README are only looked at: without them it opens, and whoever builds the tokenizer reads it again.
                FailEach(() => reader.Open(artifact).Dispose(), fault, mustTell: format != "huggingface", folder.Path);
                FailEach(() => reader.Describe(artifact).Dispose(), fault, mustTell: false, folder.Path);
            }
        }
    }

    private static void FailEach(Action action, Exception fault, bool mustTell, string folder)
    {
        for (int n = 0; ; n++)
        {
            int left = n;
            bool failed = false;
            MappedFile.BeforeRequest = () =>
            {
                if (left-- == 0)
                {
                    failed = true;
                    throw fault;
                }
            };
            ModelException? told = null;
            try
            {
                action();
            }
            catch (ModelException e)
            {
                told = e;
            }
            finally
            {
                MappedFile.BeforeRequest = null;
            }

            Assert.True(told is null || told.Diagnostic.Code == (fault is FileNotFoundException ? "LT1500" : "LT1501"), $"request {n}: {told?.Diagnostic.Code} {told?.Message}");
            Assert.True(told is not null || !failed || !mustTell, $"request {n} failed and nothing was told");
            Assert.Empty(MappedUnder(folder));
            action();
            if (!failed)
            {
                return;
            }
        }
    }

    private static string[] MappedUnder(string folder) =>
        OperatingSystem.IsLinux() ? [.. File.ReadLines("/proc/self/maps").Where(l => l.Contains(folder, StringComparison.Ordinal))] : [];
}
