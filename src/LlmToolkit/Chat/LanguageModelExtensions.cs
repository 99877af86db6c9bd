using Microsoft.Extensions.AI;

namespace LlmToolkit;

/// <summary>A model in the words of Microsoft.Extensions.AI.</summary>
public static class LanguageModelExtensions
{
    /// <summary>The model as a chat client. The model is not disposed with it.</summary>
    /// <param name="model">The model.</param>
    /// <param name="defaults">Settings that hold where a request sets none. Default: the model's own.</param>
    public static IChatClient AsChatClient(this ILanguageModel model, GenerateOptions? defaults = null) => new LanguageModelChatClient(model, defaults);

    /// <summary>The model as an embedding generator. The model is not disposed with it.</summary>
    /// <param name="model">The model.</param>
    public static IEmbeddingGenerator<string, Embedding<float>> AsEmbeddingGenerator(this ILanguageModel model) => new LanguageModelEmbeddingGenerator(model);
}
