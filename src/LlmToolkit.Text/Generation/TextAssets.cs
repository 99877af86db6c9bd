namespace LlmToolkit.Text;

/// <summary>What a model carries for text: tokenizer, chat template, its own settings. The costly parts are built when first asked for, and once.</summary>
/// <remarks>Logits and benchmarks need no tokenizer, so a model whose tokenizer is unknown still loads. The model disposes them.</remarks>
public sealed class TextAssets : IDisposable
{
    private readonly Lazy<Tokenizer?> _tokenizer;
    private readonly Lazy<IChatTemplate?> _template;
    private readonly Lazy<IReadOnlySet<int>> _allEndTokens;
    private IDisposable? _lease;

    /// <summary>Assets whose parts are built on demand.</summary>
    /// <param name="tokenizer">Builds the tokenizer; null: there is none. What it throws is thrown again on every use.</param>
    /// <param name="chatTemplate">Parses the chat template, given the tokenizer for its special tokens; null: there is none.</param>
    public TextAssets(Func<Tokenizer>? tokenizer = null, Func<Tokenizer?, IChatTemplate>? chatTemplate = null)
    {
        _tokenizer = new Lazy<Tokenizer?>(() => tokenizer?.Invoke());
        _template = new Lazy<IChatTemplate?>(() => chatTemplate?.Invoke(Tokenizer));
        _allEndTokens = new Lazy<IReadOnlySet<int>>(() => EndTokens.Concat(Tokenizer?.EndTokens ?? Enumerable.Empty<int>()).ToHashSet());
    }

    /// <summary>The tokenizer; null: the model has none.</summary>
    /// <exception cref="ModelException">The tokenizer's data is broken or of an unknown kind.</exception>
    public Tokenizer? Tokenizer => _tokenizer.Value;

    /// <summary>The chat template; null: the model has none.</summary>
    /// <exception cref="ModelException">The template cannot be parsed.</exception>
    public IChatTemplate? ChatTemplate => _template.Value;

    /// <summary>The model's own sampling settings. Default: none set.</summary>
    public GenerateOptions Defaults { get; init; } = new();

    /// <summary>End tokens that the model names beyond its tokenizer's. Default: none.</summary>
    public IReadOnlyList<int> EndTokens { get; init; } = [];

    /// <summary>How an encoder's hidden states become one vector. Default: their mean.</summary>
    public PoolingOptions Pooling { get; init; } = new();

    /// <summary>Every token that ends an answer, from all sources.</summary>
    internal IReadOnlySet<int> AllEndTokens => _allEndTokens.Value;

    /// <summary>The assets of an open container.</summary>
    /// <param name="container">The model's files. They may be disposed afterwards: what the tokenizer is built from stays readable.</param>
    /// <param name="options">How the model is loaded; <see cref="LoadOptions.Pre"/> overrides the pre-tokenizer.</param>
    /// <param name="tokenizers">Builds a tokenizer from its data.</param>
    /// <param name="templates">Parses a template's text; the tokenizer, where there is one, names the special tokens.</param>
    public static TextAssets From(ModelContainer container, LoadOptions options, Func<TokenizerSource, Tokenizer> tokenizers, Func<string, Tokenizer?, IChatTemplate> templates)
    {
        ArgumentNullException.ThrowIfNull(container);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(tokenizers);
        ArgumentNullException.ThrowIfNull(templates);
        TokenizerSource? source = container.Tokenizer;
        if (source is not null && options.Pre is not null)
        {
            source = source with { Pre = options.Pre };
        }

        string? template = container.ChatTemplate;
        return new TextAssets(
            source is null ? null : () => tokenizers(source),
            template is null ? null : tokenizer => templates(template, tokenizer))
        {
            Defaults = container.GenerationDefaults,
            EndTokens = container.EndTokens,
            Pooling = container.Pooling,
            _lease = source?.Lease?.Invoke(),
        };
    }

    /// <summary>Lets the files go that the tokenizer would be built from.</summary>
    public void Dispose() => Interlocked.Exchange(ref _lease, null)?.Dispose();
}
