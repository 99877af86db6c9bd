using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace LlmToolkit;

/// <summary>The toolkit in an application with dependency injection.</summary>
public static class LlmToolkitServices
{
    /// <summary>Adds the toolkit; models are added to what is returned.</summary>
    /// <example><code>services.AddLlmToolkit().AddModel("chat", "model.gguf");</code></example>
    /// <param name="services">The application's services.</param>
    /// <param name="configure">Changes the settings that hold for all models.</param>
    public static LlmToolkitBuilder AddLlmToolkit(this IServiceCollection services, Action<LlmToolkitOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        OptionsBuilder<LlmToolkitOptions> options = services.AddOptions<LlmToolkitOptions>().ValidateOnStart();
        if (configure is not null)
        {
            options.Configure(configure);
        }

        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<LlmToolkitOptions>, LlmToolkitOptionsValidator>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<HostedModelOptions>, HostedModelOptionsValidator>());
        services.TryAddSingleton(provider => new ModelLoader(provider.GetRequiredService<IOptions<LlmToolkitOptions>>().Value.Registry));
        services.TryAddSingleton(provider => new ErrorReporter(provider.GetRequiredService<IOptions<LlmToolkitOptions>>().Value.Registry.Explainers));
        return new LlmToolkitBuilder(services);
    }
}
