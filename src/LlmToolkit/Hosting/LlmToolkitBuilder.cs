using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace LlmToolkit;

/// <summary>Adds models to an application.</summary>
public sealed class LlmToolkitBuilder
{
    internal LlmToolkitBuilder(IServiceCollection services) => Services = services;

    /// <summary>The application's services.</summary>
    public IServiceCollection Services { get; }

    /// <summary>Adds a model, loaded when first used.</summary>
    /// <remarks>Registers, under the key <paramref name="name"/>, a <see cref="HostedModel"/>, an <see cref="IChatClient"/> and an
    /// <see cref="IEmbeddingGenerator{TInput, TEmbedding}"/> of text. The first model is also registered without a key.</remarks>
    /// <param name="name">Key of its services.</param>
    /// <param name="source">Path, Hub ID, URL or endpoint; null or empty: <paramref name="configure"/> or the configuration sets it.</param>
    /// <param name="configure">Changes its settings.</param>
    public LlmToolkitBuilder AddModel(string name, string? source = null, Action<HostedModelOptions>? configure = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        OptionsBuilder<HostedModelOptions> options = Services.AddOptions<HostedModelOptions>(name);
        if (!string.IsNullOrEmpty(source))
        {
            options.Configure(o => o.Source = source);
        }

        if (configure is not null)
        {
            options.Configure(configure);
        }

        options.ValidateOnStart();
        Services.AddKeyedSingleton(name, (provider, _) => new HostedModel(name, stop => LoadAsync(provider, name, stop)));
        Services.AddKeyedSingleton<IChatClient>(name, (provider, _) => ChatClient(provider, name));
        Services.AddKeyedSingleton<IEmbeddingGenerator<string, Embedding<float>>>(
            name, (provider, _) => new LanguageModelEmbeddingGenerator(provider.GetRequiredKeyedService<HostedModel>(name).GetAsync, name));
        Services.TryAddSingleton(provider => provider.GetRequiredKeyedService<IChatClient>(name));
        Services.TryAddSingleton(provider => provider.GetRequiredKeyedService<IEmbeddingGenerator<string, Embedding<float>>>(name));
        return this;
    }

    private static LanguageModelChatClient ChatClient(IServiceProvider provider, string name) => new(
        provider.GetRequiredKeyedService<HostedModel>(name).GetAsync,
        name,
        provider.GetRequiredService<IOptionsMonitor<HostedModelOptions>>().Get(name).Generate);

    private static Task<ILanguageModel> LoadAsync(IServiceProvider provider, string name, CancellationToken cancellationToken)
    {
        HostedModelOptions model = provider.GetRequiredService<IOptionsMonitor<HostedModelOptions>>().Get(name);
        return provider.GetRequiredService<IOptions<LlmToolkitOptions>>().Value.Loading is { } loading
            ? loading(provider, model.Source, model.Load, cancellationToken)
            : provider.GetRequiredService<ModelLoader>().LoadAsync(model.Source, model.Load, null, cancellationToken);
    }
}
