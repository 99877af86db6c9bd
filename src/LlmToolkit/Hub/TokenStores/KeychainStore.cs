namespace LlmToolkit.Hub.TokenStores;

/// <summary>macOS: the login keychain, by the system's own tool.</summary>
/// <param name="account">The endpoint the token is for.</param>
/// <param name="run">Runs a program.</param>
internal sealed class KeychainStore(string account, ExternalTool.Runner run) : ITokenStore
{
    /// <summary>Named in full: what lies earlier on the path of programs is not asked for secrets.</summary>
    private const string Tool = "/usr/bin/security";

    private const string Service = "llmtk-hub";

    /// <inheritdoc/>
    public string Name => "the macOS keychain";

    /// <inheritdoc/>
    public HubTokenPlace Place => new(Name, IsPlain: false);

    /// <inheritdoc/>
    public string? Read() => run(Tool, ["find-generic-password", "-a", account, "-s", Service, "-w"], null) is { ExitCode: 0 } found && found.Output.Trim() is { Length: > 0 } token ? token : null;

    /// <inheritdoc/>
    public bool Write(string token)
    {
        // By stdin: arguments can be seen in the list of processes. This way the tool's exit code is 0 whatever happens, so the token is read back.
        run(Tool, ["-i"], $"add-generic-password -U -a {Quoted(account)} -s {Service} -w {Quoted(token)}\n");
        return Read() == token;
    }

    /// <inheritdoc/>
    public bool Delete() => run(Tool, ["delete-generic-password", "-a", account, "-s", Service], null) is { ExitCode: 0 };

    private static string Quoted(string text) => "\"" + text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal) + "\"";
}
