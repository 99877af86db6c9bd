using System.Text.Json;

namespace LlmToolkit.Cli.Rendering;

/// <summary>What lies in a directory, for programs and for people.</summary>
internal static class DirectoryOutput
{
    private const int MostLines = 12;

    /// <summary>What lies in the directory that is described; null for a file.</summary>
    public static DirectoryAnalysis? Of(ModelDescription description) =>
        description.Artifact.IsDirectory ? Formats.HuggingFace.DirectoryAnalyzer.Analyze(description.Artifact) : null;

    /// <summary>The member <c>directory</c>; absent for a file.</summary>
    public static void Write(Utf8JsonWriter w, DirectoryAnalysis? analysis)
    {
        if (analysis is null)
        {
            return;
        }

        w.WriteStartObject("directory");
        w.WriteString("shape", analysis.Shape);
        w.WriteString("reason", analysis.Reason);
        w.WriteString("weight_format", analysis.WeightFormat);
        w.WriteString("index", analysis.Index?.Name);
        w.Strings("weights", analysis.Weights.Select(f => f.Name));
        w.Strings("missing", analysis.Missing);
        w.Strings("unused", analysis.Unused.Select(f => f.Name));
        w.Strings("unfinished", analysis.Unfinished);
        w.Strings("nested", analysis.Nested);
        w.WriteStartArray("candidates");
        foreach (DirectoryCandidate candidate in analysis.Candidates)
        {
            w.WriteStartObject();
            w.WriteString("name", candidate.Name);
            w.WriteString("format", candidate.Format);
            w.WriteNumber("files", candidate.Files);
            w.WriteNumber("bytes", candidate.Bytes);
            w.WriteBoolean("chosen", candidate.Chosen);
            w.WriteString("reason", candidate.Reason);
            w.WriteEndObject();
        }

        w.WriteEndArray();
        w.WriteEndObject();
    }

    /// <summary>The models of a directory, one a line; nothing where there is no choice.</summary>
    public static IEnumerable<string> Lines(DirectoryAnalysis? analysis)
    {
        if (analysis is null || (analysis.Candidates.Count < 2 && analysis.Candidates.All(c => c.Chosen)))
        {
            yield break;
        }

        foreach (DirectoryCandidate candidate in analysis.Candidates.Take(MostLines))
        {
            string files = candidate.Files == 1 ? "" : $", {candidate.Files} files";
            yield return $"  {(candidate.Chosen ? "*" : "-")} {DiagnosticOutput.Safe(candidate.Name)} ({candidate.Format}{files}, {Output.Size(candidate.Bytes)}): {candidate.Reason}";
        }

        if (analysis.Candidates.Count > MostLines)
        {
            yield return $"  and {analysis.Candidates.Count - MostLines} more";
        }
    }
}
