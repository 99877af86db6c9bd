using System.Diagnostics.CodeAnalysis;

namespace LlmToolkit;

/// <summary>Which vocabulary of tensor and configuration names a container speaks.</summary>
/// <param name="Name">A word for messages.</param>
public sealed record NamingScheme(string Name)
{
    /// <summary>GGUF: <c>blk.0.attn_q.weight</c>, <c>llama.block_count</c>.</summary>
    public static readonly NamingScheme Gguf = new("gguf");

    /// <summary>Hugging Face: <c>model.layers.0.self_attn.q_proj.weight</c>, <c>num_hidden_layers</c>.</summary>
    public static readonly NamingScheme HuggingFace = new("huggingface");
}

/// <summary>An open, valid container: its header is checked and its files are mapped. Whoever loads uses it and checks no byte again.</summary>
public abstract class ModelContainer : IDisposable
{
    private Dictionary<string, TensorInfo>? _byName;

    /// <summary>The files.</summary>
    public abstract ModelArtifact Artifact { get; }

    /// <summary>Every file that belongs to the model, in order; more than <see cref="Artifact"/>'s when one shard was named.</summary>
    public abstract IReadOnlyList<ArtifactFile> Files { get; }

    /// <summary>The facts.</summary>
    public abstract ModelInfo Info { get; }

    /// <summary>The vocabulary of <see cref="Tensors"/> and <see cref="Metadata"/>.</summary>
    public abstract NamingScheme Naming { get; }

    /// <summary>Configuration: GGUF's keys or config.json.</summary>
    public abstract IModelMetadata Metadata { get; }

    /// <summary>Every tensor, in the container's order, names unique.</summary>
    public abstract IReadOnlyList<TensorInfo> Tensors { get; }

    /// <summary>What the tokenizer is built from; null: there is none.</summary>
    public virtual TokenizerSource? Tokenizer => null;

    /// <summary>Text of the chat template; null: there is none.</summary>
    public virtual string? ChatTemplate => null;

    /// <summary>The model's own sampling settings (<c>generation_config.json</c>, <c>general.sampling.*</c>); empty if it has none.</summary>
    public virtual GenerateOptions GenerationDefaults => new();

    /// <summary>End tokens that the container names beyond the tokenizer's own.</summary>
    public virtual IReadOnlyList<int> EndTokens => [];

    /// <summary>How an encoder's hidden states become one vector.</summary>
    public virtual PoolingOptions Pooling => new();

    /// <summary>For PyTorch: the globals that were met and left inert, as <c>module.name</c>.</summary>
    public virtual IReadOnlyList<string> Opaque => [];

    /// <summary>For PyTorch: every global that the files' pickles name, as <c>module.name</c>. Nothing was imported.</summary>
    public virtual IReadOnlyList<string> Imports => [];

    /// <summary>The values of a tensor, in place where the file allows it. Dispose what is returned.</summary>
    /// <exception cref="ModelException">A compressed entry is damaged, blocks of the other byte order cannot be turned, or the file was changed since it was opened.</exception>
    public abstract TensorData Read(TensorInfo tensor);

    /// <summary>Findings that only this container can make, after the open succeeded (warnings).</summary>
    public virtual IReadOnlyList<Diagnostic> Check() => [];

    /// <summary>Looks a tensor up by name.</summary>
    public bool TryFind(string name, [NotNullWhen(true)] out TensorInfo? tensor)
    {
        _byName ??= Tensors.ToDictionary(t => t.Name, StringComparer.Ordinal);
        return _byName.TryGetValue(name, out tensor);
    }

    /// <summary>Closes the mapping; tensors handed out stay valid until they are disposed.</summary>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Closes what the container holds.</summary>
    protected abstract void Dispose(bool disposing);
}

/// <summary>How hidden states [positions, width] become one embedding.</summary>
public sealed record PoolingOptions
{
    /// <summary><c>mean</c>, <c>cls</c>, <c>max</c>, <c>lasttoken</c>, <c>weightedmean</c>, <c>mean_sqrt_len_tokens</c> or <c>none</c>. Default: mean.</summary>
    public string Mode { get; init; } = "mean";

    /// <summary>Scale the embedding to length 1. Default: false.</summary>
    public bool Normalize { get; init; }

    /// <summary>Longest input in tokens, <c>max_seq_length</c> of sentence_bert_config.json; null: the model's positions.</summary>
    public int? MaxTokens { get; init; }
}
