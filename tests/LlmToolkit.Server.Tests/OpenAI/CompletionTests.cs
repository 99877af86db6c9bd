using System.Text.Json;
using LlmToolkit.Testing;

namespace LlmToolkit.Server.Tests.OpenAI;

/// <summary>Shapes of chat and text completions.</summary>
public sealed class CompletionTests
{
    [Fact]
    public async Task Chat_Whole_HasEveryRequiredField()
    {
        await using TestServer server = await TestServer.StartAsync(new FakeModel("Hello 🦊!"));

        (int status, JsonElement body) = await server.PostAsync("/v1/chat/completions", """
            {"model":"fake","messages":[{"role":"developer","content":"Be kind."},{"role":"user","content":[{"type":"text","text":"Hi"}]}],
             "store":true,"metadata":{"a":"b"},"user":"me","service_tier":"auto","temperature":null,"stop":null,"logit_bias":null,"unknown_field":[1]}
            """);

        JsonElement choice = body.GetProperty("choices")[0];
        Assert.Equal(200, status);
        Assert.StartsWith("chatcmpl-", body.GetProperty("id").GetString(), StringComparison.Ordinal);
        Assert.Equal("chat.completion", body.GetProperty("object").GetString());
        Assert.Equal(JsonValueKind.Number, body.GetProperty("created").ValueKind);
        Assert.Equal("fake", body.GetProperty("model").GetString());
        Assert.Equal("Hello 🦊!", choice.GetProperty("message").GetProperty("content").GetString());
        Assert.Equal("assistant", choice.GetProperty("message").GetProperty("role").GetString());
        Assert.Equal("stop", choice.GetProperty("finish_reason").GetString());
        Assert.Equal(JsonValueKind.Null, choice.GetProperty("logprobs").ValueKind);
        JsonElement usage = body.GetProperty("usage");
        Assert.Equal(usage.GetProperty("total_tokens").GetInt32(), usage.GetProperty("prompt_tokens").GetInt32() + usage.GetProperty("completion_tokens").GetInt32());
    }

    [Fact]
    public async Task Chat_Streamed_FollowsTheOrder()
    {
        await using TestServer server = await TestServer.StartAsync(new FakeModel("Hello 🦊!"));

        List<string> events = await server.StreamAsync("/v1/chat/completions", """{"messages":[{"role":"user","content":"Hi"}],"stream":true,"stream_options":{"include_usage":true,"include_obfuscation":false}}""");

        Assert.Equal("[DONE]", events[^1]);
        List<JsonElement> chunks = [.. events[..^1].Select(TestServer.Parse)];
        Assert.Single(chunks.Select(c => c.GetProperty("id").GetString()).Distinct());
        Assert.All(chunks, c => Assert.Equal("chat.completion.chunk", c.GetProperty("object").GetString()));
        JsonElement first = chunks[0].GetProperty("choices")[0].GetProperty("delta");
        Assert.Equal(("assistant", ""), (first.GetProperty("role").GetString(), first.GetProperty("content").GetString()));
        List<JsonElement> deltas = [.. chunks[1..^2].Select(c => c.GetProperty("choices")[0])];
        Assert.Equal("Hello 🦊!", string.Concat(deltas.Select(d => d.GetProperty("delta").GetProperty("content").GetString())));
        Assert.DoesNotContain(deltas, d => d.GetProperty("delta").GetProperty("content").GetString()!.Contains('\uFFFD', StringComparison.Ordinal) || d.GetProperty("finish_reason").ValueKind != JsonValueKind.Null);
        JsonElement last = chunks[^2].GetProperty("choices")[0];
        Assert.Empty(last.GetProperty("delta").EnumerateObject());
        Assert.Equal("stop", last.GetProperty("finish_reason").GetString());
        Assert.Empty(chunks[^1].GetProperty("choices").EnumerateArray());
        Assert.True(chunks[^1].GetProperty("usage").GetProperty("completion_tokens").GetInt32() > 0);
        Assert.All(chunks[..^1], c => Assert.Equal(JsonValueKind.Null, c.GetProperty("usage").ValueKind));
    }

    [Fact]
    public async Task Chat_StreamWithoutUsage_NeverSendsEmptyChoices()
    {
        await using TestServer server = await TestServer.StartAsync(new FakeModel("Hi"));

        List<string> events = await server.StreamAsync("/v1/chat/completions", """{"messages":[{"role":"user","content":"Hi"}],"stream":true}""");

        Assert.All(events[..^1], e => Assert.NotEmpty(TestServer.Parse(e).GetProperty("choices").EnumerateArray()));
    }

    [Fact]
    public async Task Chat_StopAndLimitAndMany_AreKept()
    {
        await using TestServer server = await TestServer.StartAsync(new FakeModel("one two three"));

        (_, JsonElement stopped) = await server.PostAsync("/v1/chat/completions", """{"messages":[{"role":"user","content":"x"}],"stop":[" three"]}""");
        (_, JsonElement cut) = await server.PostAsync("/v1/chat/completions", """{"messages":[{"role":"user","content":"x"}],"max_completion_tokens":3,"max_tokens":9}""");
        (_, JsonElement two) = await server.PostAsync("/v1/chat/completions", """{"messages":[{"role":"user","content":"x"}],"n":2,"logprobs":true,"top_logprobs":2}""");

        Assert.Equal(("one two", "stop"), Choice(stopped, 0));
        Assert.Equal(("one", "length"), Choice(cut, 0));
        Assert.Equal([0, 1], two.GetProperty("choices").EnumerateArray().Select(c => c.GetProperty("index").GetInt32()));
        JsonElement token = two.GetProperty("choices")[1].GetProperty("logprobs").GetProperty("content")[0];
        Assert.Equal("o", token.GetProperty("token").GetString());
        Assert.Equal(2, token.GetProperty("top_logprobs").GetArrayLength());
        Assert.Equal(111, token.GetProperty("bytes")[0].GetInt32());

        static (string?, string?) Choice(JsonElement body, int index)
        {
            JsonElement choice = body.GetProperty("choices")[index];
            return (choice.GetProperty("message").GetProperty("content").GetString(), choice.GetProperty("finish_reason").GetString());
        }
    }

    [Theory]
    [InlineData("text", "\"abc\"", 1)]
    [InlineData("texts", "[\"abc\",\"de\"]", 2)]
    [InlineData("ids", "[97,98,99]", 1)]
    [InlineData("lists of ids", "[[97,98],[99]]", 2)]
    public async Task Completion_EveryFormOfPrompt_IsAnswered(string what, string prompt, int choices)
    {
        await using TestServer server = await TestServer.StartAsync(new FakeModel("Hi"));

        (int status, JsonElement body) = await server.PostAsync("/v1/completions", $$"""{"model":"fake","prompt":{{prompt}},"max_tokens":8}""");

        Assert.True(status == 200, $"{what}: {body}");
        Assert.Equal("text_completion", body.GetProperty("object").GetString());
        Assert.Equal(Enumerable.Range(0, choices), body.GetProperty("choices").EnumerateArray().Select(c => c.GetProperty("index").GetInt32()));
        Assert.All(body.GetProperty("choices").EnumerateArray(), c => Assert.Equal("Hi", c.GetProperty("text").GetString()));
    }

    [Fact]
    public async Task Completion_StreamedWithEcho_BeginsWithThePrompt()
    {
        await using TestServer server = await TestServer.StartAsync(new FakeModel("Hi there"));

        List<string> events = await server.StreamAsync("/v1/completions", """{"prompt":"Say: ","echo":true,"stream":true,"max_tokens":5,"stream_options":{"include_usage":true}}""");

        List<JsonElement> chunks = [.. events[..^1].Select(TestServer.Parse)];
        Assert.Equal("[DONE]", events[^1]);
        Assert.Equal("Say: Hi th", string.Concat(chunks.SelectMany(c => c.GetProperty("choices").EnumerateArray()).Select(c => c.GetProperty("text").GetString())));
        Assert.Equal("length", chunks[^2].GetProperty("choices")[0].GetProperty("finish_reason").GetString());
        Assert.Equal(5, chunks[^1].GetProperty("usage").GetProperty("completion_tokens").GetInt32());
    }

    [Theory]
    [InlineData("""{"max_tokens":4}""", "prompt")]
    [InlineData("""{"prompt":[1.5]}""", "prompt")]
    [InlineData("""{"prompt":"x","suffix":"y"}""", "suffix")]
    [InlineData("""{"prompt":"x","best_of":3}""", "best_of")]
    [InlineData("""{"prompt":[97],"echo":true}""", "echo")]
    [InlineData("""{"prompt":[100000]}""", "prompt")]
    public async Task Completion_BadField_Is400(string json, string parameter)
    {
        await using TestServer server = await TestServer.StartAsync(FakeModel.Babbling());

        (int status, JsonElement body) = await server.PostAsync("/v1/completions", json);

        Assert.Equal((400, parameter), (status, body.GetProperty("error").GetProperty("param").GetString()));
    }
}
