using System.Security.Cryptography;
using System.Text;

namespace LlmToolkit.Testing;

/// <summary>A file of a repository: bytes in memory, or a file on disk that is streamed.</summary>
internal sealed class FakeFile
{
    private readonly byte[]? _bytes;
    private readonly string? _path;
    private readonly Lazy<(string Sha256, string GitHash)> _hashes;

    public FakeFile(byte[] bytes) : this(bytes, null, bytes.Length)
    {
    }

    public FakeFile(string path) : this(null, path, new FileInfo(path).Length)
    {
    }

    private FakeFile(byte[]? bytes, string? path, long length)
    {
        (_bytes, _path, Length) = (bytes, path, length);
        _hashes = new Lazy<(string, string)>(Hash);
    }

    /// <summary>Bytes.</summary>
    public long Length { get; }

    /// <summary>SHA-256 in hexadecimal digits.</summary>
    public string Sha256 => _hashes.Value.Sha256;

    /// <summary>SHA-1 as git makes it of a blob.</summary>
    public string GitHash => _hashes.Value.GitHash;

    /// <summary>Its bytes from a place on; dispose it.</summary>
    public Stream Open(long offset)
    {
        Stream stream = _bytes is not null ? new MemoryStream(_bytes, writable: false) : new FileStream(_path!, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1, FileOptions.SequentialScan);
        stream.Position = offset;
        return stream;
    }

    private (string Sha256, string GitHash) Hash()
    {
        using IncrementalHash sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
#pragma warning disable CA5350 // git's own hash.
        using IncrementalHash git = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
#pragma warning restore CA5350
        git.AppendData(Encoding.ASCII.GetBytes(FormattableString.Invariant($"blob {Length}\0")));
        using Stream stream = Open(0);
        byte[] buffer = new byte[1 << 20];
        for (int read = stream.Read(buffer); read > 0; read = stream.Read(buffer))
        {
            sha256.AppendData(buffer, 0, read);
            git.AppendData(buffer, 0, read);
        }

        return (Convert.ToHexStringLower(sha256.GetHashAndReset()), Convert.ToHexStringLower(git.GetHashAndReset()));
    }
}
