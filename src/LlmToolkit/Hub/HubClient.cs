using System.Runtime.CompilerServices;
using System.Text.Json;

namespace LlmToolkit.Hub;

/// <summary>Asks the Hub, or a mirror of it: one method a question. Safe for many callers at once.</summary>
/// <remarks>
/// Redirects are followed by hand: the token goes to the endpoint's own scheme, host and port and nowhere else. What fails for a reason that passes
/// (408, 429, 5xx, broken lines) is tried again by one policy, unless it runs inside <see cref="RetryAsync{T}(Func{CancellationToken, Task{T}}, IProgress{HubProgress}?, CancellationToken)"/> already.
/// Every fault is a <see cref="ModelException"/>; cancelling gives <see cref="OperationCanceledException"/>.
/// </remarks>
public sealed partial class HubClient : IDisposable
{
    /// <summary>Largest JSON document that is read: the info of a repository of 50,000 files has some 15 MiB.</summary>
    private const int MaxJson = 32 << 20;

    /// <summary>Pages of one listing: at the Hub's smallest page size they hold as many files as are read.</summary>
    private const int MaxPages = HubFileList.MaxFiles / 50;

    private readonly HubTransport _transport;
    private readonly HubRetry _retry;
    private readonly TimeProvider _time;
    private readonly bool _isOwner;

    /// <summary>Makes a client.</summary>
    /// <param name="settings">Null: as the environment says.</param>
    /// <param name="token">Null: the one that <see cref="HubToken.Find"/> finds, when it is first needed; none where <see cref="HubSettings.SendStoredToken"/> is false.</param>
    /// <param name="handler">Carries the messages; it must not follow redirects, and stays the caller's. Null: sockets, with the proxies that the environment names.</param>
    /// <exception cref="ModelException">The environment holds what cannot be used.</exception>
    public HubClient(HubSettings? settings = null, HubToken? token = null, HttpMessageHandler? handler = null)
        : this(settings, token, handler, TimeProvider.System, new HubRetry(TimeProvider.System, Random.Shared.NextDouble))
    {
    }

    internal HubClient(HubSettings? settings, HubToken? token, HttpMessageHandler? handler, TimeProvider time, HubRetry retry)
    {
        Settings = settings ?? HubSettings.FromEnvironment();
        _transport = new HubTransport(Settings, token, handler, time);
        (_time, _retry, _isOwner) = (time, retry, true);
    }

    private HubClient(HubClient of, HubRetry retry)
    {
        Settings = of.Settings;
        (_transport, _time, _retry) = (of._transport, of._time, retry);
    }

    /// <summary>Endpoint, folders and limits.</summary>
    public HubSettings Settings { get; }

    /// <summary>The token that the endpoint gets.</summary>
    public HubToken Token => _transport.Token;

    /// <summary>The same client, each request tried once: for a caller that has what it asks for on disk already.</summary>
    public HubClient WithoutRetries => new(this, HubRetry.None);

    /// <summary>Told why requests wait and what the Hub warns of, where a call takes no listener of its own. Null: nobody.</summary>
    public IProgress<HubProgress>? Progress
    {
        get => _transport.Progress;
        set => _transport.Progress = value;
    }

    /// <summary>The facts of a repository and, where the Hub tells them in the same answer, its files.</summary>
    /// <param name="repository">The repository.</param>
    /// <param name="revision">Branch, tag or commit. Null: <c>main</c>.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    public Task<HubRepositoryInfo> InfoAsync(HubRepository repository, string? revision = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(repository);
        return _retry.RunAsync((_, token) => InfoOnceAsync(repository, revision ?? "main", null, token), Progress, cancellationToken);
    }

    /// <summary>The files of a repository at one commit: one request, or the pages of its tree where that does not tell all.</summary>
    /// <param name="repository">The repository.</param>
    /// <param name="revision">Branch, tag or commit. Null: <c>main</c>.</param>
    /// <param name="progress">Told why it waits.</param>
    /// <param name="cancellationToken">Stops the requests.</param>
    /// <exception cref="ModelException">Also: the Hub names a file that would lie outside any folder, twice, or with a size that is none.</exception>
    public async Task<HubListing> ListAsync(HubRepository repository, string? revision = null, IProgress<HubProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(repository);
        string name = revision ?? "main";
        HubRepositoryInfo info = await _retry.RunAsync((_, token) => InfoOnceAsync(repository, name, progress, token), progress ?? Progress, cancellationToken).ConfigureAwait(false);
        if (info.Listing is { } complete)
        {
            return complete;
        }

        string commit = HubReading.Commit(info, name, HubFaults.What(InfoAddress(repository, name)));
        Uri first = Api($"{repository.ApiPath}/tree/{HubPaths.EncodeRevision(commit)}", "recursive=true&expand=false");
        HubFileList files = new(HubFaults.What(first));
        await foreach (JsonElement page in PagesAsync(first, progress, cancellationToken).ConfigureAwait(false))
        {
            HubReading.Tree(page, files, HubFaults.What(first));
        }

        return new HubListing { Repository = repository, Revision = name, Commit = commit, Gated = info.Gated, Files = files.Done() };
    }

    /// <summary>The branches and tags of a repository.</summary>
    /// <param name="repository">The repository.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    public Task<HubRefs> RefsAsync(HubRepository repository, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(repository);
        return JsonAsync(Api($"{repository.ApiPath}/refs"), null, (root, _) => HubReading.Refs(root), cancellationToken);
    }

    /// <summary>Repositories that fit; asked for page by page as they are taken.</summary>
    /// <param name="search">What to look for.</param>
    /// <param name="cancellationToken">Stops the requests.</param>
    public async IAsyncEnumerable<HubRepositoryInfo> SearchAsync(HubSearch search, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(search);
        Uri first = Api(HubRepository.Plural(search.Kind), search.Query());
        int left = search.Limit;
        await foreach (JsonElement page in PagesAsync(first, null, cancellationToken).ConfigureAwait(false))
        {
            if (page.ValueKind != JsonValueKind.Array)
            {
                throw HubErrors.NotHubAnswer(HubFaults.What(first), $"JSON that is no array but {page.ValueKind}");
            }

            foreach (JsonElement model in page.EnumerateArray())
            {
                yield return HubReading.Info(model, HubFaults.What(first));
                if (--left == 0)
                {
                    yield break;
                }
            }
        }
    }

    /// <summary>Whose token it is. The Hub limits this question strictly: it is for signing in and for people who ask.</summary>
    /// <param name="cancellationToken">Stops the request.</param>
    /// <exception cref="ModelException">There is no token, or it is not valid.</exception>
    public async Task<HubIdentity> WhoAmIAsync(CancellationToken cancellationToken = default) =>
        Settings.Offline || Token.IsPresent ? await JsonAsync(Api("whoami-v2"), null, HubReading.Identity, cancellationToken).ConfigureAwait(false) : throw HubErrors.NoToken();

    /// <summary>Runs a step until it is done: what fails for a reason that passes is tried again after 1, 2, 4, 8, 8 s (or as the server asks), at most five times. Requests within the step are tried once.</summary>
    /// <param name="step">One attempt.</param>
    /// <param name="progress">Told why it waits. Null: <see cref="Progress"/>.</param>
    /// <param name="cancellationToken">Stops the step or the wait.</param>
    /// <exception cref="ModelException">The last fault.</exception>
    public Task<T> RetryAsync<T>(Func<CancellationToken, Task<T>> step, IProgress<HubProgress>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(step);
        return RetryAsync((_, token) => step(token), progress, cancellationToken);
    }

    /// <summary>As above, for a step that tells how far it came: 1 MiB of new data begins the count of attempts anew.</summary>
    /// <param name="step">One attempt; it calls <see cref="HubAttempt.Gained"/> for data that was not there before.</param>
    /// <param name="progress">Told why it waits. Null: <see cref="Progress"/>.</param>
    /// <param name="cancellationToken">Stops the step or the wait.</param>
    /// <exception cref="ModelException">The last fault.</exception>
    public Task<T> RetryAsync<T>(Func<HubAttempt, CancellationToken, Task<T>> step, IProgress<HubProgress>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(step);
        return _retry.RunAsync(step, progress ?? Progress, cancellationToken);
    }

    /// <summary>Closes the connections.</summary>
    public void Dispose()
    {
        if (_isOwner)
        {
            _transport.Dispose();
        }
    }

    private Uri Api(string path, string? query = null) => new($"{Base}/api/{path}{(query is null ? "" : "?" + query)}");

    private string Base => Settings.Endpoint.AbsoluteUri.TrimEnd('/');

    private Uri InfoAddress(HubRepository repository, string revision) => Api($"{repository.ApiPath}/revision/{HubPaths.EncodeRevision(Revision(revision))}", "blobs=true");

    /// <summary>A revision that a caller names.</summary>
    private static string Revision(string revision) =>
        HubPaths.IsSafeRevision(revision) ? revision : throw new ArgumentException($"\"{revision}\" cannot be a branch, a tag or a commit.", nameof(revision));

    private async Task<HubRepositoryInfo> InfoOnceAsync(HubRepository repository, string revision, IProgress<HubProgress>? progress, CancellationToken cancellationToken)
    {
        Uri address = InfoAddress(repository, revision);
        string what = HubFaults.What(address);
        try
        {
            using JsonDocument document = await JsonOnceAsync(address, progress, cancellationToken).ConfigureAwait(false);
            HubRepositoryInfo info = HubReading.Info(document.RootElement, what);
            return HubReading.Siblings(document.RootElement, what) is { } files
                ? info with { Listing = new HubListing { Repository = repository, Revision = revision, Commit = HubReading.Commit(info, revision, what), Gated = info.Gated, Files = files } }
                : info;
        }
        catch (ModelException e) when (e.Diagnostic.Code == "LT6151")
        {
            throw await WithRefsAsync(e, repository, cancellationToken).ConfigureAwait(false);
        }
    }

    private Task<T> JsonAsync<T>(Uri address, IProgress<HubProgress>? progress, Func<JsonElement, string, T> read, CancellationToken cancellationToken) =>
        _retry.RunAsync(
            async (_, token) =>
            {
                using JsonDocument document = await JsonOnceAsync(address, progress, token).ConfigureAwait(false);
                return read(document.RootElement, HubFaults.What(address));
            },
            progress ?? Progress,
            cancellationToken);

    /// <summary>Pages to the last; an endless chain of them ends with an error.</summary>
    private async IAsyncEnumerable<JsonElement> PagesAsync(Uri first, IProgress<HubProgress>? progress, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        HashSet<string> seen = new(StringComparer.Ordinal);
        for (Uri? address = first; address is not null;)
        {
            if (!seen.Add(address.AbsoluteUri))
            {
                throw HubErrors.Contradiction(HubFaults.What(first), "its pages lead in a circle");
            }

            if (seen.Count > MaxPages)
            {
                throw HubErrors.TooMuch(HubFaults.What(first), FormattableString.Invariant($"over {MaxPages} pages"));
            }

            Uri page = address;
            (JsonDocument document, address) = await _retry.RunAsync(
                async (_, token) =>
                {
                    using HubAnswer answer = await AnswerAsync(new HubRequest(HttpMethod.Get, page) { Progress = progress }, token).ConfigureAwait(false);
                    return (await JsonOfAsync(answer, token).ConfigureAwait(false), HubLinks.Next(answer.Response, answer.Address, Settings.Endpoint));
                },
                progress ?? Progress,
                cancellationToken).ConfigureAwait(false);
            using (document)
            {
                yield return document.RootElement;
            }
        }
    }

    private async Task<JsonDocument> JsonOnceAsync(Uri address, IProgress<HubProgress>? progress, CancellationToken cancellationToken)
    {
        using HubAnswer answer = await AnswerAsync(new HubRequest(HttpMethod.Get, address) { Progress = progress }, cancellationToken).ConfigureAwait(false);
        return await JsonOfAsync(answer, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The answer, if it is one of success or a redirect that ends at the Hub's border.</summary>
    private async Task<HubAnswer> AnswerAsync(HubRequest request, CancellationToken cancellationToken)
    {
        HubAnswer answer = await _transport.SendAsync(request, cancellationToken).ConfigureAwait(false);
        if (answer.Response.IsSuccessStatusCode || answer.Location is not null)
        {
            return answer;
        }

        using (answer)
        {
            throw await HubStatus.ErrorAsync(answer, request, Token, _time.GetUtcNow(), cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<JsonDocument> JsonOfAsync(HubAnswer answer, CancellationToken cancellationToken)
    {
        string what = HubFaults.What(answer.Address);
        string type = answer.Response.Content.Headers.ContentType?.MediaType ?? "no type";
        HubContent content = await BodyAsync(answer, null, null, null, null, cancellationToken).ConfigureAwait(false);
        await using (content.ConfigureAwait(false))
        {
            if (type.Contains("html", StringComparison.OrdinalIgnoreCase))
            {
                throw HubErrors.NotHubAnswer(what, $"a web page ({type}) instead of JSON");
            }

            ReadOnlyMemory<byte> bytes = await content.ReadAllAsync(MaxJson, cancellationToken).ConfigureAwait(false);
            try
            {
                return JsonDocument.Parse(bytes);
            }
            catch (JsonException e)
            {
                throw HubErrors.NotHubAnswer(what, FormattableString.Invariant($"{type}, {bytes.Length} bytes that are no JSON (line {e.LineNumber + 1})"));
            }
        }
    }
}
