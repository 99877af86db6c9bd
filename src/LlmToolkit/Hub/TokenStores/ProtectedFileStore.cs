using System.Runtime.Versioning;
using System.Security.Cryptography;
using System.Text;

namespace LlmToolkit.Hub.TokenStores;

/// <summary>Windows: a file that only this user on this machine can decrypt (DPAPI).</summary>
/// <param name="account">The endpoint the token is for.</param>
[SupportedOSPlatform("windows")]
internal sealed class ProtectedFileStore(string account) : ITokenStore
{
    private const int MaxBytes = 64 << 10;

    /// <summary>Mixed into the encryption, so that another program's blob under this name is not taken for a token.</summary>
    private static ReadOnlySpan<byte> Purpose => "llmtk hub token 1"u8;

    private readonly string _path = Path.Combine(
        Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData), "llmtk", $"hub-token-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(account)).AsSpan(0, 8))}.dat");

    /// <inheritdoc/>
    public string Name => "the user's protected data of Windows";

    /// <inheritdoc/>
    public HubTokenPlace Place => new(Name, IsPlain: false);

    /// <inheritdoc/>
    public string? Read()
    {
        try
        {
            return new FileInfo(_path) is { Exists: true, Length: > 0 and <= MaxBytes }
                ? Encoding.UTF8.GetString(ProtectedData.Unprotect(File.ReadAllBytes(_path), DataProtectionScope.CurrentUser, Purpose))
                : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public bool Write(string token)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(_path)!);
            File.WriteAllBytes(_path, ProtectedData.Protect(Encoding.UTF8.GetBytes(token), DataProtectionScope.CurrentUser, Purpose));
            return Read() == token;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public bool Delete()
    {
        try
        {
            bool there = File.Exists(_path);
            File.Delete(_path);
            return there;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw HubErrors.CannotKeepToken(_path, e);
        }
    }
}
