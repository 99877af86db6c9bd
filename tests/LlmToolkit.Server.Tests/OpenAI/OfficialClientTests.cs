using System.ClientModel;
using System.Text;
using LlmToolkit.Tests;
using OpenAI;
using OpenAI.Chat;
using OpenAI.Embeddings;
using OpenAI.Models;

namespace LlmToolkit.Server.Tests.OpenAI;

/// <summary>OpenAI's own .NET client against the server and the model that is part of the product.</summary>
public sealed class OfficialClientTests
{
    private static readonly ChatCompletionOptions s_greedy = new() { Temperature = 0, MaxOutputTokenCount = 24 };

    [Fact]
    public async Task Models_Listed()
    {
        await using TestServer server = await StartAsync();

        ClientResult<OpenAIModelCollection> models = await Client(server).GetOpenAIModelClient().GetModelsAsync(TestContext.Current.CancellationToken);

        Assert.Equal("stories", Assert.Single(models.Value).Id);
    }

    [Fact]
    public async Task Chat_WholeAndStreamed_AreTheSame()
    {
        await using TestServer server = await StartAsync();
        ChatClient client = Client(server).GetChatClient("stories");
        ChatMessage[] messages = [new UserChatMessage("Tell me a story about a fox.")];

        ChatCompletion whole = await client.CompleteChatAsync(messages, s_greedy, TestContext.Current.CancellationToken);
        StringBuilder text = new();
        ChatTokenUsage? usage = null;
        ChatFinishReason? reason = null;
        await foreach (StreamingChatCompletionUpdate update in client.CompleteChatStreamingAsync(messages, s_greedy, TestContext.Current.CancellationToken))
        {
            text.Append(string.Concat(update.ContentUpdate.Select(c => c.Text)));
            usage = update.Usage ?? usage;
            reason = update.FinishReason ?? reason;
        }

        Assert.NotEmpty(whole.Content[0].Text);
        Assert.Equal(ChatMessageRole.Assistant, whole.Role);
        Assert.Equal(whole.Content[0].Text, text.ToString());
        Assert.Equal(whole.FinishReason, reason);
        Assert.Equal(whole.Usage.OutputTokenCount, usage?.OutputTokenCount);
        Assert.Equal(whole.Usage.InputTokenCount, usage?.InputTokenCount);
    }

    [Fact]
    public async Task Chat_UnknownModel_IsAClientResultException()
    {
        await using TestServer server = await StartAsync();

        ClientResultException error = await Assert.ThrowsAsync<ClientResultException>(
            () => Client(server).GetChatClient("other").CompleteChatAsync([new UserChatMessage("Hi")], s_greedy, TestContext.Current.CancellationToken));

        Assert.Equal(404, error.Status);
        Assert.Contains("stories", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Embeddings_OfTheClientsBase64_AreUnitVectors()
    {
        string folder = SharedData.Conformance("models", "bert-embed");
        await using TestServer server = await TestServer.StartAsync(await new ModelLoader().LoadAsync(folder, cancellationToken: TestContext.Current.CancellationToken), "bert");

        OpenAIEmbeddingCollection embeddings = await Client(server).GetEmbeddingClient("bert").GenerateEmbeddingsAsync(["a fox", "a bell"], cancellationToken: TestContext.Current.CancellationToken);

        Assert.Equal(2, embeddings.Count);
        Assert.All(embeddings, e => Assert.Equal(1, e.ToFloats().Span.ToArray().Sum(x => (double)x * x), 4));
    }

    private static async Task<TestServer> StartAsync() =>
        await TestServer.StartAsync(await new ModelLoader().LoadAsync(TestServer.EmbeddedPath, cancellationToken: TestContext.Current.CancellationToken), "stories");

    private static OpenAIClient Client(TestServer server) => new(new ApiKeyCredential("none"), new OpenAIClientOptions { Endpoint = new Uri(server.Url, "/v1") });
}
