namespace LlmToolkit.Loading.Checks;

/// <summary>What checks ask of an open file: whether it is a model at all, and its settings under every spelling.</summary>
internal sealed class ModelFacts
{
    /// <summary>The container's finding that the file is an adapter, a projector or the like.</summary>
    private const string NotAModel = "LT1026";

    /// <summary>Settings that only a model's configuration has.</summary>
    private static readonly ConfigName[] s_telling = [ConfigNames.Layers, ConfigNames.EmbeddingLength, ConfigNames.Heads, ConfigNames.ContextLength, CheckedSettings.FeedForward];

    /// <summary>Last words of the names that checkpoints give the table of tokens.</summary>
    private static readonly string[] s_embeddings = ["embed_tokens.weight", "wte.weight", "embed_in.weight", "word_embeddings.weight", "tok_embeddings.weight"];

    /// <summary>Parts of a multimodal model, and tables inside layers, that have tables of their own.</summary>
    private static readonly string[] s_otherParts = ["vision", "visual", "audio", "layers.", "decoder.", "mtp."];

    private readonly string? _architecture;

    private ModelFacts(ModelContainer container)
    {
        Container = container;
        _architecture = container.Info.Architecture;
    }

    /// <summary>The open file.</summary>
    public ModelContainer Container { get; }

    /// <summary>The file named in findings.</summary>
    public string File => Container.Artifact.Path;

    /// <summary>True for GGUF's vocabulary of names.</summary>
    public bool IsGguf => Container.Naming == NamingScheme.Gguf;

    /// <summary>The facts of a file that opened and that is a model with a configuration; null: checks of models do not concern it.</summary>
    public static ModelFacts? Of(ModelDescription description) => OfFile(description) is { IsConfigured: true } facts ? facts : null;

    /// <summary>The facts of a file that opened and does not say that it is something else than a model; null: none.</summary>
    public static ModelFacts? OfFile(ModelDescription description) =>
        description.Container is { } container && description.Findings.All(f => f.Code != NotAModel) ? new ModelFacts(container) : null;

    /// <summary>True when there are hyperparameters or a tokenizer: then the file claims to be a whole model and not a bare list of tensors.</summary>
    public bool IsConfigured =>
        IsGguf && _architecture is null
            ? Container.Metadata.Entries.Any(e => e.Key == "tokenizer.ggml.model" || s_telling.Any(t => e.Key.EndsWith("." + t.Gguf, StringComparison.Ordinal)))
            : s_telling.Any(t => Find(t) is not null) || (IsGguf && Has("tokenizer.ggml.model")) || (!IsGguf && Container.Info.Architecture is not null);

    /// <summary>The spelling of a setting that is present, and its value.</summary>
    public (string Key, MetadataValue Value)? Find(ConfigName name)
    {
        foreach (string key in name.Keys(Container.Naming, _architecture))
        {
            if (Container.Metadata.TryGet(key, out MetadataValue? value))
            {
                return (key, value);
            }
        }

        return null;
    }

    /// <summary>A setting that is one whole number, or null.</summary>
    public long? Number(ConfigName name) => Find(name) is { } found && found.Value.TryGetInt64(out long number) ? number : null;

    /// <summary>True when a key is present.</summary>
    public bool Has(string key) => Container.Metadata.TryGet(key, out _);

    /// <summary>True when a tensor's name has the text in it.</summary>
    public bool HasTensor(params ReadOnlySpan<string> parts)
    {
        foreach (TensorInfo tensor in Container.Tensors)
        {
            foreach (string part in parts)
            {
                if (tensor.Name.Contains(part, StringComparison.Ordinal))
                {
                    return true;
                }
            }
        }

        return false;
    }

    /// <summary>The table of tokens; null: none has a known name.</summary>
    public TensorInfo? Embedding => EmbeddingOf(Container.Tensors);

    /// <summary>The output matrix; null: there is none, or it has an unknown name.</summary>
    public TensorInfo? Output => Container.Tensors.FirstOrDefault(t => t.Shape.Count == 2 && t.Name is "output.weight" or "lm_head.weight" or "embed_out.weight" or "language_model.lm_head.weight");

    /// <summary>The table of tokens among tensors; null: none has a known name.</summary>
    public static TensorInfo? EmbeddingOf(IReadOnlyList<TensorInfo> tensors) =>
        tensors.FirstOrDefault(t => t.Shape.Count == 2 && (t.Name == "token_embd.weight" || (s_embeddings.Any(e => EndsWithName(t.Name, e)) && !s_otherParts.Any(p => t.Name.Contains(p, StringComparison.Ordinal)))));

    private static bool EndsWithName(string name, string last) => name.EndsWith(last, StringComparison.Ordinal) && (name.Length == last.Length || name[^(last.Length + 1)] == '.');
}
