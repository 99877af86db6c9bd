namespace LlmToolkit;

/// <summary>A stop on the way from what the user wrote to the answer.</summary>
public enum LoadStop
{
    /// <summary>The text becomes a path, a Hub ID or an address.</summary>
    Resolve,

    /// <summary>Files are fetched from the network.</summary>
    Download,

    /// <summary>The first bytes tell the format.</summary>
    Detect,

    /// <summary>The header is read and the files are mapped.</summary>
    Open,

    /// <summary>The model is checked.</summary>
    Validate,

    /// <summary>A backend is chosen.</summary>
    Plan,

    /// <summary>The backend loads the weights.</summary>
    Load,

    /// <summary>Messages become text, text becomes tokens.</summary>
    Tokenize,

    /// <summary>Tokens are computed.</summary>
    Generate,

    /// <summary>Results are written.</summary>
    Write,
}

/// <summary>What was known when an exception arrived: it makes the explanation more certain. Everything is optional.</summary>
public sealed record LoadContext
{
    /// <summary>Nothing is known.</summary>
    public static LoadContext Empty { get; } = new();

    /// <summary>The file or folder in work.</summary>
    public string? File { get; init; }

    /// <summary>Name of the format it is read as.</summary>
    public string? Format { get; init; }

    /// <summary>The stop that failed.</summary>
    public LoadStop? Stop { get; init; }

    /// <summary>Name of the backend at work.</summary>
    public string? Backend { get; init; }

    /// <summary>Address of the request that failed.</summary>
    public Uri? Address { get; init; }

    /// <summary>HTTP status of the answer, such as 404.</summary>
    public int? HttpStatus { get; init; }

    /// <summary>The answer's <c>X-Error-Code</c> header, such as <c>GatedRepo</c>.</summary>
    public string? HubErrorCode { get; init; }

    /// <summary>The answer's <c>X-Error-Message</c> header or its body, if it is text.</summary>
    public string? Answer { get; init; }

    /// <summary>The answer's <c>Retry-After</c>.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>True when a token was sent, false when none was; null: not known.</summary>
    public bool? TokenSent { get; init; }

    /// <summary>Where the token that was sent came from, and how it ends; never the token.</summary>
    public string? TokenSource { get; init; }

    /// <summary>How a process ended: its exit code, 128 + signal where a signal ended it.</summary>
    public int? ExitCode { get; init; }

    /// <summary>The last lines that a process or a native library wrote.</summary>
    public string? Output { get; init; }

    /// <summary>Bytes that were needed, when the fault is one of memory or disk space.</summary>
    public long? BytesNeeded { get; init; }
}
