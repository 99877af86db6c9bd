using LlmToolkit.Engine.Blocks;

namespace LlmToolkit.Engine.Model;

/// <summary>What is read: the blocks of a model in their order, with the weights they use. Immutable and shared by all sessions.</summary>
internal sealed class DecoderRecipe
{
    /// <summary>Token to hidden state.</summary>
    public required TokenEmbedding Embedding { get; init; }

    /// <summary>The layers, in order.</summary>
    public required ILayer[] Layers { get; init; }

    /// <summary>Hidden state to logits, or to itself.</summary>
    public required IHead Head { get; init; }

    /// <summary>The different ropes; <see cref="IRope.Table"/> is the index.</summary>
    public required IRope[] Ropes { get; init; }

    /// <summary>What each layer caches.</summary>
    public required KvShape[] Cache { get; init; }

    /// <summary>What the blocks need beside the weights.</summary>
    public required ScratchSize Scratch { get; init; }

    /// <summary>Entries of the vocabulary.</summary>
    public int Vocabulary => Embedding.Vocabulary;
}

/// <summary>What a layer caches for one position.</summary>
/// <param name="Heads">Key and value heads.</param>
/// <param name="KeyDim">Width of a key.</param>
/// <param name="ValueDim">Width of a value.</param>
internal readonly record struct KvShape(int Heads, int KeyDim, int ValueDim);
