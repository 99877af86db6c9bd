using LlmToolkit.Formats.Foreign;

namespace LlmToolkit.Loading;

/// <summary>Stop 4: ranks the formats by the first bytes of a file, and the last ones of what looks like a zip.</summary>
public static class FormatDetector
{
    private const int HeadBytes = 4096;
    private const int TailBytes = 64 << 10;

    /// <summary>Judges an artifact.</summary>
    /// <exception cref="ModelException">The file cannot be read.</exception>
    public static Detection Detect(ModelArtifact artifact, IEnumerable<IModelFormat> formats)
    {
        ArgumentNullException.ThrowIfNull(artifact);
        (byte[] head, byte[] tail) = Bytes(artifact);
        List<FormatCandidate> candidates = [.. formats
            .Select(f => new FormatCandidate(f.Name, f.Probe(artifact, new ProbeBytes(head, tail))))
            .Where(c => c.Match.Score > 0)
            .OrderByDescending(c => c.Match.Score)];
        if (candidates.Count > 0)
        {
            FormatCandidate best = candidates[0];
            return new Detection { Artifact = artifact, Format = best.Format, Score = best.Match.Score, Reason = best.Match.Reason, Candidates = candidates };
        }

        ForeignMatch? foreign = ForeignFormats.Recognise(artifact, new ProbeBytes(head, tail));
        // ONNX is a format whose reader is a plug-in; everything else that is recognised here is no model.
        bool isModel = foreign?.Name == "onnx";
        return new Detection
        {
            Artifact = artifact,
            Format = isModel ? foreign!.Name : "unknown",
            Score = isModel ? 0.9 : 0,
            Reason = foreign?.Reason ?? (artifact.IsDirectory ? "a folder without weights" : "no known format begins like this"),
            Candidates = [],
            Recognised = isModel ? null : foreign?.Name,
            Explanation = foreign?.Diagnostic,
        };
    }

    /// <summary>Opens with the best format, or with the one that was asked for.</summary>
    internal static ModelContainer Open(ModelArtifact artifact, string? format, IEnumerable<IModelFormat> formats)
    {
        IModelFormat chosen = Choose(Detect(artifact, formats), format, formats);
        return Formats.HuggingFace.HuggingFaceFormat.OpenWithFolder(chosen, artifact);
    }

    /// <summary>The format to use: the one asked for, checked against the content, else the best.</summary>
    internal static IModelFormat Choose(Detection detection, string? asked, IEnumerable<IModelFormat> formats)
    {
        string path = detection.Artifact.Path;
        if (asked is not null)
        {
            IModelFormat format = formats.FirstOrDefault(f => f.Name == asked) ?? throw LoadingErrors.UnknownFormat(asked, formats.Select(f => f.Name));
            bool possible = detection.Candidates.Count == 0 || detection.Candidates.Any(c => c.Format == asked);
            return possible ? format : throw LoadingErrors.FormatContradicted(path, asked, detection.Format, detection.Reason);
        }

        return formats.FirstOrDefault(f => f.Name == detection.Format)
            ?? throw (UnsafePickle(detection) ?? (detection.Explanation is null ? LoadingErrors.Unrecognised(path, detection.Reason) : new ModelException(detection.Explanation)));
    }

    /// <summary>What holds pickles that name code is worse than no model: archives, NumPy's arrays of objects, files of no known kind.</summary>
    private static ModelException? UnsafePickle(Detection detection)
    {
        bool mayHoldPickles = detection.Recognised is null or "zip" or "numpy" or "tar" or "gzip" or "torchscript" or "torch-export" or "text";
        return mayHoldPickles && ForeignFormats.HiddenCode(detection.Artifact) is { } finding ? new ModelException(finding) : null;
    }

    /// <summary>An artifact of a path that exists, or one clear error.</summary>
    internal static ModelArtifact Artifact(string path)
    {
        try
        {
            return ModelArtifact.FromPath(path);
        }
        catch (FileNotFoundException)
        {
            throw LoadingErrors.NoSuchPath(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw LoadingErrors.Unreadable(path, e);
        }
    }

    private static (byte[] Head, byte[] Tail) Bytes(ModelArtifact artifact)
    {
        if (artifact.IsDirectory)
        {
            return ([], []);
        }

        if (artifact.Files[0].Length == 0)
        {
            // Nothing is in it. A pipe or a device says so too, and to open a pipe would wait for its writer.
            return ([], []);
        }

        try
        {
            if ((File.GetAttributes(artifact.Path) & FileAttributes.Device) != 0)
            {
                throw LoadingErrors.NotAFile(artifact.Path);
            }

            using FileStream file = new(artifact.Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1);
            if (!file.CanSeek)
            {
                throw LoadingErrors.NotAFile(artifact.Path);
            }

            byte[] head = new byte[Math.Min(HeadBytes, file.Length)];
            head = head[..file.ReadAtLeast(head, head.Length, throwOnEndOfStream: false)];
            if (!head.AsSpan().StartsWith("PK"u8))
            {
                return (head, []);
            }

            byte[] tail = new byte[Math.Min(TailBytes, file.Length)];
            file.Seek(-tail.Length, SeekOrigin.End);
            return (head, tail[..file.ReadAtLeast(tail, tail.Length, throwOnEndOfStream: false)]);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw LoadingErrors.Unreadable(artifact.Path, e);
        }
    }
}
