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
        if (NodeKind(artifact) is { } kind)
        {
            // Opening a pipe would wait for its writer, and a device has no end: nobody is asked.
            string name = kind switch { FileNodeKind.Pipe => "pipe", FileNodeKind.Socket => "socket", _ => "device" };
            return new Detection { Artifact = artifact, Format = "unknown", Score = 0, Reason = $"a {name}, not a file", Candidates = [], Recognised = name, Explanation = LoadingErrors.NotAFile(artifact.Path, kind).Diagnostic };
        }

        (byte[] head, byte[] tail) = Bytes(artifact);
        DirectoryAnalysis? directory = artifact.IsDirectory ? Formats.HuggingFace.DirectoryAnalyzer.Analyze(artifact) : null;
        List<FormatCandidate> candidates = [.. formats
            .Select(f => new FormatCandidate(f.Name, f.Probe(artifact, new ProbeBytes(head, tail))))
            .Where(c => c.Match.Score > 0)
            .OrderByDescending(c => c.Match.Score)];
        if (candidates.Count > 0)
        {
            FormatCandidate best = candidates[0];
            return new Detection { Artifact = artifact, Format = best.Format, Score = best.Match.Score, Reason = best.Match.Reason, Candidates = candidates, Directory = directory };
        }

        ForeignMatch? foreign = ForeignFormats.Recognise(artifact, new ProbeBytes(head, tail));
        // A format whose plug-in is not there is still checked and described; everything else that is recognised here is no model.
        bool isModel = foreign?.Format is not null;
        return new Detection
        {
            Artifact = artifact,
            Format = isModel ? foreign!.Name : "unknown",
            Score = isModel ? 0.9 : 0,
            Reason = foreign?.Reason ?? (artifact.IsDirectory ? "a folder without weights" : $"no known format begins with {ForeignFormats.FirstBytes(new ProbeBytes(head, tail))}; the file has {artifact.Files[0].Length} bytes"),
            Candidates = [],
            Recognised = isModel ? null : foreign?.Name,
            Explanation = foreign?.Diagnostic,
            Describer = foreign?.Format,
            Directory = directory,
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
            // A format whose reader is a plug-in still describes what it knows; what is known to be something else is told, whatever was asked.
            IModelFormat format = formats.FirstOrDefault(f => f.Name == asked)
                ?? (detection.Describer is { } describer && describer.Name == asked ? describer : null)
                ?? throw LoadingErrors.UnknownFormat(asked, formats.Select(f => f.Name));
            if (detection.Explanation is not null && format != detection.Describer)
            {
                throw new ModelException(detection.Explanation);
            }

            bool possible = detection.Candidates.Count == 0 || detection.Candidates.Any(c => c.Format == asked);
            return possible ? format : throw LoadingErrors.FormatContradicted(path, asked, detection.Format, detection.Reason);
        }

        return formats.FirstOrDefault(f => f.Name == detection.Format)
            ?? detection.Describer
            ?? throw (UnsafePickle(detection) ?? (detection.Explanation is null ? LoadingErrors.Unrecognised(path, detection.Reason) : new ModelException(detection.Explanation)));
    }

    /// <summary>What holds pickles that name code is worse than no model: archives, NumPy's arrays of objects, files of no known kind.</summary>
    private static ModelException? UnsafePickle(Detection detection)
    {
        bool mayHoldPickles = detection.Recognised is null or "zip" or "numpy" or "tar" or "nemo" or "gzip" or "torchscript" or "torch-export" or "text";
        return mayHoldPickles && ForeignFormats.HiddenCode(detection.Artifact) is { } finding ? new ModelException(finding) : null;
    }

    /// <summary>An artifact of a path that exists, or one clear error.</summary>
    internal static ModelArtifact Artifact(string path)
    {
        try
        {
            return ModelArtifact.FromPath(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw LoadingErrors.NoSuchPath(path, PathAdvice.For(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw LoadingErrors.Unreadable(path, e);
        }
    }

    /// <summary>What stands there when it is neither a file nor a folder; else null.</summary>
    private static FileNodeKind? NodeKind(ModelArtifact artifact)
    {
        try
        {
            return !artifact.IsDirectory && artifact.Files[0].Length == 0
                && FileFacts.Of(artifact.Path)?.Kind is { } kind and (FileNodeKind.Pipe or FileNodeKind.Socket or FileNodeKind.CharacterDevice or FileNodeKind.BlockDevice)
                ? kind
                : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw LoadingErrors.Unreadable(artifact.Path, e);
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
            // Nothing is in it, or nothing that can be read without end: some files of /proc say 0 and give more.
            return ([], []);
        }

        try
        {
            using FileStream file = new(artifact.Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1);
            if (!file.CanSeek)
            {
                throw LoadingErrors.NotAFile(artifact.Path, FileNodeKind.Unknown);
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
