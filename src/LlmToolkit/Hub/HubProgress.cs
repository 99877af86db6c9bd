namespace LlmToolkit.Hub;

/// <summary>What a download is doing.</summary>
public enum HubProgressState
{
    /// <summary>The Hub is asked what there is.</summary>
    Listing,

    /// <summary>Bytes come.</summary>
    Downloading,

    /// <summary>The next attempt waits; <see cref="HubProgress.Note"/> says why and how long.</summary>
    Waiting,

    /// <summary>Bytes on disk are hashed.</summary>
    Verifying,

    /// <summary>The file begins again: the only time its bytes go back.</summary>
    Restarted,

    /// <summary>The file was on disk already.</summary>
    FromCache,

    /// <summary>The file, or with <see cref="HubProgress.File"/> null everything, is complete.</summary>
    Done,
}

/// <summary>What a download tells. Bytes never run backwards, except with <see cref="HubProgressState.Restarted"/>.</summary>
public sealed record HubProgress
{
    /// <summary>The file concerned, by its path in the repository; null: the whole.</summary>
    public string? File { get; init; }

    /// <summary>What is going on.</summary>
    public HubProgressState State { get; init; }

    /// <summary>Bytes of the file that are there.</summary>
    public long Bytes { get; init; }

    /// <summary>Bytes of the whole file; null: not known.</summary>
    public long? Total { get; init; }

    /// <summary>Bytes of <see cref="Bytes"/> that were there before this run; they do not count as rate.</summary>
    public long Initial { get; init; }

    /// <summary>Bytes of all files that are there.</summary>
    public long TotalBytes { get; init; }

    /// <summary>Bytes of all files.</summary>
    public long TotalOfAll { get; init; }

    /// <summary>Files that are complete.</summary>
    public int FilesDone { get; init; }

    /// <summary>Files in all.</summary>
    public int Files { get; init; }

    /// <summary>Bytes that came in a second, over a short window; 0: not known yet.</summary>
    public double BytesPerSecond { get; init; }

    /// <summary>Time that is left at this rate; null: not known.</summary>
    public TimeSpan? Remaining { get; init; }

    /// <summary>A sentence for people: why it waits or begins again, or what the Hub warns of; null: nothing to say.</summary>
    public string? Note { get; init; }
}
