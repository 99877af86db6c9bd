namespace LlmToolkit.Testing;

/// <summary>A request that a <see cref="FakeHub"/> has got.</summary>
public sealed class FakeRequest
{
    internal FakeRequest(FakeOrigin origin, string method, string path, string query, string? authorization, string? range) =>
        (Origin, Method, Path, Query, Authorization, Range) = (origin, method, path, query, authorization, range);

    /// <summary>The server that got it.</summary>
    public FakeOrigin Origin { get; }

    /// <summary>GET, HEAD or POST.</summary>
    public string Method { get; }

    /// <summary>The path, decoded.</summary>
    public string Path { get; }

    /// <summary>The query, with its question mark; empty: none.</summary>
    public string Query { get; }

    /// <summary>The header <c>Authorization</c>; null: none was sent.</summary>
    public string? Authorization { get; }

    /// <summary>The header <c>Range</c>; null: the whole was asked for.</summary>
    public string? Range { get; }

    /// <summary>Status of the answer; 0: none was sent.</summary>
    public int Status { get; internal set; }

    /// <summary>Bytes of the body that were handed to the connection.</summary>
    public long BytesSent { get; internal set; }

    /// <inheritdoc/>
    public override string ToString() => FormattableString.Invariant($"{Origin} {Method} {Path}{Query} {Range} -> {Status}, {BytesSent} bytes{(Authorization is null ? "" : ", with token")}");
}
