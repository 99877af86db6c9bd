using System.Security.Cryptography;
using System.Text;

namespace LlmToolkit.Hub;

/// <summary>The hash that an etag is: SHA-256 of the content for 64 hexadecimal digits, git's SHA-1 of it for 40; any other etag says nothing of the content.</summary>
internal sealed class ContentHash : IDisposable
{
    private readonly IncrementalHash? _hash;

    private ContentHash(IncrementalHash? hash) => _hash = hash;

    /// <summary>Begins the hash of a content.</summary>
    /// <param name="etag">What it is to be equal to.</param>
    /// <param name="size">Its bytes: git's hash begins with them.</param>
    public static ContentHash For(string etag, long size)
    {
        if (!etag.All(char.IsAsciiHexDigitLower))
        {
            return new ContentHash(null);
        }

        switch (etag.Length)
        {
            case 64:
                return new ContentHash(IncrementalHash.CreateHash(HashAlgorithmName.SHA256));
            case 40:
#pragma warning disable CA5350 // git's own hash: it identifies, as the Hub does; what is large has SHA-256.
                IncrementalHash git = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
#pragma warning restore CA5350
                git.AppendData(Encoding.ASCII.GetBytes(FormattableString.Invariant($"blob {size}\0")));
                return new ContentHash(git);
            default:
                return new ContentHash(null);
        }
    }

    /// <summary>False: there is nothing to compare with.</summary>
    public bool IsKnown => _hash is not null;

    public void Append(ReadOnlySpan<byte> bytes) => _hash?.AppendData(bytes);

    /// <summary>The hash in lower-case hexadecimal digits; null: not known.</summary>
    public string? Finish() => _hash is null ? null : Convert.ToHexStringLower(_hash.GetHashAndReset());

    /// <summary>The hash of a file; null: its etag says nothing of the content.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static string? OfFile(string path, string etag, CancellationToken cancellationToken)
    {
        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1, FileOptions.SequentialScan);
        using ContentHash hash = For(etag, file.Length);
        if (!hash.IsKnown)
        {
            return null;
        }

        byte[] buffer = new byte[1 << 20];
        for (int read = file.Read(buffer); read > 0; read = file.Read(buffer))
        {
            cancellationToken.ThrowIfCancellationRequested();
            hash.Append(buffer.AsSpan(0, read));
        }

        return hash.Finish();
    }

    public void Dispose() => _hash?.Dispose();
}
