using LlmToolkit.Hub;

namespace LlmToolkit.Loading;

/// <summary>Stop 3: what the user wrote becomes a source. A path that exists wins over a Hub ID.</summary>
public static class SourceResolver
{
    private static readonly string[] s_modelEndings = [".gguf", ".safetensors", ".bin", ".pt", ".pth", ".ckpt", ".onnx", ".json", ".model", ".ggml"];

    /// <summary>Resolves a text to a source.</summary>
    /// <exception cref="ModelException">Nothing lies there and it cannot be anything else.</exception>
    public static ModelSource Resolve(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (Exists(text))
        {
            return new ModelSource.Local(HubFolder.Snapshot(Path.GetFullPath(text)));
        }

        if (LocalStores.IsName(text))
        {
            return new ModelSource.Local(new LocalStores().Find(text).Path);
        }

        if (IsLink(text) && HubModelId.TryParseAny(text, HubSettings.FromEnvironment().Endpoint, out HubModelId? linked))
        {
            return new ModelSource.Hub(linked);
        }

        if (text.StartsWith("http://", StringComparison.OrdinalIgnoreCase) || text.StartsWith("https://", StringComparison.OrdinalIgnoreCase))
        {
            return Uri.TryCreate(text, UriKind.Absolute, out Uri? address) ? FromAddress(address) : throw LoadingErrors.NotASource(text, PathAdvice.None);
        }

        if (text.Length > 0 && !text.Contains('\0', StringComparison.Ordinal) && new FileInfo(text).LinkTarget is { } target)
        {
            throw LoadingErrors.DanglingLink(text, target);
        }

        if (IsPathByForm(text))
        {
            throw LoadingErrors.NoSuchPath(text, PathAdvice.For(text));
        }

        return HubModelId.TryParse(text, out HubModelId? id) ? new ModelSource.Hub(id) : throw LoadingErrors.NotASource(text, PathAdvice.For(text));
    }

    /// <summary>True when something lies at the path; one clear error where the system does not let us look.</summary>
    private static bool Exists(string path)
    {
        try
        {
            return FileFacts.Of(path) is not null;
        }
        catch (PathTooLongException)
        {
            // No file system has such a name: a prompt, perhaps.
            return false;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw LoadingErrors.Unreadable(path, e);
        }
    }

    /// <summary>The forms of a Hub ID that people copy from a page or a command.</summary>
    private static bool IsLink(string text) =>
        text.Contains("://", StringComparison.Ordinal) || text.StartsWith("hf.co/", StringComparison.OrdinalIgnoreCase) || text.StartsWith("huggingface.co/", StringComparison.OrdinalIgnoreCase);

    private static ModelSource FromAddress(Uri address)
    {
        bool endpoint = address.AbsolutePath.TrimEnd('/').EndsWith("/v1", StringComparison.Ordinal);
        return endpoint
            ? new ModelSource.Endpoint(new Uri(address.GetLeftPart(UriPartial.Path)), address.Fragment.Length > 1 ? address.Fragment[1..] : null)
            : new ModelSource.Url(address);
    }

    private static bool IsPathByForm(string text) =>
        text.Length == 0
        || text.Contains('\\', StringComparison.Ordinal)
        || text[0] is '/' or '~' or '.'
        || (text.Length > 2 && char.IsAsciiLetter(text[0]) && text[1] == ':' && text[2] is '/')
        || text.StartsWith("file:", StringComparison.OrdinalIgnoreCase)
        // A revision (refs/pr/1) or a file behind the name may have more.
        || text.TakeWhile(c => c is not ('@' or ':')).Count(c => c == '/') > 1
        || (!text.Contains(':', StringComparison.Ordinal) && s_modelEndings.Any(e => text.EndsWith(e, StringComparison.OrdinalIgnoreCase)));
}
