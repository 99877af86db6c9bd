using System.Net;
using LlmToolkit.Diagnosis.Explainers;
using LlmToolkit.Hub;

namespace LlmToolkit.Tests.Hub.Client;

/// <summary>Each no of the Hub is a message of its own, with the next step, the token's source and the request's id.</summary>
public sealed class HubAnswerTests
{
    private const string Invalid = "Invalid credentials in Authorization header";

    /// <summary>Status, X-Error-Code, X-Error-Message, token; then code, kind, and words of message and fixes.</summary>
    [Theory]
    [InlineData(401, "RepoNotFound", null, false, "LT6159", FaultKind.Network, "or it is private: no token was sent", "llmtk hub login")]
    [InlineData(404, "RepoNotFound", null, true, "LT6150", FaultKind.Network, "that the token from HF_TOKEN, …wxyz opens", "llmtk hub whoami")]
    [InlineData(401, "GatedRepo", null, false, "LT6170", FaultKind.Authentication, "no token was sent", "Accept the terms")]
    [InlineData(403, "GatedRepo", null, true, "LT6171", FaultKind.Authentication, "the account of the token from HF_TOKEN, …wxyz", "Accept the terms")]
    [InlineData(401, null, Invalid, true, "LT6172", FaultKind.Authentication, "The token from HF_TOKEN, …wxyz is not valid", "Unset HF_TOKEN")]
    [InlineData(401, "RepoNotFound", Invalid, true, "LT6172", FaultKind.Authentication, "…wxyz is not valid", "https://huggingface.co/settings/tokens")]
    [InlineData(401, null, null, true, "LT6172", FaultKind.Authentication, "…wxyz is not valid", "llmtk hub login")]
    [InlineData(401, null, null, false, "LT6175", FaultKind.Authentication, "wants to know who asks", "llmtk hub login")]
    [InlineData(403, null, "Access to this resource is disabled.", true, "LT6174", FaultKind.Authentication, "disabled", "another source")]
    [InlineData(403, "DisabledRepo", null, true, "LT6174", FaultKind.Authentication, "disabled", "another source")]
    [InlineData(403, null, "you lack the right", true, "LT6173", FaultKind.Authentication, "may not read", "Tick")]
    [InlineData(404, "EntryNotFound", null, true, "LT6152", FaultKind.Network, "no such file: a.bin", "llmtk hub files")]
    [InlineData(404, "RevisionNotFound", null, true, "LT6151", FaultKind.Network, "no revision as asked for: main", "llmtk hub info")]
    [InlineData(416, null, null, true, "LT6155", FaultKind.Network, "416", "Delete")]
    [InlineData(407, null, null, true, "LT6105", FaultKind.Authentication, "proxy", "HTTPS_PROXY")]
    [InlineData(429, null, null, true, "LT6153", FaultKind.Network, "429", "Wait")]
    [InlineData(451, null, null, true, "LT6174", FaultKind.Authentication, "disabled", "another source")]
    [InlineData(500, null, null, true, "LT6154", FaultKind.Network, "500", "again")]
    [InlineData(503, null, null, true, "LT6154", FaultKind.Network, "503", "again")]
    [InlineData(404, null, null, true, "LT6156", FaultKind.Network, "404", "address")]
    public async Task Version_EachNo_HasItsOwnWords(int status, string? code, string? message, bool token, string expected, FaultKind kind, string words, string fix)
    {
        List<(string, string)> headers = [("X-Request-Id", "Root=1-abc")];
        if (code is not null)
        {
            headers.Add(("X-Error-Code", code));
        }

        if (message is not null)
        {
            headers.Add(("X-Error-Message", message));
        }

        using HubHandler handler = HubHandler.InTurn(() => HubHandler.Status((HttpStatusCode)status, [.. headers]));
        using HubClient client = handler.Client(token: token ? HubHandler.Token : null);

        ModelException error = await Assert.ThrowsAsync<ModelException>(() => client.VersionAsync(HubHandler.Repository, "main", "a.bin", TestContext.Current.CancellationToken));

        Diagnostic diagnostic = error.Diagnostic;
        Assert.Equal((expected, kind), (diagnostic.Code, diagnostic.Kind));
        Assert.Contains(words, diagnostic.Message, StringComparison.Ordinal);
        Assert.Contains(diagnostic.Fixes, f => f.Contains(fix, StringComparison.Ordinal));
        Assert.Contains("request Root=1-abc", diagnostic.Evidence, StringComparison.Ordinal);
        Assert.Contains(token ? "token from HF_TOKEN, …wxyz" : "no token sent", diagnostic.Evidence, StringComparison.Ordinal);
        Assert.DoesNotContain("SecretSecret", error.ToString() + diagnostic, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"error":"said here"}""")]
    [InlineData("""{"error":["said here","twice"]}""")]
    [InlineData("""{"errors":[{"message":"said here"}]}""")]
    [InlineData("""{"error_description":"said here"}""")]
    public async Task Info_NoWithABody_ShowsWhatItSays(string body)
    {
        using HubHandler handler = HubHandler.InTurn(() => HubHandler.Json(body, HttpStatusCode.Forbidden));
        using HubClient client = handler.Client();

        ModelException error = await Assert.ThrowsAsync<ModelException>(() => client.InfoAsync(HubHandler.Repository, cancellationToken: TestContext.Current.CancellationToken));

        Assert.Equal("LT6173", error.Diagnostic.Code);
        Assert.Contains("said here", error.Diagnostic.Evidence, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Info_ServerThatRepeatsTheToken_DoesNotBringItIntoTheText()
    {
        using HubHandler handler = HubHandler.InTurn(() => HubHandler.Status(HttpStatusCode.Forbidden, ("X-Error-Message", $"you sent {HubHandler.Token}!"), ("X-Request-Id", HubHandler.Token)));
        using HubClient client = handler.Client();

        ModelException error = await Assert.ThrowsAsync<ModelException>(() => client.InfoAsync(HubHandler.Repository, cancellationToken: TestContext.Current.CancellationToken));

        Assert.DoesNotContain("SecretSecret", error.ToString() + error.Diagnostic + string.Join("|", error.Diagnostic.Fixes), StringComparison.Ordinal);
        Assert.Contains("you sent …wxyz!", error.Diagnostic.Evidence, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Info_EndlessBodyOfAnError_IsNotReadToItsEnd()
    {
        using HubHandler handler = new(_ =>
        {
            HttpResponseMessage response = HubHandler.Chunked(new EndlessStream((byte)' '));
            response.StatusCode = HttpStatusCode.InternalServerError;
            response.Content.Headers.TryAddWithoutValidation("Content-Type", "application/json");
            return response;
        });
        using HubClient client = handler.Client();

        ModelException error = await Assert.ThrowsAsync<ModelException>(() => client.InfoAsync(HubHandler.Repository, cancellationToken: TestContext.Current.CancellationToken));

        Assert.Equal("LT6154", error.Diagnostic.Code);
    }

    [Fact]
    public async Task Version_NoSuchRevision_NamesThoseThereAre()
    {
        using HubHandler handler = new(request => request.RequestUri!.AbsolutePath.EndsWith("/refs", StringComparison.Ordinal)
            ? HubHandler.Json($$"""{"branches":[{"name":"main","ref":"refs/heads/main","targetCommit":"{{HubHandler.Commit}}"},{"name":"../x","ref":"x","targetCommit":"{{HubHandler.Commit}}"}],"tags":[{"name":"v1","ref":"refs/tags/v1","targetCommit":"{{HubHandler.Commit}}"}]}""")
            : HubHandler.Status(HttpStatusCode.NotFound, ("X-Error-Code", "RevisionNotFound")));
        using HubClient client = handler.Client();

        ModelException version = await Assert.ThrowsAsync<ModelException>(() => client.VersionAsync(HubHandler.Repository, "mian", "a.bin", TestContext.Current.CancellationToken));
        ModelException list = await Assert.ThrowsAsync<ModelException>(() => client.ListAsync(HubHandler.Repository, "mian", cancellationToken: TestContext.Current.CancellationToken));

        Assert.Equal(["Its branches: main.", "Its tags: v1."], version.Diagnostic.Fixes.Take(2));
        Assert.Equal(["Its branches: main.", "Its tags: v1."], list.Diagnostic.Fixes.Take(2));
    }

    [Fact]
    public async Task Version_NoSuchFile_NamesThoseLikeIt()
    {
        using HubHandler handler = new(request => request.RequestUri!.AbsolutePath.StartsWith("/api/", StringComparison.Ordinal)
            ? HubHandler.Json($$"""{"id":"owner/name","sha":"{{HubHandler.Commit}}","siblings":[{"rfilename":"config.json","size":2,"blobId":"{{HubHandler.Sha1}}"},{"rfilename":"zzz.bin","size":2,"blobId":"{{HubHandler.Sha1}}"}]}""")
            : HubHandler.Status(HttpStatusCode.NotFound, ("X-Error-Code", "EntryNotFound"), ("X-Repo-Commit", HubHandler.Commit)));
        using HubClient client = handler.Client();

        ModelException error = await Assert.ThrowsAsync<ModelException>(() => client.VersionAsync(HubHandler.Repository, "main", "Config.jsn", TestContext.Current.CancellationToken));

        Assert.True(HubFaults.IsNoEntry(error));
        Assert.Equal("Names like it: config.json.", error.Diagnostic.Fixes[0]);
    }

    [Fact]
    public async Task Anything_Offline_AsksNothing()
    {
        using HubHandler handler = HubHandler.InTurn(() => HubHandler.Json("{}"));
        using HubClient client = handler.Client(settings: new HubSettings { Offline = true });
        CancellationToken none = TestContext.Current.CancellationToken;

        foreach (Func<Task> call in (Func<Task>[])[
            () => client.InfoAsync(HubHandler.Repository, cancellationToken: none), () => client.ListAsync(HubHandler.Repository, cancellationToken: none), () => client.RefsAsync(HubHandler.Repository, none),
            () => client.WhoAmIAsync(none), () => client.VersionAsync(HubHandler.Repository, "main", "a", none), () => client.OpenAsync(HubHandler.Repository, "main", "a", cancellationToken: none),
            () => client.OpenUrlAsync(new Uri("https://x.test/a"), cancellationToken: none), async () => await client.SearchAsync(new HubSearch(), none).ToListAsync(none)])
        {
            ModelException error = await Assert.ThrowsAsync<ModelException>(call);
            Assert.Equal(("LT6002", FaultKind.Network), (error.Diagnostic.Code, error.Diagnostic.Kind));
            Assert.True(HubFaults.IsOutage(error));
        }

        Assert.Empty(handler.Sent);
    }

    [Fact]
    public async Task Warning_EachTopicOnce_IsTold()
    {
        using HubHandler handler = new(_ => HubHandler.Json("{}", HttpStatusCode.OK, ("X-HF-Warning", "old; Use the \u001b[31mnew one"), ("X-HF-Warning", "other; And this")));
        using HubClient client = handler.Client();
        Told told = new();
        client.Progress = told;

        await client.RefsAsync(HubHandler.Repository, TestContext.Current.CancellationToken);
        await client.RefsAsync(HubHandler.Repository, TestContext.Current.CancellationToken);

        Assert.Equal(["The Hub says: Use the  [31mnew one", "The Hub says: And this"], told.All.Select(p => p.Note));
    }

    [Theory]
    [InlineData("https://h/api/models/o/n/revision/refs%2Fpr%2F1?x=hf_secret", "o/n", "refs/pr/1", null)]
    [InlineData("https://h/api/models/gpt2/tree/main", "gpt2", "main", null)]
    [InlineData("https://h/api/datasets/o/n", "o/n", null, null)]
    [InlineData("https://h/mirror/api/models/o/n/refs", "o/n", null, null)]
    [InlineData("https://h/o/n/resolve/main/a/b%20c.bin", "o/n", "main", "a/b c.bin")]
    [InlineData("https://h/datasets/o/n/resolve/v1/x", "o/n", "v1", "x")]
    [InlineData("https://h/v1/models?key=secret", "h/v1/models", null, null)]
    public void HubAddress_OfAnAddress_IsWhatItIsAbout(string address, string repository, string? revision, string? file) =>
        Assert.Equal(new HubAddress(repository, revision, file), HubAddress.Of(new Uri(address)));
}
