using System.Diagnostics;
using System.Text.Json.Nodes;

namespace LlmToolkit.Text.Tests.Tokenizers;

/// <summary>Tokenizers that are made to run for ever, or to fill the memory, end within seconds: with ids or with the toolkit's own error.</summary>
public sealed class BoundedWorkTests : IDisposable
{
    private const int Letters = 50_000;

    private readonly string _folder = Directory.CreateTempSubdirectory("llmtk-bounded-").FullName;

    public static TheoryData<string> Hostile =>
    [
        "replace grows", "replace with nothing", "prepends", "a thousand normalizers", "too many normalizers", "nested sequences", "looks ahead everywhere", "atomic looks ahead", "chunks that explode",
        "an added token as long as the text", "added tokens that begin with one another", "an added token that takes all white space", "a unigram piece as long as the text",
        "word pieces as long as the text", "a template without end", "a prefix like a book", "a character map in a circle", "a character map that grows",
    ];

    [Theory, MemberData(nameof(Hostile))]
    public void Encode_MadeToRunForEver_EndsSoon(string kind)
    {
        (JsonObject json, string text) = Make(kind);
        long start = Stopwatch.GetTimestamp();
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            Tokenizer tokenizer = Build(json);
            Assert.NotNull(tokenizer.Encode(text));
        }
        catch (ModelException e)
        {
            Assert.NotEmpty(e.Diagnostic.Fixes);
            Assert.StartsWith("LT30", e.Diagnostic.Code, StringComparison.Ordinal);
        }

        TimeSpan took = Stopwatch.GetElapsedTime(start);
        Assert.True(took < TimeSpan.FromSeconds(60), $"{kind}: {took}");
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 2L << 30, $"{kind}: {(GC.GetAllocatedBytesForCurrentThread() - before) >> 20} MiB in all");
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1.5)]
    public void Read_AddedTokenWithAnIdThatIsNone_IsRefused(double id)
    {
        JsonObject json = Plain();
        json["added_tokens"] = new JsonArray(Added("zz", new JsonObject { ["id"] = id }));

        Assert.Equal("LT3003", Assert.Throws<ModelException>(() => Build(json)).Diagnostic.Code);
    }

    [Fact]
    public void Encode_AfterAStoppedText_WorksAgain()
    {
        JsonObject json = Plain();
        json["normalizer"] = Replace("a", new string('a', 2000));
        Tokenizer tokenizer = Build(json);

        Assert.Equal("LT3021", Assert.Throws<ModelException>(() => tokenizer.Encode(new string('a', Letters))).Diagnostic.Code);
        Assert.Equal(2000, tokenizer.Encode("a").Ids.Count);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static (JsonObject Json, string Text) Make(string kind)
    {
        JsonObject json = Plain();
        string text = new('a', Letters);
        switch (kind)
        {
            case "replace grows":
                json["normalizer"] = Sequence([.. Enumerable.Range(0, 12).Select(_ => Replace("a", "aaaaaaaaaa"))]);
                text = "aaaaaaaaaa";
                break;
            case "replace with nothing":
                json["normalizer"] = Sequence([.. Enumerable.Range(0, 40).Select(_ => Replace("", "x"))]);
                text = "aaaaaaaaaa";
                break;
            case "prepends":
                json["normalizer"] = Sequence([.. Enumerable.Range(0, 500).Select(_ => new JsonObject { ["type"] = "Prepend", ["prepend"] = new string('a', 10_000) })]);
                break;
            case "a thousand normalizers":
                json["normalizer"] = Sequence([.. Enumerable.Range(0, 990).Select(_ => new JsonObject { ["type"] = "Lowercase" })]);
                break;
            case "too many normalizers":
                json["normalizer"] = Sequence([.. Enumerable.Range(0, 50_000).Select(_ => new JsonObject { ["type"] = "Lowercase" })]);
                break;
            case "nested sequences":
                JsonNode inner = Replace("a", "aa");
                for (int i = 0; i < 25; i++)
                {
                    inner = Sequence([inner, inner.DeepClone().AsObject() is var copy && i < 9 ? copy : new JsonObject { ["type"] = "Lowercase" }]);
                }

                json["normalizer"] = inner;
                break;
            case "looks ahead everywhere":
                json["pre_tokenizer"] = Split("a(?=.*b)|a");
                break;
            case "atomic looks ahead":
                json["pre_tokenizer"] = Split("a(?!(?>a*)b)|a");
                break;
            case "chunks that explode":
                json["pre_tokenizer"] = new JsonObject
                {
                    ["type"] = "Sequence",
                    ["pretokenizers"] = new JsonArray(new JsonObject { ["type"] = "FixedLength", ["length"] = 20 }, Split("(a|aa)+b")),
                };
                break;
            case "an added token as long as the text":
                json["added_tokens"] = new JsonArray(Added(text + "b", []));
                break;
            case "added tokens that begin with one another":
                json["added_tokens"] = new JsonArray([.. Enumerable.Range(1, 1500).Select(n => Added(new string('a', n) + (n < 1500 ? "b" : ""), []))]);
                break;
            case "an added token that takes all white space":
                json["added_tokens"] = new JsonArray(Added(" ", new JsonObject { ["rstrip"] = true, ["lstrip"] = true }));
                text = new string(' ', Letters);
                break;
            case "a unigram piece as long as the text":
                json["model"] = new JsonObject { ["type"] = "Unigram", ["unk_id"] = 0, ["vocab"] = new JsonArray(new JsonArray("<unk>", 0.0), new JsonArray("a", -1.0), new JsonArray(text, -2.0)) };
                break;
            case "word pieces as long as the text":
                json["model"] = new JsonObject
                {
                    ["type"] = "WordPiece",
                    ["unk_token"] = "<unk>",
                    ["max_input_chars_per_word"] = 1_000_000_000,
                    ["vocab"] = new JsonObject { ["<unk>"] = 0, ["a"] = 1, ["##a"] = 2, [text + "b"] = 3 },
                };
                break;
            case "a template without end":
                json["post_processor"] = new JsonObject
                {
                    ["type"] = "TemplateProcessing",
                    ["single"] = new JsonArray([.. Enumerable.Range(0, 5000).Select(_ => new JsonObject { ["SpecialToken"] = new JsonObject { ["id"] = "x", ["type_id"] = 0 } })]),
                    ["pair"] = new JsonArray(),
                    ["special_tokens"] = new JsonObject
                    {
                        ["x"] = new JsonObject { ["id"] = "x", ["ids"] = new JsonArray([.. Enumerable.Repeat(0, 20_000).Select(i => (JsonNode)i)]), ["tokens"] = new JsonArray([.. Enumerable.Repeat("a", 20_000).Select(t => (JsonNode)t)]) },
                    },
                };
                break;
            case "a prefix like a book":
                json["model"]!["continuing_subword_prefix"] = new string('#', 1_000_000);
                break;
            case "a character map in a circle":
                json["normalizer"] = CharsMap(circle: true, replacement: "a");
                break;
            default:
                json["normalizer"] = CharsMap(circle: false, replacement: new string('a', 1_000_000));
                break;
        }

        return (json, text);
    }

    private static JsonObject Plain() => JsonNode.Parse("""
        { "version": "1.0", "added_tokens": [], "normalizer": null, "pre_tokenizer": null, "post_processor": null, "decoder": null,
          "model": { "type": "BPE", "unk_token": "<unk>", "vocab": { "<unk>": 0, "a": 1, "x": 2 }, "merges": [] } }
        """)!.AsObject();

    private static JsonObject Sequence(JsonNode[] parts) => new() { ["type"] = "Sequence", ["normalizers"] = new JsonArray(parts) };

    private static JsonObject Replace(string text, string content) => new() { ["type"] = "Replace", ["pattern"] = new JsonObject { ["String"] = text }, ["content"] = content };

    private static JsonObject Split(string regex) => new() { ["type"] = "Split", ["pattern"] = new JsonObject { ["Regex"] = regex }, ["behavior"] = "Isolated", ["invert"] = false };

    private static JsonObject Added(string content, JsonObject more)
    {
        JsonObject token = new() { ["id"] = 3, ["content"] = content, ["single_word"] = false, ["lstrip"] = false, ["rstrip"] = false, ["normalized"] = false, ["special"] = true };
        foreach ((string key, JsonNode? value) in more.ToList())
        {
            token[key] = value!.DeepClone();
        }

        return token;
    }

    /// <summary>A double array of few nodes: from any of them "a" leads to a node; to itself in a circle, to a replacement otherwise.</summary>
    private static JsonObject CharsMap(bool circle, string replacement)
    {
        uint[] trie = new uint[256];
        // The root's base is 0: "a" leads to node 97. In a circle that node's base leads "a" back to 97, and it has no value.
        trie['a'] = circle ? 'a' | (0u << 10) : 'a' | (1u << 8) | ((uint)(1 ^ 'a') << 10);
        trie[1] = 0x80000000;
        if (circle)
        {
            trie['a'] |= (uint)('a' ^ 0) << 10;
            trie[0] = 0;
        }

        byte[] table = new byte[trie.Length * 4];
        Buffer.BlockCopy(trie, 0, table, 0, table.Length);
        byte[] blob = [.. BitConverter.GetBytes(table.Length), .. table, .. System.Text.Encoding.UTF8.GetBytes(replacement), 0];
        return new JsonObject { ["type"] = "Precompiled", ["precompiled_charsmap"] = Convert.ToBase64String(blob) };
    }

    private Tokenizer Build(JsonObject json)
    {
        string path = Path.Combine(_folder, "tokenizer.json");
        File.WriteAllText(path, json.ToJsonString());
        return TokenizerFactory.Create(TokenizerSources.FromPath(path));
    }
}
