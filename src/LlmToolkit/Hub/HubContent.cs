namespace LlmToolkit.Hub;

/// <summary>The open body of an answer. It ends with an error where the server sends fewer or more bytes than it promised, and gives none beyond them.</summary>
/// <remarks>Not for several readers at once. Faults of the line are <see cref="ModelException"/>s that <see cref="HubClient.RetryAsync{T}(Func{CancellationToken, Task{T}}, IProgress{HubProgress}?, CancellationToken)"/> knows as transient.</remarks>
public sealed class HubContent : IAsyncDisposable, IDisposable
{
    private readonly HttpResponseMessage _response;
    private readonly Stream _stream;
    private readonly long? _expected;
    private readonly bool _isFramed;
    private readonly StallWatch _watch;
    private long _read;

    /// <param name="response">Disposed with this.</param>
    /// <param name="stream">The body, decoded.</param>
    /// <param name="expected">Bytes that must come; null: as many as there are.</param>
    /// <param name="isFramed">True when the protocol itself tells the end after <paramref name="expected"/> bytes.</param>
    /// <param name="watch">Notices when nothing comes.</param>
    internal HubContent(HttpResponseMessage response, Stream stream, long? expected, bool isFramed, StallWatch watch) =>
        (_response, _stream, _expected, _isFramed, _watch) = (response, stream, expected, isFramed, watch);

    /// <summary>Place of the first byte in the file. 0 though a later part was asked for: the server ignored that and gives the whole (<see cref="IsPartial"/> is false); the reader passes over what it does not want, or stops.</summary>
    public long Offset { get; internal init; }

    /// <summary>Bytes that this answer gives; null: the server does not tell.</summary>
    public long? Length => _expected;

    /// <summary>Bytes of the whole file; null: not known.</summary>
    public long? Total { get; internal init; }

    /// <summary>The Hub's etag of the content, without <c>W/</c> and quotes; of a plain address the server's own. Not judged: it may be unsafe as a file name. Null: not told.</summary>
    public string? Etag { get; internal init; }

    /// <summary>The server's own etag with its quotes, if it promises the same bytes: what <c>If-Range</c> takes. Null: none, or a weak one.</summary>
    public string? StrongEtag { get; internal init; }

    /// <summary>The commit, 40 hexadecimal digits; null: not told.</summary>
    public string? Commit { get; internal init; }

    /// <summary>Where the bytes come from, after redirects. Its query may hold a signature: never show it.</summary>
    public required Uri Address { get; init; }

    /// <summary>True when the server gave the part that was asked for (206).</summary>
    public bool IsPartial { get; internal init; }

    /// <summary>The version it was opened by, with a fresh address where the old one had expired: for the next part. Null: opened otherwise.</summary>
    public HubFileVersion? Version { get; internal init; }

    /// <summary>The server's <c>Last-Modified</c>; null: not told.</summary>
    public DateTimeOffset? LastModified => _response.Content.Headers.LastModified;

    /// <summary>Gives the next bytes; 0 at the end.</summary>
    /// <exception cref="ModelException">The connection broke, less than 1 KiB/s came over the time limit, or the body is shorter or longer than promised.</exception>
    public async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        long left = _expected is { } expected ? expected - _read : long.MaxValue;
        if (buffer.Length == 0 || (left == 0 && _isFramed))
        {
            return 0;
        }

        if (left == 0)
        {
            // Nothing frames the body: one byte more would be one too many.
            byte[] probe = new byte[1];
            return await ReceiveAsync(probe, cancellationToken).ConfigureAwait(false) == 0 ? 0 : throw HubFaults.WrongLength(HubFaults.What(Address), _expected!.Value, "more");
        }

        int read = await ReceiveAsync(buffer.Length > left ? buffer[..(int)left] : buffer, cancellationToken).ConfigureAwait(false);
        if (read == 0 && _expected is { } promised)
        {
            throw HubFaults.Connection(new HttpIOException(HttpRequestError.ResponseEnded, FormattableString.Invariant($"The body ended after {_read} of {promised} bytes.")), Address);
        }

        _read += read;
        return read;
    }

    /// <summary>Reads what is left, if it is not too much.</summary>
    /// <exception cref="ModelException">There are more than <paramref name="most"/> bytes, or reading fails.</exception>
    internal async Task<ReadOnlyMemory<byte>> ReadAllAsync(int most, CancellationToken cancellationToken)
    {
        const long first = 64 << 10;
        if (_expected > most)
        {
            throw HubErrors.TooMuch(HubFaults.What(Address), FormattableString.Invariant($"{_expected} bytes, at most {most} are"));
        }

        // Announced is not sent: the buffer grows with what has really come.
        byte[] bytes = new byte[Math.Min(_expected ?? first, first)];
        int length = 0;
        while (length < _expected || !_isFramed)
        {
            if (length == bytes.Length)
            {
                Array.Resize(ref bytes, (int)Math.Min(Math.Max(bytes.Length * 2L, 1), (_expected ?? most) + 1));
            }

            int read = await ReadAsync(bytes.AsMemory(length), cancellationToken).ConfigureAwait(false);
            if (read == 0)
            {
                break;
            }

            length += read;
            if (length > most)
            {
                throw HubErrors.TooMuch(HubFaults.What(Address), FormattableString.Invariant($"over {most} bytes"));
            }
        }

        return bytes.AsMemory(0, length);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _watch.Dispose();
        await _stream.DisposeAsync().ConfigureAwait(false);
        _response.Dispose();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _watch.Dispose();
        _stream.Dispose();
        _response.Dispose();
    }

    private async ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        try
        {
            return await _watch.ReadAsync(_stream, buffer, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_watch.HasStalled && !cancellationToken.IsCancellationRequested)
        {
            throw HubErrors.Stalled(Address.Host, _watch.WindowBytes, _watch.Limit);
        }
        catch (InvalidDataException e)
        {
            // What unpacks a compressed body says so of damage.
            throw HubFaults.Connection(new HttpIOException(HttpRequestError.InvalidResponse, e.Message, e), Address);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw HubFaults.Connection(e, Address);
        }
    }
}
