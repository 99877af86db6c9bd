using LlmToolkit.Hub.TokenStores;

namespace LlmToolkit.Hub;

/// <summary>A token of the Hub and where it came from. It shows itself only masked; no property gives the secret.</summary>
public sealed class HubToken
{
    /// <summary>Shorter tokens show nothing of themselves: four characters would be much of them.</summary>
    private const int ShortestToShow = 12;

    /// <summary>Tokens have some 40 characters; signed ones, which organisations use, some hundreds.</summary>
    private const int Longest = 4096;

    private HubToken(string secret, string? source, bool isFromEnvironment = false) => (Secret, Source, IsFromEnvironment) = (secret, source, isFromEnvironment);

    /// <summary>No token: nothing is sent.</summary>
    public static HubToken None { get; } = new("", null);

    /// <summary>Where it came from, for people: <c>the argument</c>, <c>HF_TOKEN</c>, a store, a file. Null: there is none.</summary>
    public string? Source { get; }

    /// <summary>True when a variable carries it: it goes before whatever is stored.</summary>
    public bool IsFromEnvironment { get; }

    /// <summary>True when there is a token.</summary>
    public bool IsPresent => Secret.Length > 0;

    /// <summary>Its last four characters after <c>…</c>; <c>…</c> alone for a short one, empty for none.</summary>
    public string Masked => !IsPresent ? "" : Secret.Length < ShortestToShow ? "…" : "…" + Secret[^4..];

    /// <summary>What is sent, and never shown.</summary>
    internal string Secret { get; }

    /// <summary>A token that the caller names.</summary>
    /// <param name="token">The token; white space around it is taken off. Empty: no token.</param>
    /// <param name="source">Where the caller has it from, for messages.</param>
    /// <exception cref="ModelException">It holds characters that no header can carry.</exception>
    public static HubToken Explicit(string token, string source = "the argument")
    {
        ArgumentNullException.ThrowIfNull(token);
        return Of(token, source);
    }

    /// <summary>Looks in the environment, in the system's own store and in the field's token file, in this order.</summary>
    /// <param name="settings">Says what the environment carries and where the file is. A file that the environment names (<c>HF_TOKEN_PATH</c>) is meant: the system's store is not asked then.</param>
    /// <exception cref="ModelException">What was found holds characters that no header can carry.</exception>
    public static HubToken Find(HubSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        if (settings.EnvironmentToken is (string variable, string token) && Of(token, variable, isFromEnvironment: true) is { IsPresent: true } named)
        {
            return named;
        }

        foreach (ITokenStore store in DefaultTokenStores.For(settings))
        {
            if (store.Read() is { } kept && Of(kept, store.Name) is { IsPresent: true } found)
            {
                return found;
            }
        }

        return None;
    }

    /// <summary>Asks the Hub whose token it is, and keeps it if it is somebody's.</summary>
    /// <param name="token">The token; white space around it is taken off.</param>
    /// <param name="settings">The endpoint that is asked and for which it is kept.</param>
    /// <param name="plain">True: keep it in the plain file that other tools of the field read too. Default: in the system's own store where there is one.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    /// <returns>Whose it is, and where it lies now.</returns>
    /// <exception cref="ModelException">The Hub does not know the token, cannot be asked, or nothing could be written.</exception>
    public static Task<HubLogin> SetAsync(string token, HubSettings settings, bool plain = false, CancellationToken cancellationToken = default) =>
        SetAsync(Explicit(token), settings, plain, null, cancellationToken);

    /// <summary>As above, for a token that was made already and with another carrier of messages.</summary>
    /// <param name="token">The token.</param>
    /// <param name="settings">The endpoint that is asked and for which it is kept.</param>
    /// <param name="plain">True: keep it in the plain file. Default: in the system's own store where there is one.</param>
    /// <param name="handler">Carries the messages, see <see cref="HubClient(HubSettings?, HubToken?, HttpMessageHandler?)"/>. Null: sockets.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    /// <returns>Whose it is, and where it lies now.</returns>
    /// <exception cref="ModelException">The Hub does not know the token, cannot be asked, or nothing could be written.</exception>
    public static async Task<HubLogin> SetAsync(HubToken token, HubSettings settings, bool plain, HttpMessageHandler? handler, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(token);
        ArgumentNullException.ThrowIfNull(settings);
        if (!token.IsPresent)
        {
            throw HubErrors.EmptyToken();
        }

        using HubClient client = new(settings, token, handler);
        return await SetAsync(client, DefaultTokenStores.For(settings), plain, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Removes the token from every place of this machine where <see cref="Find"/> would look. What the environment carries stays.</summary>
    /// <returns>The places where there was one.</returns>
    /// <exception cref="ModelException">A place cannot be written.</exception>
    public static IReadOnlyList<HubTokenPlace> Clear(HubSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        return [.. DefaultTokenStores.For(settings).Where(s => s.Delete()).Select(s => s.Place)];
    }

    /// <summary>Where it came from and its last characters; never the token.</summary>
    public override string ToString() => IsPresent ? $"{Source}, {Masked}" : "no token";

    internal static async Task<HubLogin> SetAsync(HubClient client, IReadOnlyList<ITokenStore> stores, bool plain, CancellationToken cancellationToken)
    {
        HubIdentity identity = await client.WhoAmIAsync(cancellationToken).ConfigureAwait(false);
        foreach (ITokenStore store in stores.Where(s => s.Place.IsPlain || !plain))
        {
            if (store.Write(client.Token.Secret))
            {
                // An older one in a place that is asked earlier would win over this one.
                foreach (ITokenStore earlier in stores.TakeWhile(s => s != store))
                {
                    earlier.Delete();
                }

                return new HubLogin(identity, store.Place);
            }
        }

        throw HubErrors.NoTokenStore(string.Join(", ", stores.Select(s => s.Name)));
    }

    /// <summary>A text without the token: a server may send back what it was sent.</summary>
    internal string Scrub(string text) => IsPresent && text.Contains(Secret, StringComparison.Ordinal) ? text.Replace(Secret, Masked, StringComparison.Ordinal) : text;

    private static HubToken Of(string token, string source, bool isFromEnvironment = false)
    {
        string trimmed = token.Trim();
        if (trimmed.Length == 0)
        {
            return None;
        }

        // The Hub decides what a token looks like; a header decides what can be sent.
        return trimmed.Length <= Longest && trimmed.All(c => c is > ' ' and < '\u007F') ? new HubToken(trimmed, source, isFromEnvironment) : throw HubErrors.TokenUnusable(source);
    }
}

/// <summary>Whose token was kept, and where.</summary>
/// <param name="Identity">The account.</param>
/// <param name="Place">Where the token lies now.</param>
public sealed record HubLogin(HubIdentity Identity, HubTokenPlace Place);

/// <summary>A place of this machine where a token is kept.</summary>
/// <param name="Name">For people: the store's name or the file's path.</param>
/// <param name="IsPlain">True for a file that whoever may read the user's files can read.</param>
public sealed record HubTokenPlace(string Name, bool IsPlain);
