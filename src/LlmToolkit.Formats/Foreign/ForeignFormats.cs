using LlmToolkit.Formats.Foreign.Onnx;
using LlmToolkit.Formats.PyTorch.Pickle;
using LlmToolkit.Formats.Shared;

namespace LlmToolkit.Formats.Foreign;

/// <summary>What a file is that no format of ours claims.</summary>
/// <param name="Name">Its name in answers of <c>detect</c>: <c>git-lfs-pointer</c>, <c>html</c>, <c>zip</c> …</param>
/// <param name="Reason">What was seen, for people.</param>
/// <param name="Diagnostic">Why it is no model to load, and what to do about it.</param>
public sealed record ForeignMatch(string Name, string Reason, Diagnostic Diagnostic)
{
    /// <summary>For a model of a format whose plug-in is not there: what checks and describes it; else null.</summary>
    public IModelFormat? Format { get; init; }
}

/// <summary>Recognises one kind of file that is no model, or not ours. Judges by content; names only where content cannot tell.</summary>
internal abstract class ForeignRecogniser
{
    /// <summary>The match, or null when it is something else.</summary>
    /// <param name="artifact">The file or directory.</param>
    /// <param name="bytes">Its first bytes, and the last ones of what looks like a zip.</param>
    public abstract ForeignMatch? Recognise(ModelArtifact artifact, ProbeBytes bytes);
}

/// <summary>What is recognised though it cannot be loaded. Asked when no format claims a file. To add one: add its file, and its line here.</summary>
public static class ForeignFormats
{
    /// <summary>In the order asked: the special before the general.</summary>
    private static readonly ForeignRecogniser[] s_all =
    [
        new EmptyFile(),
        new IncompleteDownload(),
        new GitLfsPointer(),
        new TextOnnx(),
        new OtherRuntime(),
        new WebPage(),
        new JsonText(),
        new OldGgml(),
        new OldImatrix(),
        new TorchScript(),
        new TorchExport(),
        new DistributedCheckpoint(),
        new Keras(),
        new NumPy(),
        new TensorFlowModel(),
        new FlatBufferModel(),
        new ZipArchive(),
        new CompressedFile(),
        new TarArchive(),
        new Executable(),
        new Picture(),
        new ZeroBytes(),
        new OnnxRecogniser(),
        new SplitPart(),
        new SentencePieceVocabulary(),
        new NamedModel(),
        new PlainText(),
        new FolderWithoutModel(),
    ];

    /// <summary>What downloads leave under any name: asked where a file should begin otherwise.</summary>
    private static readonly ForeignRecogniser[] s_leftovers = [new GitLfsPointer(), new WebPage(), new ZeroBytes()];

    private static readonly ForeignRecogniser s_json = new JsonText();

    /// <summary>Says what stands in a file that does not begin as it should, or null when its first bytes do not tell.</summary>
    /// <param name="path">The file; one that is gone meanwhile is not explained.</param>
    /// <param name="head">Its first bytes.</param>
    /// <param name="expectsJson">True where the file should be JSON itself: then JSON is no explanation.</param>
    internal static Diagnostic? Leftover(string path, ReadOnlySpan<byte> head, bool expectsJson = false)
    {
        ModelArtifact artifact;
        try
        {
            artifact = ModelArtifact.FromPath(path);
        }
        catch (IOException)
        {
            return null;
        }

        ProbeBytes bytes = new(head, []);
        foreach (ForeignRecogniser recogniser in s_leftovers)
        {
            if (recogniser.Recognise(artifact, bytes) is { } match)
            {
                return match.Diagnostic;
            }
        }

        return expectsJson ? null : s_json.Recognise(artifact, bytes)?.Diagnostic;
    }

    /// <summary>Says what the file is, or null when nothing is known of it.</summary>
    /// <param name="artifact">The file or directory.</param>
    /// <param name="bytes">Its first bytes, and the last ones of what looks like a zip.</param>
    public static ForeignMatch? Recognise(ModelArtifact artifact, ProbeBytes bytes)
    {
        ArgumentNullException.ThrowIfNull(artifact);
        foreach (ForeignRecogniser recogniser in s_all)
        {
            if (recogniser.Recognise(artifact, bytes) is { } match)
            {
                return match;
            }
        }

        return null;
    }

    /// <summary>The first bytes of a file that nobody knows, for people: as numbers and as letters.</summary>
    public static string FirstBytes(ProbeBytes bytes) => Shown.FirstBytes(bytes.Head);

    /// <summary>The first pickle in a file that names code, however it is packed: a bare pickle, one in a zip, a tar, a gzip, or a NumPy array of objects. Nothing is run.</summary>
    /// <param name="artifact">A file that no format reads. Folders and files that cannot be read give null.</param>
    /// <returns>What it names and where; null when there is none.</returns>
    public static Diagnostic? HiddenCode(ModelArtifact artifact)
    {
        ArgumentNullException.ThrowIfNull(artifact);
        return artifact.IsDirectory ? null : PickleScan.Unsafe(artifact.Path);
    }
}
