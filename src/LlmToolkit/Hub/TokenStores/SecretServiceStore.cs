namespace LlmToolkit.Hub.TokenStores;

/// <summary>Linux: the desktop's Secret Service (GNOME Keyring, KWallet), by libsecret's tool where it is installed and works.</summary>
/// <param name="account">The endpoint the token is for.</param>
/// <param name="run">Runs a program.</param>
internal sealed class SecretServiceStore(string account, ExternalTool.Runner run) : ITokenStore
{
    private const string Tool = "secret-tool";

    private string[] Attributes => ["service", "llmtk-hub", "account", account];

    /// <summary>Without a session bus there is no such service: no program needs to be started to find that out.</summary>
    public static bool IsLikely => Environment.GetEnvironmentVariable("DBUS_SESSION_BUS_ADDRESS") is { Length: > 0 } && ExternalTool.IsOnPath(Tool);

    /// <inheritdoc/>
    public string Name => "the desktop's Secret Service";

    /// <inheritdoc/>
    public HubTokenPlace Place => new(Name, IsPlain: false);

    /// <inheritdoc/>
    public string? Read() => run(Tool, ["lookup", .. Attributes], null) is { ExitCode: 0 } found && found.Output.Trim() is { Length: > 0 } token ? token : null;

    /// <inheritdoc/>
    public bool Write(string token) =>
        run(Tool, ["store", "--label=LLM Toolkit: token of " + account, .. Attributes], token) is { ExitCode: 0 } && Read() == token;

    /// <inheritdoc/>
    public bool Delete() => Read() is not null && run(Tool, ["clear", .. Attributes], null) is { ExitCode: 0 };
}
