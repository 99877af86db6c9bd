using System.Net;
using System.Text;
using LlmToolkit.Hub;

namespace LlmToolkit.Tests.Hub.Client;

/// <summary>Listings: complete in one request where the Hub tells all, else page by page; hostile ones are refused.</summary>
public sealed class HubListingTests
{
    private static CancellationToken None => TestContext.Current.CancellationToken;

    private static string Info(string siblings, string sha = HubHandler.Commit) => $$"""{"id":"owner/name","sha":"{{sha}}","siblings":[{{siblings}}]}""";

    private static string Small(string path, string size = "2") => $$"""{"rfilename":"{{path}}","size":{{size}},"blobId":"{{HubHandler.Sha1}}"}""";

    private static string Entry(string path) => $$"""{"type":"file","path":"{{path}}","oid":"{{HubHandler.Sha1}}","size":3}""";

    private static async Task<ModelException> RefusedAsync(params Func<HttpResponseMessage>[] answers)
    {
        using HubHandler handler = HubHandler.InTurn(answers);
        using HubClient client = handler.Client();
        ModelException error = await Assert.ThrowsAsync<ModelException>(() => client.ListAsync(HubHandler.Repository, cancellationToken: None));
        Assert.Equal(FaultKind.Network, error.Diagnostic.Kind);
        Assert.NotEmpty(error.Diagnostic.Fixes);
        return error;
    }

    [Fact]
    public async Task List_CompleteSiblings_TakesOneRequest()
    {
        string large = $$"""{"rfilename":"a/model.safetensors","size":9,"blobId":"{{HubHandler.Sha1}}","lfs":{"sha256":"{{HubHandler.Sha256.ToUpperInvariant()}}","size":9,"pointerSize":130},"xetHash":"{{HubHandler.Sha256}}"}""";
        using HubHandler handler = HubHandler.InTurn(() => HubHandler.Json(Info(large + "," + Small("README.md"))));
        using HubClient client = handler.Client();

        HubListing listing = await client.ListAsync(HubHandler.Repository, "v1", cancellationToken: None);

        Assert.Equal("https://hub.example/api/models/owner/name/revision/v1?blobs=true", Assert.Single(handler.Sent).Address.AbsoluteUri);
        Assert.Equal((HubHandler.Repository, "v1", HubHandler.Commit), (listing.Repository, listing.Revision, listing.Commit));
        Assert.Equal(
            [
                new HubFile { Path = "README.md", Size = 2, BlobId = HubHandler.Sha1 },
                new HubFile { Path = "a/model.safetensors", Size = 9, BlobId = HubHandler.Sha1, Sha256 = HubHandler.Sha256, XetHash = HubHandler.Sha256 },
            ],
            listing.Files);
        Assert.Equal([HubHandler.Sha1, HubHandler.Sha256], listing.Files.Select(f => f.Etag));
    }

    [Theory]
    [InlineData("false", null)]
    [InlineData("null", null)]
    [InlineData("\"auto\"", "auto")]
    [InlineData("\"manual\"", "manual")]
    [InlineData("true", "manual")]
    public async Task List_Gate_IsTold(string json, string? gated)
    {
        using HubHandler handler = HubHandler.InTurn(() => HubHandler.Json(Info(Small("a")).Replace("\"id\"", $"\"gated\":{json},\"id\"", StringComparison.Ordinal)));
        using HubClient client = handler.Client();

        Assert.Equal(gated, (await client.ListAsync(HubHandler.Repository, cancellationToken: None)).Gated);
    }

    [Theory]
    [InlineData("")]
    [InlineData("""{"rfilename":"a"}""")]
    [InlineData("""{"rfilename":"a","size":3}""")]
    [InlineData("""{"rfilename":"a","blobId":"x"}""")]
    [InlineData("""{"rfilename":"a","size":null,"blobId":"x"}""")]
    public async Task List_SiblingsThatDoNotTellAll_AsksTheTreeOfThatCommit(string siblings)
    {
        using HubHandler handler = HubHandler.InTurn(
            () => HubHandler.Json(Info(siblings)),
            () => HubHandler.Json($$"""[{{Entry("b")}},{"type":"directory","path":"../x","oid":"y","size":0}]""", HttpStatusCode.OK, ("Link", "<https://hub.example/p2>; rel=\"next\"")),
            () => HubHandler.Json($$"""[{{Entry("a")}}]"""));
        using HubClient client = handler.Client();

        HubListing listing = await client.ListAsync(HubHandler.Repository, cancellationToken: None);

        Assert.Equal($"https://hub.example/api/models/owner/name/tree/{HubHandler.Commit}?recursive=true&expand=false", handler.Sent[1].Address.AbsoluteUri);
        Assert.Equal("https://hub.example/p2", handler.Sent[2].Address.AbsoluteUri);
        Assert.Equal(["a", "b"], listing.Files.Select(f => f.Path));
    }

    [Theory]
    [InlineData("../x")]
    [InlineData("/etc/passwd")]
    [InlineData("a/../../x")]
    [InlineData("..\\\\x")]
    [InlineData("C:\\\\x")]
    [InlineData(".git/hooks/pre-commit")]
    [InlineData("a\\u0000b")]
    [InlineData("a\\u001b[2Jb")]
    [InlineData("")]
    public async Task List_UnsafePath_IsRefusedAndNamed(string path)
    {
        ModelException sibling = await RefusedAsync(() => HubHandler.Json(Info(Small("ok") + "," + Small(path))));
        ModelException tree = await RefusedAsync(() => HubHandler.Json(Info("")), () => HubHandler.Json($"[{Entry(path)}]"));

        Assert.Equal(("LT6006", "LT6006"), (sibling.Diagnostic.Code, tree.Diagnostic.Code));
        Assert.DoesNotContain('\u001b', sibling.Diagnostic.Message);
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("1.5")]
    [InlineData("9223372036854775808")]
    [InlineData("1e30")]
    public async Task List_SizeThatIsNone_IsRefused(string size)
    {
        ModelException error = await RefusedAsync(() => HubHandler.Json(Info(Small("a", size))));

        Assert.Equal("LT6006", error.Diagnostic.Code);
        Assert.Contains(size, error.Message, StringComparison.Ordinal);
    }

    public static TheoryData<string, string, string> Contradictions => new()
    {
        { "twice", Small("a") + "," + Small("a"), "LT6011" },
        { "file and folder", Small("a") + "," + Small("a/b"), "LT6011" },
        { "sizes differ", $$"""{"rfilename":"a","size":2,"blobId":"{{HubHandler.Sha1}}","lfs":{"sha256":"{{HubHandler.Sha256}}","size":3} }""", "LT6011" },
        { "sum overflows", Small("a", "9223372036854775807") + "," + Small("b", "1"), "LT6011" },
        { "hash leads away", $$"""{"rfilename":"a","size":2,"blobId":"../../x"}""", "LT6006" },
        { "sha256 leads away", $$"""{"rfilename":"a","size":2,"blobId":"{{HubHandler.Sha1}}","lfs":{"sha256":"/etc/x","size":2} }""", "LT6006" },
    };

    [Theory]
    [MemberData(nameof(Contradictions))]
    public async Task List_Contradiction_IsRefused(string name, string siblings, string code)
    {
        ModelException error = await RefusedAsync(() => HubHandler.Json(Info(siblings)));

        Assert.True(error.Diagnostic.Code == code, $"{name}: {error.Message}");
    }

    [Theory]
    [InlineData("../../etc")]
    [InlineData("main")]
    [InlineData("0123456789ABCDEF0123456789abcdef01234567")]
    public async Task List_CommitThatIsNone_IsRefused(string sha)
    {
        ModelException error = await RefusedAsync(() => HubHandler.Json(Info(Small("a"), sha)));

        Assert.Equal("LT6006", error.Diagnostic.Code);
    }

    [Fact]
    public async Task List_AnotherCommitThanAskedFor_IsRefused()
    {
        using HubHandler handler = HubHandler.InTurn(() => HubHandler.Json(Info(Small("a"))));
        using HubClient client = handler.Client();

        ModelException error = await Assert.ThrowsAsync<ModelException>(() => client.ListAsync(HubHandler.Repository, HubHandler.OtherCommit, cancellationToken: None));

        Assert.Equal("LT6011", error.Diagnostic.Code);
    }

    [Fact]
    public async Task List_PagesInACircle_AreRefused()
    {
        ModelException error = await RefusedAsync(
            () => HubHandler.Json(Info("")),
            () => HubHandler.Json($"[{Entry("a")}]", HttpStatusCode.OK, ("Link", "<https://hub.example/p2>; rel=\"next\"")),
            () => HubHandler.Json("[]", HttpStatusCode.OK, ("Link", "<https://hub.example/p2>; rel=\"next\"")));

        Assert.Equal("LT6011", error.Diagnostic.Code);
        Assert.Contains("circle", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task List_EndlessPages_AreRefused()
    {
        int page = 0;
        using HubHandler handler = new(request => request.RequestUri!.AbsolutePath.Contains("/revision/", StringComparison.Ordinal)
            ? HubHandler.Json(Info(""))
            : HubHandler.Json("[]", HttpStatusCode.OK, ("Link", $"<https://hub.example/p?cursor={page++}>; rel=\"next\"")));
        using HubClient client = handler.Client();

        ModelException error = await Assert.ThrowsAsync<ModelException>(() => client.ListAsync(HubHandler.Repository, cancellationToken: None));

        Assert.Equal("LT6007", error.Diagnostic.Code);
        Assert.InRange(handler.Sent.Count, 1_000, 5_000);
    }

    [Fact]
    public async Task List_EndlessEntries_AreRefused()
    {
        int page = 0;
        using HubHandler handler = new(request => request.RequestUri!.AbsolutePath.Contains("/revision/", StringComparison.Ordinal)
            ? HubHandler.Json(Info(""))
            : HubHandler.Json($"[{string.Join(',', Enumerable.Range(0, 5_000).Select(i => Entry($"{page}-{i}")))}]", HttpStatusCode.OK, ("Link", $"<https://hub.example/p?cursor={page++}>; rel=\"next\"")));
        using HubClient client = handler.Client();

        ModelException error = await Assert.ThrowsAsync<ModelException>(() => client.ListAsync(HubHandler.Repository, cancellationToken: None));

        Assert.Equal("LT6007", error.Diagnostic.Code);
        Assert.InRange(page, 20, 22);
    }

    [Fact]
    public async Task Info_EndlessBody_IsLeftAtTheLimit()
    {
        EndlessStream body = new((byte)' ');
        ModelException error = await RefusedAsync(() => HubHandler.Chunked(body));

        Assert.Equal("LT6007", error.Diagnostic.Code);
        Assert.InRange(body.Given, 32 << 20, 66 << 20);
    }

    [Fact]
    public async Task Info_LargeBodyAnnounced_IsNotReadAtAll()
    {
        EndlessStream body = new((byte)' ');
        ModelException error = await RefusedAsync(() => HubHandler.Chunked(body, ("Content-Length", "99999999999")));

        Assert.Equal(("LT6007", 0), (error.Diagnostic.Code, body.Given));
    }

    [Fact]
    public async Task Info_CompressedBomb_IsLeftAtTheLimit()
    {
        using MemoryStream packed = new();
        using (System.IO.Compression.GZipStream zip = new(packed, System.IO.Compression.CompressionLevel.Fastest, leaveOpen: true))
        {
            byte[] spaces = new byte[1 << 20];
            spaces.AsSpan().Fill((byte)' ');
            for (int i = 0; i < 64; i++)
            {
                zip.Write(spaces);
            }
        }

        ModelException error = await RefusedAsync(() => HubHandler.Bytes(packed.ToArray(), HttpStatusCode.OK, ("Content-Encoding", "gzip"), ("Content-Type", "application/json")));

        Assert.Equal("LT6007", error.Diagnostic.Code);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    [InlineData("deflate")]
    public async Task Info_CompressedUnasked_IsUnpacked(string encoding)
    {
        using MemoryStream packed = new();
        using (Stream zip = encoding switch
        {
            "gzip" => new System.IO.Compression.GZipStream(packed, System.IO.Compression.CompressionLevel.Fastest, leaveOpen: true),
            "br" => new System.IO.Compression.BrotliStream(packed, System.IO.Compression.CompressionLevel.Fastest, leaveOpen: true),
            _ => new System.IO.Compression.ZLibStream(packed, System.IO.Compression.CompressionLevel.Fastest, leaveOpen: true),
        })
        {
            zip.Write(Encoding.UTF8.GetBytes(Info(Small("a"))));
        }

        using HubHandler handler = HubHandler.InTurn(() => HubHandler.Bytes(packed.ToArray(), HttpStatusCode.OK, ("Content-Encoding", encoding), ("Content-Type", "application/json")));
        using HubClient client = handler.Client();

        Assert.Equal("a", Assert.Single((await client.ListAsync(HubHandler.Repository, cancellationToken: None)).Files).Path);
    }

    [Theory]
    [InlineData("text/html; charset=utf-8", "<html>Sign in to the network</html>", "web page")]
    [InlineData("application/json", "<html>", "no JSON")]
    [InlineData("application/json", "", "no JSON")]
    [InlineData("application/json", "[]", "without an \"id\"")]
    [InlineData("application/json", "{\"id\":5}", "without an \"id\"")]
    [InlineData("application/json", "{\"error\":\"x\"}", "without an \"id\"")]
    public async Task Info_WhatIsNoHubs_IsTold(string type, string body, string detail)
    {
        ModelException error = await RefusedAsync(() => HubHandler.Bytes(Encoding.UTF8.GetBytes(body), HttpStatusCode.OK, ("Content-Type", type)));

        Assert.Equal("LT6004", error.Diagnostic.Code);
        Assert.Contains(detail, error.Diagnostic.Evidence, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Info_DeepJson_IsRefused()
    {
        ModelException error = await RefusedAsync(() => HubHandler.Json(string.Concat(Enumerable.Repeat("[", 100_000))));

        Assert.Equal("LT6004", error.Diagnostic.Code);
    }

    [Fact]
    public async Task Info_AllFacts_AreRead()
    {
        using HubHandler handler = HubHandler.InTurn(() => HubHandler.Json($$"""
            {"id":"new/name","sha":"{{HubHandler.Commit}}","lastModified":"2026-01-02T03:04:05.000Z","createdAt":"2025-01-02T03:04:05Z","private":false,"gated":"auto","disabled":false,
             "downloads":12,"likes":3,"tags":["gguf","license:mit",7],"pipeline_tag":"text-generation","library_name":"transformers","usedStorage":99,
             "safetensors":{"total":5000000},"gguf":{"total":1,"architecture":"llama","context_length":4096},"unknown":{"x":[1]} }
            """));
        using HubClient client = handler.Client();

        HubRepositoryInfo info = await client.InfoAsync(HubHandler.Repository, cancellationToken: None);

        Assert.Equal(("new/name", "new", HubHandler.Commit, "auto", "mit"), (info.Id, info.Author, info.Sha, info.Gated, info.License));
        Assert.Equal((12L, 3L, 99L, 5_000_000L, 4096L), (info.Downloads, info.Likes, info.UsedStorage, info.ParameterCount, info.GgufContextLength));
        Assert.Equal(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero), info.LastModified);
        Assert.Equal(["gguf", "license:mit"], info.Tags);
        Assert.Null(info.Listing);
    }

    [Fact]
    public async Task Search_Question_IsTheHubs()
    {
        using HubHandler handler = HubHandler.InTurn(
            () => HubHandler.Json("""[{"id":"a/1"},{"modelId":"a/2"}]""", HttpStatusCode.OK, ("Link", "</api/models?cursor=x>; rel=\"next\"")),
            () => HubHandler.Json("""[{"id":"a/3"},{"id":"a/4"}]"""));
        using HubClient client = handler.Client();

        HubSearch search = new() { Text = "tiny llama", Author = "a", Filters = ["gguf", "en"], PipelineTag = "text-generation", Gated = false, MinParameters = "1B", MaxParameters = "8B", Sort = HubSort.Downloads, Limit = 3 };
        List<HubRepositoryInfo> found = await client.SearchAsync(search, None).ToListAsync(None);

        Assert.Equal(["a/1", "a/2", "a/3"], found.Select(f => f.Id));
        Assert.StartsWith("https://hub.example/api/models?search=tiny%20llama&author=a&filter=gguf&filter=en&pipeline_tag=text-generation&gated=false&num_parameters=min%3A1B%2Cmax%3A8B&sort=downloads&limit=3&", handler.Sent[0].Address.AbsoluteUri, StringComparison.Ordinal);
        Assert.Equal(2, handler.Sent.Count);
    }

    [Theory]
    [InlineData("<https://x/2>; rel=\"next\"", "https://x/2")]
    [InlineData("<https://x/1>; rel=\"prev\", <https://x/2>; rel=\"next\"", "https://x/2")]
    [InlineData("<https://x/2>; title=\"a, b; rel=next\"; rel=next", "https://x/2")]
    [InlineData("<https://x/2>; rel=\"last next\"", "https://x/2")]
    [InlineData("<https://x/2>; REL=\"NEXT\"", "https://x/2")]
    [InlineData("<https://x/1>; title=\"rel=next\"", null)]
    [InlineData("<https://x/1>; rel=\"prev\"", null)]
    [InlineData("https://x/2; rel=next", null)]
    [InlineData("<https://x/2; rel=next", null)]
    [InlineData("", null)]
    [InlineData("<>; rel=next", "")]
    [InlineData("<a>;;;,,<b>;rel=next", "b")]
    [InlineData("<a>; x=\"unclosed, <b>; rel=next", null)]
    public void Links_Header_GivesTheNext(string header, string? next) => Assert.Equal(next, HubLinks.Next(header));
}
