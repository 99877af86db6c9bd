using System.Globalization;
using LlmToolkit.Formats.HuggingFace;
using LlmToolkit.Formats.Shared;

namespace LlmToolkit.Formats.Foreign;

/// <summary>A folder in which no format finds a model: what lies there instead, and where to go.</summary>
internal sealed class FolderWithoutModel : ForeignRecogniser
{
    private const int MostKinds = 6;

    /// <inheritdoc/>
    public override ForeignMatch? Recognise(ModelArtifact artifact, ProbeBytes bytes)
    {
        if (!artifact.IsDirectory)
        {
            return null;
        }

        DirectoryAnalysis analysis = DirectoryAnalyzer.Analyze(artifact);
        switch (analysis.Shape)
        {
            case DirectoryShapes.Diffusers:
                return new ForeignMatch("diffusers", analysis.Reason, ForeignErrors.OtherRuntime(artifact.Path, analysis.Reason, "diffusers, which makes images"));
            case DirectoryShapes.OtherRuntime:
                return new ForeignMatch("other-runtime", analysis.Reason, ForeignErrors.OtherRuntime(artifact.Path, analysis.Reason, "another program"));
            default:
                string content = $"{analysis.Reason} ({Content(artifact)})";
                return new ForeignMatch("folder-without-model", content, ForeignErrors.NoModelInFolder(artifact.Path, content, [.. analysis.Nested.Select(n => $"Name the folder inside: {Path.Combine(artifact.Path, n)}")]));
        }
    }

    /// <summary>The kinds of files and how many there are of each.</summary>
    private static string Content(ModelArtifact artifact)
    {
        List<string> kinds = [.. artifact.Files.GroupBy(f => Path.GetExtension(f.Name).ToLowerInvariant(), StringComparer.Ordinal).OrderByDescending(g => g.Count())
            .Select(g => string.Create(CultureInfo.InvariantCulture, $"{g.Count()} {(g.Key.Length == 0 ? "without ending" : Shown.Text(g.Key))}"))];
        int folders = Directory.EnumerateDirectories(artifact.Path).Take(1000).Count();
        if (folders > 0)
        {
            kinds.Add(string.Create(CultureInfo.InvariantCulture, $"{folders} folder{(folders == 1 ? "" : "s")}"));
        }

        return kinds.Count == 0 ? "no file" : $"it holds {Shown.Names(kinds, MostKinds)}";
    }
}
