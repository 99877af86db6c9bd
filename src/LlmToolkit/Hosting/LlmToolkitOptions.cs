using Microsoft.Extensions.Options;

namespace LlmToolkit;

/// <summary>Loads a model: what <see cref="LlmToolkitOptions.Loading"/> is.</summary>
/// <param name="services">The application's services.</param>
/// <param name="source">Path, Hub ID, URL or endpoint.</param>
/// <param name="options">How to load it.</param>
/// <param name="cancellationToken">Cancelled when the application ends.</param>
public delegate Task<ILanguageModel> ModelLoading(IServiceProvider services, string source, LoadOptions options, CancellationToken cancellationToken);

/// <summary>Settings of <c>AddLlmToolkit</c> that hold for all its models.</summary>
public sealed class LlmToolkitOptions
{
    /// <summary>Formats, backends and checks. Default: the toolkit's own; add yours.</summary>
    public ToolkitRegistry Registry { get; set; } = new();

    /// <summary>How models are loaded, for tests and for sources of your own. Null: by <see cref="ModelLoader"/>. Default: null.</summary>
    public ModelLoading? Loading { get; set; }
}

/// <summary>Settings of one model of <c>AddLlmToolkit</c>.</summary>
public sealed class HostedModelOptions
{
    /// <summary>Path, Hub ID, URL or endpoint. Must be set.</summary>
    public string Source { get; set; } = "";

    /// <summary>How to load it. Default: everything chosen by the toolkit.</summary>
    public LoadOptions Load { get; set; } = new();

    /// <summary>Settings that hold where a request sets none. Default: the model's own.</summary>
    public GenerateOptions Generate { get; set; } = new();
}

/// <summary>Refuses settings without a registry.</summary>
internal sealed class LlmToolkitOptionsValidator : IValidateOptions<LlmToolkitOptions>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, LlmToolkitOptions options) => options.Registry is null
        ? ValidateOptionsResult.Fail($"{nameof(LlmToolkitOptions)}.{nameof(LlmToolkitOptions.Registry)} is null, so no model can be loaded.")
        : ValidateOptionsResult.Success;
}

/// <summary>Refuses a model without a source or with settings set to null.</summary>
internal sealed class HostedModelOptionsValidator : IValidateOptions<HostedModelOptions>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, HostedModelOptions options)
    {
        List<string> failures = [];
        if (string.IsNullOrWhiteSpace(options.Source))
        {
            failures.Add($"The model \"{name}\" has no {nameof(HostedModelOptions.Source)}: give a path, a Hub ID, a URL or an endpoint.");
        }

        if (options.Load is null)
        {
            failures.Add($"{nameof(HostedModelOptions.Load)} of the model \"{name}\" is null.");
        }

        if (options.Generate is null)
        {
            failures.Add($"{nameof(HostedModelOptions.Generate)} of the model \"{name}\" is null.");
        }

        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }
}
