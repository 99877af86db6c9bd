using LlmToolkit.Testing;
using Microsoft.Extensions.AI;

namespace LlmToolkit.Tests.Chat;

public sealed class LanguageModelEmbeddingGeneratorTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task GenerateAsync_Texts_OneVectorEachWithUsage()
    {
        await using FakeModel model = new("ok");
        IEmbeddingGenerator<string, Embedding<float>> generator = model.AsEmbeddingGenerator();

        GeneratedEmbeddings<Embedding<float>> embeddings = await generator.GenerateAsync(["abc", "de"], null, Cancellation);

        Assert.Equal(2, embeddings.Count);
        Assert.All(embeddings, e => Assert.Equal((16, "fake"), (e.Dimensions, e.ModelId)));
        Assert.Equal((await model.EmbedAsync("de", Cancellation)).Vector.ToArray(), embeddings[1].Vector.ToArray());
        Assert.Equal((5, 5), (embeddings.Usage!.InputTokenCount, embeddings.Usage.TotalTokenCount));
        Assert.Null(embeddings[0].AdditionalProperties);
    }

    [Fact]
    public async Task GenerateAsync_OtherDimensions_AreRefused()
    {
        await using FakeModel model = new("ok");

        ModelException error = await Assert.ThrowsAsync<ModelException>(() =>
            model.AsEmbeddingGenerator().GenerateAsync(["abc"], new EmbeddingGenerationOptions { Dimensions = 8 }, Cancellation));

        Assert.Equal("LT3284", error.Diagnostic.Code);
        Assert.Contains("16", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task GetService_Kinds()
    {
        await using FakeModel model = new("ok");
        IEmbeddingGenerator<string, Embedding<float>> generator = model.AsEmbeddingGenerator();

        EmbeddingGeneratorMetadata metadata = generator.GetRequiredService<EmbeddingGeneratorMetadata>();
        Assert.Equal(("llmtoolkit", "fake", 16), (metadata.ProviderName, metadata.DefaultModelId, metadata.DefaultModelDimensions));
        Assert.Same(model, generator.GetService<ILanguageModel>());
        Assert.Null(generator.GetService(typeof(ILanguageModel), "key"));
    }
}
