using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;
using LlmToolkit.Formats.Foreign;
using LlmToolkit.Formats.PyTorch;

namespace LlmToolkit.Tests.PyTorch;

/// <summary>The corpus of hostile files, made fresh into a temporary folder (its files are never kept).</summary>
public sealed class BadModelCorpus : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("bad-models-").FullName;

    /// <summary>Its cases; skips where the generator or Python is absent.</summary>
    internal IReadOnlyList<(string Id, string Path, string Format, string Outcome, string? Severity)> Cases()
    {
        string script = SharedData.Require("corpus", "make_bad_models.py");
        try
        {
            using Process python = Process.Start(new ProcessStartInfo("python3", [script, _folder]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            _ = python.StandardOutput.ReadToEndAsync();
            string errors = python.StandardError.ReadToEnd();
            python.WaitForExit();
            Assert.True(python.ExitCode == 0, errors);
        }
        catch (Win32Exception)
        {
            Assert.Skip("python3 is absent.");
        }

        using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(_folder, "expected.json")));
        return [.. json.RootElement.GetProperty("cases").EnumerateArray().Select(c => (
            c.GetProperty("id").GetString()!,
            Path.Combine(_folder, c.GetProperty("path").GetString()!),
            c.GetProperty("format").GetString()!,
            c.GetProperty("outcome").GetString()!,
            c.GetProperty("severity").GetString()))];
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}

public class BadModelCorpusTests(BadModelCorpus corpus) : IClassFixture<BadModelCorpus>
{
    private static readonly PyTorchFormat Format = new();

    [Fact]
    public void Corpus_EveryCase_HasItsOutcomeAndNoOtherException()
    {
        List<string> misses = [];
        int judged = 0;
        foreach ((string id, string path, string format, string outcome, string? severity) in corpus.Cases())
        {
            if (!File.Exists(path))
            {
                continue;
            }

            ModelArtifact artifact = ModelArtifact.FromPath(path);
            Diagnostic? refusal = null;
            try
            {
                HostileFileTests.Exercise(artifact);
            }
            catch (ModelException)
            {
            }
            catch (Exception error)
            {
                misses.Add($"{id}: Describe threw {error.GetType().Name}: {error.Message}");
            }

            try
            {
                using ModelContainer container = Format.Open(artifact);
            }
            catch (ModelException error)
            {
                refusal = error.Diagnostic;
            }

            if (format == "pytorch")
            {
                judged++;
                bool isRight = outcome switch { "reject" => refusal is not null, "accept" => refusal is null, _ => true };
                bool isGrave = severity is null || refusal is null || refusal.Severity >= Enum.Parse<Severity>(severity, ignoreCase: true);
                if (!isRight || !isGrave)
                {
                    misses.Add($"{id}: {outcome} {severity} expected, got {refusal?.Code} {refusal?.Severity} {refusal?.Message}");
                }
            }

            if (format == "misc" && outcome == "reject")
            {
                byte[] head = File.ReadAllBytes(path);
                if (ForeignFormats.Recognise(artifact, new ProbeBytes(head.AsSpan(0, Math.Min(4096, head.Length)), head)) is not { } match || match.Diagnostic.Fixes.Count == 0)
                {
                    misses.Add($"{id}: not recognised");
                }
            }
        }

        Assert.True(judged > 100, $"only {judged} cases judged");
        Assert.True(misses.Count == 0, string.Join('\n', misses));
    }
}
