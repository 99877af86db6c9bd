using LlmToolkit.Hub;
using LlmToolkit.Testing;

namespace LlmToolkit.Tests.Hub.Faults;

/// <summary>Every fault of the Hub, of its storage and of what lies between. After each: nothing damaged under a final name, no token astray, and the next run completes.</summary>
public sealed class FaultTableTests
{
    private const string Large = "/model.safetensors";

    /// <summary>What a download makes of a fault.</summary>
    public enum Outcome
    {
        /// <summary>It completes within the same run.</summary>
        Completes,

        /// <summary>It ends with an error of the network (exit code 6).</summary>
        Network,

        /// <summary>It ends with an error about the content (exit code 3).</summary>
        Content,

        /// <summary>It ends with an error of access (exit code 7).</summary>
        Access,
    }

    /// <summary>The table: name, faults, outcome.</summary>
    public static TheoryData<string, FakeFault[], Outcome> Rows
    {
        get
        {
            TheoryData<string, FakeFault[], Outcome> rows = [];
            // The same places in each run.
            Random random = new(7);
            void Row(string name, Outcome outcome, params FakeFault[] faults) => rows.Add(name, faults, outcome);
            foreach (FakeFaultKind kind in (FakeFaultKind[])[FakeFaultKind.Reset, FakeFaultKind.Close])
            {
                Row($"{kind} at the first byte, three times", Outcome.Completes, Data(kind) with { Times = 3 });
                for (int i = 0; i < 4; i++)
                {
                    long at = random.Next(8 << 20);
                    Row($"{kind} at byte {at}, three times", Outcome.Completes, Data(kind) with { At = at, Times = 3 });
                }

                Row($"{kind} of every part after 3 MB", Outcome.Completes, Data(kind) with { At = 3_000_000 });
                Row($"{kind} of everything at once", Outcome.Network, Data(kind) with { At = 10 });
                Row($"{kind} of a small file", Outcome.Completes, new FakeFault { Kind = kind, Path = "config.json", At = 5, Times = 2 });
            }

            Row("stall", Outcome.Completes, Data(FakeFaultKind.Stall) with { At = 100_000, Times = 1 });
            Row("stall of all streams", Outcome.Completes, Data(FakeFaultKind.Stall) with { At = random.Next(1 << 20), Times = 4 });
            Row("trickle", Outcome.Completes, Data(FakeFaultKind.Throttle) with { BytesPerSecond = 200, Times = 2 });
            Row("slow, but not a stall", Outcome.Completes, Data(FakeFaultKind.Throttle) with { BytesPerSecond = 20_000_000 });
            Row("short body, twice", Outcome.Completes, Data(FakeFaultKind.Shorter) with { Count = random.Next(1, 100_000), Times = 2 });
            Row("short bodies", Outcome.Network, Data(FakeFaultKind.Shorter));
            Row("long body, twice", Outcome.Completes, Data(FakeFaultKind.Longer) with { Count = random.Next(1, 100_000), Times = 2 });
            Row("long bodies", Outcome.Network, Data(FakeFaultKind.Longer));
            Row("corrupt byte of the same length, once", Outcome.Completes, Data(FakeFaultKind.Corrupt) with { Times = 1 });
            Row("corrupt bytes of the same length", Outcome.Content, Data(FakeFaultKind.Corrupt) with { Count = 3 });
            Row("corrupt small file", Outcome.Content, new FakeFault { Kind = FakeFaultKind.Corrupt, Path = "config.json", Method = "GET" });
            Row("content changed after the listing", Outcome.Content, Data(FakeFaultKind.ChangedContent));
            Row("ranges ignored", Outcome.Completes, Data(FakeFaultKind.IgnoreRange));
            Row("ranges ignored, and breaks", Outcome.Completes, Data(FakeFaultKind.IgnoreRange), Data(FakeFaultKind.Reset) with { At = 12_000_000, Times = 2 });
            Row("another part than asked for, once", Outcome.Completes, Data(FakeFaultKind.WrongRange) with { Count = 4096, Times = 1 });
            Row("other parts than asked for", Outcome.Network, Data(FakeFaultKind.WrongRange) with { Count = 4096 });
            Row("another total than promised", Outcome.Network, Data(FakeFaultKind.WrongTotal) with { Count = 999 });
            Row("parts without Content-Range", Outcome.Network, Data(FakeFaultKind.NoContentRange));
            Row("gzip unasked", Outcome.Completes, Data(FakeFaultKind.Gzip));
            Row("endless body", Outcome.Content, Data(FakeFaultKind.Endless));
            Row("web page instead of the bytes", Outcome.Network, Data(FakeFaultKind.WebPage));
            Row("slow headers", Outcome.Network, Data(FakeFaultKind.SlowHeaders));
            foreach (int status in (int[])[408, 429, 500, 502, 503, 504])
            {
                Row($"{status} of the storage, twice", Outcome.Completes, Data(FakeFaultKind.Status) with { Status = status, Times = 2 });
                Row($"{status} of the Hub, twice", Outcome.Completes, Api(FakeFaultKind.Status) with { Status = status, Times = 2 });
            }

            Row("503 for ever", Outcome.Network, Data(FakeFaultKind.Status));
            Row("403 of the storage: the address expired", Outcome.Completes, Data(FakeFaultKind.Status) with { Status = 403, Times = 1 });
            Row("403 of the storage for ever", Outcome.Network, Data(FakeFaultKind.Status) with { Status = 403 });
            Row("404 of the storage", Outcome.Network, Data(FakeFaultKind.Status) with { Status = 404 });
            Row("416", Outcome.Network, Data(FakeFaultKind.Status) with { Status = 416 });
            Row("429 with a quota used up", Outcome.Completes, Limited(("RateLimit", "\"api\";r=0;t=0")));
            Row("429 with Retry-After in seconds", Outcome.Completes, Limited(("Retry-After", "0.2")));
            Row("429 with Retry-After as a date, and a clock hours off", Outcome.Completes, Limited(("Retry-After", "Thu, 01 Jan 2026 10:00:01 GMT"), ("Date", "Thu, 01 Jan 2026 10:00:00 GMT")));
            Row("429 with nonsense", Outcome.Completes, Limited(("Retry-After", "-5"), ("RateLimit", "x;r=0;t=99999999999999999999")));
            Row("clock hours off", Outcome.Completes, new FakeFault { Kind = FakeFaultKind.Headers, Headers = Headers(("Date", "Thu, 01 Jan 2015 10:00:00 GMT")) });
            Row("redirect in a circle", Outcome.Network, Api(FakeFaultKind.Redirect));
            foreach (string place in (string[])["file:///etc/passwd", "ftp://127.0.0.1/x", "//", "http://", "javascript:alert(1)", "http://user:word@127.0.0.1/"])
            {
                Row($"redirect to {place}", Outcome.Network, Resolve(FakeFaultKind.Redirect) with { Location = place });
            }

            Row("captive portal", Outcome.Network, Api(FakeFaultKind.WebPage));
            Row("captive portal for files", Outcome.Network, Resolve(FakeFaultKind.WebPage));
            Row("endless listing", Outcome.Network, Api(FakeFaultKind.Endless));
            Row("pages in a circle", Outcome.Network, Api(FakeFaultKind.EndlessPages) with { Count = 0 });
            Row("ever new pages", Outcome.Network, Api(FakeFaultKind.EndlessPages));
            Row("pages that lead to another host", Outcome.Network, Api(FakeFaultKind.Headers) with { Path = "/tree/", Headers = Headers(("Link", "<http://127.0.0.1:1/evil>; rel=\"next\"")) });
            foreach (string body in (string[])["", "null", "[]", "{}", """{"id":5}""", """{"id":"owner/name","sha":"../../evil","siblings":[]}""", """{"id":"owner/name","siblings":"x"}""", new string('[', 100_000)])
            {
                Row($"listing {(body.Length > 60 ? "nested without end" : body)}", Outcome.Network, Api(FakeFaultKind.ReplaceBody) with { Body = body });
            }

            foreach (string name in (string[])["../evil", "../../../../evil", "/evil", "a/../../evil", "..\\evil", "C:\\evil", "C:evil", "\\\\server\\evil", "evil\0", "./evil", "evil//x", "config.json", "folder", "model.safetensors/evil", "evil\u001b[2J"])
            {
                Row($"listing with {name.Replace("\0", "\\0", StringComparison.Ordinal).Replace("\u001b", "\\e", StringComparison.Ordinal)}", Outcome.Network, Api(FakeFaultKind.ExtraFiles) with { Names = [name] });
            }

            foreach (string etag in (string[])["\"../../../evil\"", "\"/evil\"", "\"..\"", "\"a/../../evil\"", "\"" + new string('a', 4000) + "\"", "\"" + new string('b', 64) + "\""])
            {
                Row($"etag {(etag.Length > 100 ? "of 4,000 letters" : etag)}", Outcome.Network, Resolve(FakeFaultKind.Headers) with { Headers = Headers(("X-Linked-Etag", etag)) });
            }

            Row("weak etag", Outcome.Completes, new FakeFault { Kind = FakeFaultKind.Headers, Path = "config.json", Headers = Headers(("ETag", "W/\"" + new string('0', 0) + "\"")) });
            foreach (string commit in (string[])["../../evil", new string('A', 40), new string('f', 40)])
            {
                Row($"commit {commit} of a file", commit == new string('f', 40) ? Outcome.Network : Outcome.Completes, Resolve(FakeFaultKind.Headers) with { Headers = Headers(("X-Repo-Commit", commit)) });
            }

            Row("another size at the file than in the listing", Outcome.Content, Resolve(FakeFaultKind.Headers) with { Headers = Headers(("X-Linked-Size", "5")) });
            Row("no commit at the file", Outcome.Completes, Resolve(FakeFaultKind.Headers) with { Headers = Headers(("X-Repo-Commit", "")) });
            Row("huge headers", Outcome.Network, Resolve(FakeFaultKind.Headers) with { Headers = Headers(("X-Junk", new string('j', 200_000))) });
            Row("chunk store of another host", Outcome.Completes, Resolve(FakeFaultKind.Headers) with { Headers = Headers(("X-Xet-Hash", new string('c', 64)), ("Link", "<http://127.0.0.1:1/evil>; rel=\"xet-auth\"")) });
            Row("gate closed between listing and file", Outcome.Access, Resolve(FakeFaultKind.Status) with { Status = 403, Headers = Headers(("X-Error-Code", "GatedRepo")) });
            Row("token revoked", Outcome.Access, Api(FakeFaultKind.Status) with { Status = 401, Headers = Headers(("X-Error-Message", "Invalid credentials in Authorization header")) });
            return rows;
        }
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public async Task Fault(string name, FakeFault[] faults, Outcome outcome)
    {
        Assert.NotEmpty(name);
        await using FaultBench bench = await FaultBench.StartAsync();
        // Pages are read only where the info of the revision does not tell all.
        bench.Repository.TellsBlobs = !name.Contains("pages", StringComparison.Ordinal);
        foreach (FakeFault fault in faults)
        {
            bench.Hub.Fault(fault);
        }

        if (outcome == Outcome.Completes)
        {
            bench.AssertComplete(await bench.DownloadAsync());
        }
        else
        {
            ModelException error = await Assert.ThrowsAsync<ModelException>(() => bench.DownloadAsync());
            Assert.Equal(outcome switch { Outcome.Network => FaultKind.Network, Outcome.Content => FaultKind.Refused, _ => FaultKind.Authentication }, error.Diagnostic.Kind);
            Assert.NotEmpty(error.Diagnostic.Fixes);
            Assert.DoesNotContain(FaultBench.Secret, error.ToString(), StringComparison.Ordinal);
        }

        bench.Audit();
        bench.Hub.ClearFaults();
        bench.Repository.TellsBlobs = true;
        bench.AssertComplete(await bench.DownloadAsync());
        bench.Audit();
    }

    private static FakeFault Data(FakeFaultKind kind) => new() { Kind = kind, Origin = FakeOrigin.Data, Path = Large, Delay = TimeSpan.FromSeconds(4) };

    private static FakeFault Api(FakeFaultKind kind) => new() { Kind = kind, Origin = FakeOrigin.Hub, Path = "/api/models/owner/name" };

    private static FakeFault Resolve(FakeFaultKind kind) => new() { Kind = kind, Origin = FakeOrigin.Hub, Path = "name/resolve/" };

    private static FakeFault Limited(params (string Name, string Value)[] headers) => Api(FakeFaultKind.Status) with { Status = 429, Times = 1, Headers = Headers(headers) };

    private static Dictionary<string, string> Headers(params (string Name, string Value)[] headers) => headers.ToDictionary(h => h.Name, h => h.Value);
}
