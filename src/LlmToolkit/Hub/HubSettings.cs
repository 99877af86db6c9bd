using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.RegularExpressions;

namespace LlmToolkit.Hub;

/// <summary>What the environment says about the Hub, read once. Immutable; change a copy with <c>with</c>.</summary>
/// <remarks>The variables and their precedence are the field's: huggingface_hub, <c>constants.py</c>.</remarks>
public sealed partial record HubSettings
{
    /// <summary>The Hub itself.</summary>
    public static readonly Uri DefaultEndpoint = new("https://huggingface.co");

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    /// <summary>Longest time limit that a variable may ask for: beyond it, a wait is a hang.</summary>
    private static readonly TimeSpan s_longestPatience = TimeSpan.FromHours(1);

    /// <summary>Where the Hub, or a mirror of it, is: <c>HF_ENDPOINT</c>. Default: <see cref="DefaultEndpoint"/>. Without a slash at its end.</summary>
    public Uri Endpoint { get; init; } = DefaultEndpoint;

    /// <summary>The field's folder: <c>HF_HOME</c>, else <c>$XDG_CACHE_HOME/huggingface</c>, else <c>~/.cache/huggingface</c>.</summary>
    public string Home { get; init; } = Path.Combine(HomeFolder(), ".cache", "huggingface");

    /// <summary>The cache that all tools of the field share: <c>HF_HUB_CACHE</c>, else <c>HUGGINGFACE_HUB_CACHE</c>, else <c>hub</c> in <see cref="Home"/>.</summary>
    public string CacheFolder { get => field ?? Path.Combine(Home, "hub"); init; }

    /// <summary>The plain file of the token: <c>HF_TOKEN_PATH</c>, else <c>token</c> in <see cref="Home"/>.</summary>
    public string TokenFile { get => field ?? Path.Combine(Home, "token"); init; }

    /// <summary>True: no request at all (<c>HF_HUB_OFFLINE</c>, <c>TRANSFORMERS_OFFLINE</c>). Default: false.</summary>
    public bool Offline { get; init; }

    /// <summary>False: a stored token is sent only where the caller asks for it (<c>HF_HUB_DISABLE_IMPLICIT_TOKEN</c>). Default: true.</summary>
    public bool SendStoredToken { get; init; } = true;

    /// <summary>How long to wait for the headers of an answer: <c>HF_HUB_ETAG_TIMEOUT</c>, in seconds. Default: 10 s.</summary>
    public TimeSpan MetadataTimeout { get; init; } = s_patience;

    /// <summary>How long to wait for data, not for the whole: <c>HF_HUB_DOWNLOAD_TIMEOUT</c>, in seconds. Less than 1 KiB/s over it is a stall. Default: 10 s.</summary>
    public TimeSpan DownloadTimeout { get; init; } = s_patience;

    /// <summary>False: files of the cache are no links (<c>HF_HUB_DISABLE_SYMLINKS</c>). Default: true.</summary>
    public bool UseSymlinks { get; init; } = true;

    /// <summary>False: no progress is shown (<c>HF_HUB_DISABLE_PROGRESS_BARS</c>). Default: true.</summary>
    public bool ShowProgress { get; init; } = true;

    /// <summary>Added to the user agent: <c>HF_HUB_USER_AGENT_ORIGIN</c>. Null: nothing.</summary>
    public string? UserAgentOrigin { get; init; }

    /// <summary>Authorities to trust instead of the system's, a PEM file: <c>SSL_CERT_FILE</c>. Null: the system's.</summary>
    public string? CertificateFile { get; init; }

    /// <summary>The token that the environment carries, and the variable's name. Not public: a record prints its public properties.</summary>
    internal (string Variable, string Token)? EnvironmentToken { get; init; }

    /// <summary>True when the environment names the token file.</summary>
    internal bool TokenFileIsNamed { get; init; }

    /// <summary>Reads the environment.</summary>
    /// <param name="variable">Gives a variable's value, null where it is not set. Null: the process's environment.</param>
    /// <param name="homeFolder">Stands for <c>~</c>. Null: the user's.</param>
    /// <exception cref="ModelException">A variable holds what cannot be used; the diagnostic names it.</exception>
    public static HubSettings FromEnvironment(Func<string, string?>? variable = null, string? homeFolder = null)
    {
        variable ??= Environment.GetEnvironmentVariable;
        homeFolder ??= HomeFolder();
        string? Value(params ReadOnlySpan<string> names)
        {
            foreach (string name in names)
            {
                if (variable(name)?.Trim() is { Length: > 0 } value)
                {
                    return value;
                }
            }

            return null;
        }

        string? Folder(params ReadOnlySpan<string> names) => Value(names) is { } path ? Expand(path, variable, homeFolder) : null;

        bool IsOn(string name) => Value(name) is { } value && (value == "1" || value.Equals("ON", StringComparison.OrdinalIgnoreCase)
            || value.Equals("YES", StringComparison.OrdinalIgnoreCase) || value.Equals("TRUE", StringComparison.OrdinalIgnoreCase));

        string home = Folder("HF_HOME") ?? Path.Combine(Folder("XDG_CACHE_HOME") ?? Path.Combine(homeFolder, ".cache"), "huggingface");
        return new HubSettings
        {
            Endpoint = Value("HF_ENDPOINT") is { } endpoint ? ParseEndpoint(endpoint) : DefaultEndpoint,
            Home = home,
            CacheFolder = Folder("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE") ?? Path.Combine(home, "hub"),
            TokenFile = Folder("HF_TOKEN_PATH") ?? Path.Combine(home, "token"),
            TokenFileIsNamed = Value("HF_TOKEN_PATH") is not null,
            Offline = IsOn("HF_HUB_OFFLINE") || IsOn("TRANSFORMERS_OFFLINE"),
            SendStoredToken = !IsOn("HF_HUB_DISABLE_IMPLICIT_TOKEN"),
            MetadataTimeout = Seconds("HF_HUB_ETAG_TIMEOUT", Value("HF_HUB_ETAG_TIMEOUT")),
            DownloadTimeout = Seconds("HF_HUB_DOWNLOAD_TIMEOUT", Value("HF_HUB_DOWNLOAD_TIMEOUT")),
            UseSymlinks = !IsOn("HF_HUB_DISABLE_SYMLINKS"),
            ShowProgress = !IsOn("HF_HUB_DISABLE_PROGRESS_BARS"),
            UserAgentOrigin = Value("HF_HUB_USER_AGENT_ORIGIN"),
            CertificateFile = Folder("SSL_CERT_FILE"),
            EnvironmentToken = Value("HF_TOKEN") is { } token ? ("HF_TOKEN", token) : Value("HUGGING_FACE_HUB_TOKEN") is { } old ? ("HUGGING_FACE_HUB_TOKEN", old) : null,
        };
    }

    /// <summary>An endpoint as a user writes it.</summary>
    /// <exception cref="ModelException">It is no address of a server.</exception>
    internal static Uri ParseEndpoint(string text) => TryParseEndpoint(text, out Uri? address) ? address : throw HubErrors.BadEndpoint(text);

    /// <summary>An endpoint as a user writes it; false where it is no address of a server.</summary>
    internal static bool TryParseEndpoint(string text, [NotNullWhen(true)] out Uri? address)
    {
        // Whoever hides a password in the address would find it in every message.
        return Uri.TryCreate(text.TrimEnd('/'), UriKind.Absolute, out address)
            && (address.Scheme == Uri.UriSchemeHttps || address.Scheme == Uri.UriSchemeHttp)
            && address.Host.Length > 0 && address.UserInfo.Length == 0 && address.Query.Length == 0 && address.Fragment.Length == 0;
    }

    /// <summary>Without a home (a container whose user has no entry) the current folder is taken, as the field's tools do.</summary>
    private static string HomeFolder() =>
        Environment.GetFolderPath(Environment.SpecialFolder.UserProfile, Environment.SpecialFolderOption.DoNotVerify) is { Length: > 0 } home ? home : Environment.CurrentDirectory;

    private static TimeSpan Seconds(string name, string? text) =>
        text is null ? s_patience
        : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double seconds) && seconds > 0 && seconds <= s_longestPatience.TotalSeconds ? TimeSpan.FromSeconds(seconds)
        : throw HubErrors.BadSeconds(name, text, s_longestPatience);

    /// <summary><c>~</c>, <c>$NAME</c> and <c>${NAME}</c> as a shell would; a variable that is not set stays as it is written, as in Python. The result is absolute.</summary>
    private static string Expand(string path, Func<string, string?> variable, string homeFolder)
    {
        string expanded = Variable().Replace(path, m => variable(m.Groups[1].Success ? m.Groups[1].Value : m.Groups[2].Value) ?? m.Value);
        if (expanded == "~")
        {
            expanded = homeFolder;
        }
        else if (expanded.StartsWith("~/", StringComparison.Ordinal) || expanded.StartsWith("~\\", StringComparison.Ordinal) && OperatingSystem.IsWindows())
        {
            expanded = Path.Combine(homeFolder, expanded[2..]);
        }

        return Path.GetFullPath(expanded);
    }

    [GeneratedRegex(@"\$(?:\{([A-Za-z_][A-Za-z0-9_]*)\}|([A-Za-z_][A-Za-z0-9_]*))", RegexOptions.CultureInvariant)]
    private static partial Regex Variable();
}
