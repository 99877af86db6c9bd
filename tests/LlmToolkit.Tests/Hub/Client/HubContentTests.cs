using System.Net;
using LlmToolkit.Hub;

namespace LlmToolkit.Tests.Hub.Client;

/// <summary>Files: what is asked for comes, no byte more, and nothing that contradicts what was promised.</summary>
public sealed class HubContentTests
{
    private static readonly byte[] s_file = [.. Enumerable.Range(0, 100).Select(i => (byte)i)];

    private static readonly HubFileVersion s_version = new()
    {
        Repository = HubHandler.Repository,
        Path = "a.bin",
        Commit = HubHandler.Commit,
        Etag = HubHandler.Sha256,
        Size = 100,
        Location = new Uri("https://cdn.test/a?signature=secret"),
    };

    private static CancellationToken None => TestContext.Current.CancellationToken;

    private static async Task<byte[]> ReadAsync(HubContent content)
    {
        List<byte> all = [];
        byte[] buffer = new byte[7];
        while (await content.ReadAsync(buffer, None) is int read && read > 0)
        {
            all.AddRange(buffer.AsSpan(0, read));
        }

        return [.. all];
    }

    private static HttpResponseMessage Part(int from, int to, string? contentRange = null) =>
        HubHandler.Bytes(s_file[from..(to + 1)], HttpStatusCode.PartialContent, ("Content-Range", contentRange ?? $"bytes {from}-{to}/100"));

    [Fact]
    public async Task Open_Whole_GivesAllOfIt()
    {
        using HubHandler handler = HubHandler.InTurn(() => HubHandler.Bytes(s_file, HttpStatusCode.OK, ("X-Repo-Commit", HubHandler.Commit), ("ETag", $"W/\"{HubHandler.Sha1}\"")));
        using HubClient client = handler.Client();

        await using HubContent content = await client.OpenAsync(HubHandler.Repository, "main", "a.bin", cancellationToken: None);

        Assert.Equal(s_file, await ReadAsync(content));
        Assert.Equal((0L, 100L, 100L, HubHandler.Sha1, HubHandler.Commit, false), (content.Offset, content.Length, content.Total, content.Etag, content.Commit, content.IsPartial));
    }

    [Fact]
    public async Task Open_LargeFile_TakesFactsFromTheHubNotFromTheStorage()
    {
        using HubHandler handler = HubHandler.InTurn(
            () => HubHandler.Redirect("https://cdn.test/x?sig=1", HttpStatusCode.Found, ("X-Repo-Commit", HubHandler.Commit), ("X-Linked-Etag", $"\"{HubHandler.Sha256}\""), ("X-Linked-Size", "100")),
            () => HubHandler.Bytes(s_file, HttpStatusCode.OK, ("ETag", "\"storage\""), ("X-Repo-Commit", HubHandler.OtherCommit), ("X-Linked-Size", "5")));
        using HubClient client = handler.Client();

        await using HubContent content = await client.OpenAsync(HubHandler.Repository, "main", "a.bin", cancellationToken: None);

        Assert.Equal((HubHandler.Sha256, HubHandler.Commit, 100L), (content.Etag, content.Commit, content.Total));
    }

    [Fact]
    public async Task Open_StorageWithItsOwnEtag_IsNotBelieved()
    {
        using HubHandler handler = HubHandler.InTurn(() => HubHandler.Redirect("https://cdn.test/x"), () => HubHandler.Bytes(s_file, HttpStatusCode.OK, ("ETag", $"\"{HubHandler.Sha256}\"")));
        using HubClient client = handler.Client();

        await using HubContent content = await client.OpenAsync(HubHandler.Repository, "main", "a.bin", cancellationToken: None);

        Assert.Equal((null, null), (content.Etag, content.StrongEtag));
    }

    [Theory]
    [InlineData("\"v1\"", "v1", "\"v1\"")]
    [InlineData("W/\"v1\"", "v1", null)]
    [InlineData("\"\"", null, null)]
    public async Task OpenUrl_Etag_IsTheServersOwn(string header, string? etag, string? strong)
    {
        using HubHandler handler = HubHandler.InTurn(() => HubHandler.Bytes(s_file, HttpStatusCode.OK, ("ETag", header)));
        using HubClient client = handler.Client();

        await using HubContent content = await client.OpenUrlAsync(new Uri("https://x.test/a"), cancellationToken: None);

        Assert.Equal((etag, strong), (content.Etag, content.StrongEtag));
    }

    [Theory]
    [InlineData(10L, 5L, "bytes=10-14")]
    [InlineData(90L, null, "bytes=90-")]
    [InlineData(0L, 1L, "bytes=0-0")]
    public async Task Open_Part_GivesThatPart(long offset, long? length, string header)
    {
        int end = (int)(length is { } l ? offset + l - 1 : 99);
        using HubHandler handler = HubHandler.InTurn(() => Part((int)offset, end));
        using HubClient client = handler.Client();

        await using HubContent content = await client.OpenAsync(s_version, new HubRange(offset, length), None);

        Assert.Equal(header, Assert.Single(handler.Sent).Range);
        Assert.True(content.IsPartial);
        Assert.Equal((offset, end - offset + 1, 100L), (content.Offset, content.Length, content.Total));
        Assert.Equal(s_file[(int)offset..(end + 1)], await ReadAsync(content));
        Assert.Same(s_version, content.Version);
    }

    [Fact]
    public async Task Open_ShorterPart_IsTaken()
    {
        using HubHandler handler = HubHandler.InTurn(() => Part(10, 12));
        using HubClient client = handler.Client();

        await using HubContent content = await client.OpenAsync(s_version, new HubRange(10, 50), None);

        Assert.Equal((10L, 3L), (content.Offset, content.Length));
    }

    [Theory]
    [InlineData("bytes 11-15/100")]
    [InlineData("bytes 10-15/100")]
    [InlineData("bytes 0-4/100")]
    [InlineData("bytes 10-14/200")]
    [InlineData("bytes 10-14/12")]
    [InlineData("bytes */100")]
    [InlineData("items 10-14/100")]
    [InlineData("nonsense")]
    [InlineData("")]
    public async Task Open_WrongPart_IsRefusedBeforeAByte(string contentRange)
    {
        using HubHandler handler = HubHandler.InTurn(() => HubHandler.Bytes(s_file[10..15], HttpStatusCode.PartialContent, contentRange.Length == 0 ? [] : [("Content-Range", contentRange)]));
        using HubClient client = handler.Client();

        ModelException error = await Assert.ThrowsAsync<ModelException>(() => client.OpenAsync(s_version, new HubRange(10, 5), None));

        Assert.Equal("LT6008", error.Diagnostic.Code);
        Assert.True(HubFaults.IsTransient(error));
        Assert.DoesNotContain("secret", error.ToString() + error.Diagnostic, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_PartWithAnotherLength_IsRefused()
    {
        using HubHandler handler = HubHandler.InTurn(() => HubHandler.Bytes(s_file[10..20], HttpStatusCode.PartialContent, ("Content-Range", "bytes 10-14/100")));
        using HubClient client = handler.Client();

        Assert.Equal("LT6008", (await Assert.ThrowsAsync<ModelException>(() => client.OpenAsync(s_version, new HubRange(10, 5), None))).Diagnostic.Code);
    }

    [Fact]
    public async Task Open_PartThoughAllWasAskedFor_IsRefused()
    {
        using HubHandler handler = HubHandler.InTurn(() => Part(0, 99));
        using HubClient client = handler.Client();

        Assert.Equal("LT6008", (await Assert.ThrowsAsync<ModelException>(() => client.OpenAsync(s_version, null, None))).Diagnostic.Code);
    }

    [Fact]
    public async Task Open_RangeIgnored_GivesTheWhole()
    {
        using HubHandler handler = HubHandler.InTurn(() => HubHandler.Bytes(s_file));
        using HubClient client = handler.Client();

        await using HubContent content = await client.OpenAsync(s_version, new HubRange(10, 5), None);

        Assert.Equal((0L, 100L, 100L, false), (content.Offset, content.Length, content.Total, content.IsPartial));
        Assert.Equal(s_file, await ReadAsync(content));
    }

    [Theory]
    [InlineData(99)]
    [InlineData(101)]
    [InlineData(0)]
    public async Task Open_AnotherSizeThanPromised_IsRefused(int length)
    {
        using HubHandler handler = HubHandler.InTurn(() => HubHandler.Bytes(new byte[length]));
        using HubClient client = handler.Client();

        ModelException error = await Assert.ThrowsAsync<ModelException>(() => client.OpenAsync(s_version, null, None));

        Assert.Equal(("LT6158", FaultKind.Refused), (error.Diagnostic.Code, error.Diagnostic.Kind));
    }

    [Fact]
    public async Task Read_EndlessBody_EndsWithAnErrorAfterTheSize()
    {
        EndlessStream body = new(1);
        using HubHandler handler = HubHandler.InTurn(() => HubHandler.Chunked(body));
        using HubClient client = handler.Client();
        await using HubContent content = await client.OpenAsync(s_version, null, None);
        byte[] buffer = new byte[1000];

        Assert.Equal(100, await content.ReadAsync(buffer, None));
        ModelException error = await Assert.ThrowsAsync<ModelException>(async () => await content.ReadAsync(buffer, None));

        Assert.Equal("LT6158", error.Diagnostic.Code);
        Assert.Equal(101, body.Given);
    }

    [Fact]
    public async Task Read_BodyThatEndsEarly_IsAFaultThatPasses()
    {
        using HubHandler handler = HubHandler.InTurn(() => HubHandler.Chunked(new MemoryStream(s_file[..60])));
        using HubClient client = handler.Client();
        await using HubContent content = await client.OpenAsync(s_version, null, None);

        ModelException error = await Assert.ThrowsAsync<ModelException>(() => ReadAsync(content));

        Assert.Equal("LT6104", error.Diagnostic.Code);
        Assert.True(HubFaults.IsTransient(error));
    }

    [Fact]
    public async Task Read_SizeNotKnown_EndsWithTheBody()
    {
        using HubHandler handler = HubHandler.InTurn(() => HubHandler.Chunked(new MemoryStream(s_file)));
        using HubClient client = handler.Client();

        await using HubContent content = await client.OpenUrlAsync(new Uri("https://x.test/a"), cancellationToken: None);

        Assert.Null(content.Length);
        Assert.Equal(s_file, await ReadAsync(content));
    }

    [Fact]
    public async Task Open_CompressedUnasked_IsUnpackedAndRangesForgotten()
    {
        using MemoryStream packed = new();
        using (System.IO.Compression.GZipStream zip = new(packed, System.IO.Compression.CompressionLevel.Fastest, leaveOpen: true))
        {
            zip.Write(s_file);
        }

        using HubHandler handler = HubHandler.InTurn(() => HubHandler.Bytes(packed.ToArray(), HttpStatusCode.OK, ("Content-Encoding", "gzip")));
        using HubClient client = handler.Client();

        await using HubContent content = await client.OpenAsync(s_version, new HubRange(10), None);

        Assert.Equal((0L, false), (content.Offset, content.IsPartial));
        Assert.Equal(s_file, await ReadAsync(content));
    }

    [Theory]
    [InlineData(HttpStatusCode.PartialContent, "gzip")]
    [InlineData(HttpStatusCode.OK, "zstd")]
    [InlineData(HttpStatusCode.OK, "gzip, gzip")]
    public async Task Open_CompressedBeyondUse_IsRefused(HttpStatusCode status, string encoding)
    {
        using HubHandler handler = HubHandler.InTurn(() => HubHandler.Bytes(s_file, status, ("Content-Encoding", encoding), ("Content-Range", "bytes 0-99/100")));
        using HubClient client = handler.Client();

        Assert.Equal("LT6009", (await Assert.ThrowsAsync<ModelException>(() => client.OpenAsync(s_version, new HubRange(0), None))).Diagnostic.Code);
    }

    [Fact]
    public async Task Read_DamagedCompression_IsAFaultThatPasses()
    {
        using HubHandler handler = HubHandler.InTurn(() => HubHandler.Bytes(s_file, HttpStatusCode.OK, ("Content-Encoding", "gzip")));
        using HubClient client = handler.Client();
        await using HubContent content = await client.OpenAsync(s_version, null, None);

        Assert.True(HubFaults.IsTransient(await Assert.ThrowsAsync<ModelException>(() => ReadAsync(content))));
    }

    [Fact]
    public async Task Open_ExpiredAddress_IsAskedForAnewOnce()
    {
        using HubHandler handler = HubHandler.InTurn(
            () => HubHandler.Status(HttpStatusCode.Forbidden),
            () => HubHandler.Redirect("https://cdn.test/a?signature=fresh", HttpStatusCode.Found, ("X-Repo-Commit", HubHandler.Commit), ("X-Linked-Etag", $"\"{HubHandler.Sha256}\""), ("X-Linked-Size", "100")),
            () => Part(10, 14));
        using HubClient client = handler.Client();

        await using HubContent content = await client.OpenAsync(s_version, new HubRange(10, 5), None);

        Assert.Equal(["GET", "HEAD", "GET"], handler.Sent.Select(s => s.Method));
        Assert.EndsWith($"/owner/name/resolve/{HubHandler.Commit}/a.bin", handler.Sent[1].Address.AbsolutePath, StringComparison.Ordinal);
        Assert.Equal("?signature=fresh", content.Version!.Location.Query);
    }

    [Fact]
    public async Task Open_FreshAddressRefused_IsTheStoragesFault()
    {
        using HubHandler handler = new(request => request.Method == HttpMethod.Head
            ? HubHandler.Redirect("https://cdn.test/a?signature=fresh", HttpStatusCode.Found, ("X-Repo-Commit", HubHandler.Commit), ("X-Linked-Etag", $"\"{HubHandler.Sha256}\""), ("X-Linked-Size", "100"))
            : HubHandler.Status(HttpStatusCode.Forbidden));
        using HubClient client = handler.Client();

        ModelException error = await Assert.ThrowsAsync<ModelException>(() => client.OpenAsync(s_version, null, None));

        Assert.Equal(("LT6017", FaultKind.Network), (error.Diagnostic.Code, error.Diagnostic.Kind));
        Assert.Equal(3, handler.Sent.Count);
    }

    [Fact]
    public async Task Open_AnotherContentBehindTheFreshAddress_IsRefused()
    {
        using HubHandler handler = HubHandler.InTurn(
            () => HubHandler.Status(HttpStatusCode.Forbidden),
            () => HubHandler.Redirect("https://cdn.test/a?signature=fresh", HttpStatusCode.Found, ("X-Repo-Commit", HubHandler.Commit), ("X-Linked-Etag", $"\"{new string('3', 64)}\""), ("X-Linked-Size", "100")));
        using HubClient client = handler.Client();

        Assert.Equal("LT6011", (await Assert.ThrowsAsync<ModelException>(() => client.OpenAsync(s_version, null, None))).Diagnostic.Code);
    }

    [Fact]
    public async Task Open_PageForPeople_IsNoFile()
    {
        using HubHandler handler = HubHandler.InTurn(() => HubHandler.Bytes("<html>"u8.ToArray(), HttpStatusCode.OK, ("Content-Type", "text/html")));
        using HubClient client = handler.Client();

        Assert.Equal("LT6004", (await Assert.ThrowsAsync<ModelException>(() => client.OpenAsync(HubHandler.Repository, "main", "a.bin", cancellationToken: None))).Diagnostic.Code);
        await using HubContent page = await client.OpenAsync(HubHandler.Repository, "main", "docs/a.html", cancellationToken: None);
        Assert.Equal(6, page.Length);
    }

    public static TheoryData<string, (string, string)[], string, string> BadVersions => new()
    {
        { "captive portal", [("Content-Type", "text/html")], "LT6005", "X-Repo-Commit" },
        { "no commit", [("ETag", "\"x\"")], "LT6005", "lacks X-Repo-Commit," },
        { "no etag", [("X-Repo-Commit", HubHandler.Commit)], "LT6005", "lacks ETag," },
        { "no size", [("X-Repo-Commit", HubHandler.Commit), ("ETag", "\"x\""), ("Content-Encoding", "gzip")], "LT6005", "Content-Length" },
        { "commit leads away", [("X-Repo-Commit", "../../../etc"), ("ETag", "\"x\"")], "LT6006", "../../../etc" },
        { "two commits", [("X-Repo-Commit", HubHandler.Commit), ("X-Repo-Commit", HubHandler.OtherCommit), ("ETag", "\"x\"")], "LT6006", "commit" },
        { "etag leads away", [("X-Repo-Commit", HubHandler.Commit), ("ETag", "\"../../x\"")], "LT6006", "../../x" },
        { "etag is a lock", [("X-Repo-Commit", HubHandler.Commit), ("X-Linked-Etag", "\"x.lock\"")], "LT6006", "x.lock" },
        { "etag too long", [("X-Repo-Commit", HubHandler.Commit), ("X-Linked-Etag", new string('a', 200))], "LT6006", "etag" },
        { "size is none", [("X-Repo-Commit", HubHandler.Commit), ("ETag", "\"x\""), ("X-Linked-Size", "-5")], "LT6006", "-5" },
        { "size overflows", [("X-Repo-Commit", HubHandler.Commit), ("ETag", "\"x\""), ("X-Linked-Size", "99999999999999999999")], "LT6006", "size" },
    };

    [Theory]
    [MemberData(nameof(BadVersions))]
    public async Task Version_WhatNoHubSays_IsRefused(string name, (string, string)[] headers, string code, string words)
    {
        using HubHandler handler = HubHandler.InTurn(() => HubHandler.Bytes([1, 2, 3], HttpStatusCode.OK, headers));
        using HubClient client = handler.Client();

        ModelException error = await Assert.ThrowsAsync<ModelException>(() => client.VersionAsync(HubHandler.Repository, "main", "a.bin", None));

        Assert.True(error.Diagnostic.Code == code, $"{name}: {error.Message}");
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("W/\"abc\"", "abc")]
    [InlineData("\"abc\"", "abc")]
    [InlineData("abc", "abc")]
    [InlineData("\"\"", null)]
    [InlineData("", null)]
    [InlineData(null, null)]
    [InlineData("\"ABCDEF0123456789abcdef0123456789ABCDEF01\"", "abcdef0123456789abcdef0123456789abcdef01")]
    [InlineData("\"ABC\"", "ABC")]
    public void Etag_Forms_AreNormalised(string? header, string? etag) => Assert.Equal(etag, HubFacts.Etag(header));

    [Theory]
    [InlineData("../x")]
    [InlineData("/x")]
    [InlineData("")]
    public async Task Open_PathThatCannotBeOne_IsTheCallersFault(string path)
    {
        using HubHandler handler = HubHandler.InTurn(() => HubHandler.Bytes([1]));
        using HubClient client = handler.Client();

        await Assert.ThrowsAsync<ArgumentException>(() => client.OpenAsync(HubHandler.Repository, "main", path, cancellationToken: None));
        await Assert.ThrowsAsync<ArgumentException>(() => client.OpenAsync(HubHandler.Repository, "../main", "a", cancellationToken: None));
        Assert.Empty(handler.Sent);
    }

    [Theory]
    [InlineData("ftp://x.test/a")]
    [InlineData("file:///etc/passwd")]
    public async Task OpenUrl_NoWebAddress_IsRefused(string address)
    {
        using HubHandler handler = HubHandler.InTurn(() => HubHandler.Bytes([1]));
        using HubClient client = handler.Client();

        Assert.Equal("LT6019", (await Assert.ThrowsAsync<ModelException>(() => client.OpenUrlAsync(new Uri(address), cancellationToken: None))).Diagnostic.Code);
    }

    [Fact]
    public async Task OpenUrl_Condition_IsSentWithTheRange()
    {
        using HubHandler handler = HubHandler.InTurn(() => Part(10, 99));
        using HubClient client = handler.Client();

        await using HubContent content = await client.OpenUrlAsync(new Uri("https://x.test/a"), new HubRange(10), "\"v1\"", None);

        Assert.Equal("\"v1\"", string.Join(",", handler.Sent[0].Headers.GetValues("If-Range")));
    }

    [Fact]
    public async Task Read_StandingStill_IsAStall()
    {
        HubSettings settings = new() { DownloadTimeout = TimeSpan.FromMilliseconds(150) };
        using HubHandler handler = HubHandler.InTurn(() => HubHandler.Chunked(new PacedStream(TimeSpan.FromMilliseconds(1), 3)));
        using HubClient client = handler.Client(settings: settings);
        await using HubContent content = await client.OpenUrlAsync(new Uri("https://x.test/a"), cancellationToken: None);

        ModelException error = await Assert.ThrowsAsync<ModelException>(() => ReadAsync(content));

        Assert.Equal("LT6018", error.Diagnostic.Code);
        Assert.True(HubFaults.IsTransient(error));
    }

    [Fact]
    public async Task Read_Trickle_IsAStall()
    {
        // 1 byte in 20 ms is 50 bytes/s; the least is 1 KiB/s.
        HubSettings settings = new() { DownloadTimeout = TimeSpan.FromMilliseconds(200) };
        using HubHandler handler = HubHandler.InTurn(() => HubHandler.Chunked(new PacedStream(TimeSpan.FromMilliseconds(20), int.MaxValue)));
        using HubClient client = handler.Client(settings: settings);
        await using HubContent content = await client.OpenUrlAsync(new Uri("https://x.test/a"), cancellationToken: None);

        Assert.Equal("LT6018", (await Assert.ThrowsAsync<ModelException>(() => ReadAsync(content))).Diagnostic.Code);
    }

    [Fact]
    public async Task Read_SlowReader_IsNoStall()
    {
        HubSettings settings = new() { DownloadTimeout = TimeSpan.FromMilliseconds(50) };
        using HubHandler handler = HubHandler.InTurn(() => HubHandler.Chunked(new PacedStream(TimeSpan.FromMilliseconds(1), 4, ends: true)));
        using HubClient client = handler.Client(settings: settings);
        await using HubContent content = await client.OpenUrlAsync(new Uri("https://x.test/a"), cancellationToken: None);
        byte[] buffer = new byte[10];
        int all = 0;
        while (await content.ReadAsync(buffer, None) is int read && read > 0)
        {
            all += read;
            await Task.Delay(60, None);
        }

        Assert.Equal(4, all);
    }

    [Fact]
    public async Task Read_Cancelled_EndsAtOnceAsCancelled()
    {
        using CancellationTokenSource stop = new(50);
        using HubHandler handler = HubHandler.InTurn(() => HubHandler.Chunked(new PacedStream(TimeSpan.Zero, 0)));
        using HubClient client = handler.Client();
        await using HubContent content = await client.OpenUrlAsync(new Uri("https://x.test/a"), cancellationToken: None);

        OperationCanceledException error = await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await content.ReadAsync(new byte[1], stop.Token));

        Assert.Equal(stop.Token, error.CancellationToken);
    }

    /// <summary>Gives so many bytes one by one with a pause before each, then nothing for ever, or the end.</summary>
    private sealed class PacedStream(TimeSpan pause, int bytes, bool ends = false) : MemoryStream
    {
        private int _left = bytes;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (_left == 0)
            {
                await Task.Delay(ends ? TimeSpan.Zero : Timeout.InfiniteTimeSpan, cancellationToken);
                return 0;
            }

            await Task.Delay(pause, cancellationToken);
            _left--;
            buffer.Span[0] = 1;
            return 1;
        }
    }
}
