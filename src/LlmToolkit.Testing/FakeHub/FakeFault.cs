namespace LlmToolkit.Testing;

/// <summary>Which of the two servers a request goes to.</summary>
public enum FakeOrigin
{
    /// <summary>The Hub: its API and the addresses of files.</summary>
    Hub,

    /// <summary>Where the Hub's redirects lead for large files: another origin, which must never get a token.</summary>
    Data,
}

/// <summary>What goes wrong with an answer.</summary>
public enum FakeFaultKind
{
    /// <summary>The connection is reset when <see cref="FakeFault.At"/> bytes of the body are sent.</summary>
    Reset,

    /// <summary>As <see cref="Reset"/>, but the connection is closed in order.</summary>
    Close,

    /// <summary>Nothing comes any more after <see cref="FakeFault.At"/> bytes of the body.</summary>
    Stall,

    /// <summary>The body comes at <see cref="FakeFault.BytesPerSecond"/>.</summary>
    Throttle,

    /// <summary>The body lacks its last <see cref="FakeFault.Count"/> bytes, and its headers say so: it is another length than was promised.</summary>
    Shorter,

    /// <summary>The body has <see cref="FakeFault.Count"/> bytes more than was promised.</summary>
    Longer,

    /// <summary><c>Content-Range</c> tells a place <see cref="FakeFault.Count"/> bytes further on.</summary>
    WrongRange,

    /// <summary><c>Content-Range</c> tells a whole that is <see cref="FakeFault.Count"/> bytes larger.</summary>
    WrongTotal,

    /// <summary>A part comes without <c>Content-Range</c>.</summary>
    NoContentRange,

    /// <summary>A part was asked for, and the whole comes, with 200.</summary>
    IgnoreRange,

    /// <summary>The whole comes packed with gzip, though nobody asked.</summary>
    Gzip,

    /// <summary><see cref="FakeFault.Count"/> bytes of the body are others; its length is right.</summary>
    Corrupt,

    /// <summary>The body never ends.</summary>
    Endless,

    /// <summary>A web page with 200, as the sign-in page of a network sends it.</summary>
    WebPage,

    /// <summary>Another status: <see cref="FakeFault.Status"/>, with <see cref="FakeFault.Headers"/> and <see cref="FakeFault.Body"/>.</summary>
    Status,

    /// <summary>A redirect to <see cref="FakeFault.Location"/>; null: to the same address again.</summary>
    Redirect,

    /// <summary>The headers come only after <see cref="FakeFault.Delay"/>.</summary>
    SlowHeaders,

    /// <summary>Headers are added, changed, or with an empty value removed; the answer is right otherwise. For a wrong size or etag, a weak etag, a missing commit, a clock that is off.</summary>
    Headers,

    /// <summary>The body is <see cref="FakeFault.Body"/> instead, with 200.</summary>
    ReplaceBody,

    /// <summary>Listings name <see cref="FakeFault.Names"/> too.</summary>
    ExtraFiles,

    /// <summary>Every page of a listing has a next one: the same where <see cref="FakeFault.Count"/> is 0, else ever new ones.</summary>
    EndlessPages,

    /// <summary>The content is another one of the same length, while the listing and the headers stay.</summary>
    ChangedContent,
}

/// <summary>A fault, and the requests that meet it.</summary>
public sealed record FakeFault
{
    /// <summary>What goes wrong.</summary>
    public required FakeFaultKind Kind { get; init; }

    /// <summary>The server that it happens at; null: both.</summary>
    public FakeOrigin? Origin { get; init; }

    /// <summary>GET, HEAD or POST; null: any.</summary>
    public string? Method { get; init; }

    /// <summary>A part of the request's path; empty: any.</summary>
    public string Path { get; init; } = "";

    /// <summary>Such requests that go well before the first one that does not. Default: 0.</summary>
    public int Skip { get; init; }

    /// <summary>Requests that meet it; the later ones go well again. Default: all.</summary>
    public int Times { get; init; } = int.MaxValue;

    /// <summary>Bytes of the body before it happens. Default: 0.</summary>
    public long At { get; init; }

    /// <summary>A number of bytes, see <see cref="FakeFaultKind"/>. Default: 1.</summary>
    public int Count { get; init; } = 1;

    /// <summary>The status. Default: 503.</summary>
    public int Status { get; init; } = 503;

    /// <summary>Headers of the answer; an empty value removes one.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary>The body. Default: empty.</summary>
    public string Body { get; init; } = "";

    /// <summary>Where a redirect leads.</summary>
    public string? Location { get; init; }

    /// <summary>How long headers take. Default: 30 s.</summary>
    public TimeSpan Delay { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The rate of a slow body. Default: 1 MB/s.</summary>
    public int BytesPerSecond { get; init; } = 1_000_000;

    /// <summary>Names that a listing has besides its own.</summary>
    public IReadOnlyList<string> Names { get; init; } = [];
}
