using System.Runtime.InteropServices;
using System.Text.Json;
using LlmToolkit.Tests;

namespace LlmToolkit.Server.Tests.OpenAI;

/// <summary>Embeddings of a real encoder.</summary>
public sealed class EmbeddingTests
{
    [Fact]
    public async Task Embeddings_FloatAndBase64_AreTheSameUnitVectors()
    {
        string folder = SharedData.Conformance("models", "bert-embed");
        await using TestServer server = await TestServer.StartAsync(await new ModelLoader().LoadAsync(folder, cancellationToken: TestContext.Current.CancellationToken), "bert");

        (int status, JsonElement plain) = await server.PostAsync("/v1/embeddings", """{"model":"bert","input":["a fox","a bell"]}""");
        (_, JsonElement packed) = await server.PostAsync("/v1/embeddings", """{"model":"bert","input":"a bell","encoding_format":"base64"}""");

        Assert.Equal(200, status);
        Assert.Equal("list", plain.GetProperty("object").GetString());
        Assert.Equal([0, 1], plain.GetProperty("data").EnumerateArray().Select(d => d.GetProperty("index").GetInt32()));
        float[] vector = [.. plain.GetProperty("data")[1].GetProperty("embedding").EnumerateArray().Select(x => x.GetSingle())];
        float[] decoded = MemoryMarshal.Cast<byte, float>(packed.GetProperty("data")[0].GetProperty("embedding").GetBytesFromBase64()).ToArray();
        Assert.Equal(vector, decoded);
        Assert.Equal(1, vector.Sum(x => (double)x * x), 4);
        Assert.True(plain.GetProperty("usage").GetProperty("total_tokens").GetInt32() > 0);
    }

    [Theory]
    [InlineData("""{"model":"bert"}""", "input")]
    [InlineData("""{"model":"bert","input":[]}""", "input")]
    [InlineData("""{"model":"bert","input":"x","encoding_format":"hex"}""", "encoding_format")]
    [InlineData("""{"model":"bert","input":"x","dimensions":1}""", "dimensions")]
    public async Task Embeddings_BadField_Is400(string json, string parameter)
    {
        string folder = SharedData.Conformance("models", "bert-embed");
        await using TestServer server = await TestServer.StartAsync(await new ModelLoader().LoadAsync(folder, cancellationToken: TestContext.Current.CancellationToken), "bert");

        (int status, JsonElement body) = await server.PostAsync("/v1/embeddings", json);

        Assert.Equal((400, parameter), (status, body.GetProperty("error").GetProperty("param").GetString()));
    }

    [Fact]
    public async Task Embeddings_OfAGenerator_AreNotSupported()
    {
        await using TestServer server = await TestServer.StartAsync(await new ModelLoader().LoadAsync(TestServer.EmbeddedPath, cancellationToken: TestContext.Current.CancellationToken), "stories");

        (int status, JsonElement body) = await server.PostAsync("/v1/embeddings", """{"input":"x"}""");

        Assert.Equal(501, status);
        Assert.Equal("not_supported_error", body.GetProperty("error").GetProperty("type").GetString());
    }
}
