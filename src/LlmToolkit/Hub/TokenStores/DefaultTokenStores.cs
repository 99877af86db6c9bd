namespace LlmToolkit.Hub.TokenStores;

/// <summary>Where tokens are kept, the first that works being taken.</summary>
internal static class DefaultTokenStores
{
    /// <summary>The places for an endpoint's token on this system.</summary>
    /// <param name="settings">The endpoint and the plain file.</param>
    public static IReadOnlyList<ITokenStore> For(HubSettings settings)
    {
        PlainFileStore file = new(settings.TokenFile);
        if (settings.TokenFileIsNamed)
        {
            return [file];
        }

        // A token is kept for the endpoint that knew it: another one that HF_ENDPOINT names later does not get it.
        string account = settings.Endpoint.GetLeftPart(UriPartial.Authority).ToLowerInvariant();
        return OperatingSystem.IsWindows() ? [new ProtectedFileStore(account), file]
            : OperatingSystem.IsMacOS() ? [new KeychainStore(account, ExternalTool.Run), file]
            : OperatingSystem.IsLinux() && SecretServiceStore.IsLikely ? [new SecretServiceStore(account, ExternalTool.Run), file]
            : [file];
    }
}
