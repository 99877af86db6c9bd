namespace LlmToolkit.Formats.HuggingFace;

/// <summary>The shapes of directories, as <see cref="DirectoryAnalysis.Shape"/> names them.</summary>
internal static class DirectoryShapes
{
    /// <summary>config.json and weights.</summary>
    public const string Transformers = "transformers";

    /// <summary>As <see cref="Transformers"/>, with the steps of an embedding model in modules.json.</summary>
    public const string SentenceTransformers = "sentence-transformers";

    /// <summary>config.json without weights.</summary>
    public const string ConfigOnly = "config-only";

    /// <summary>A tokenizer and nothing else.</summary>
    public const string TokenizerOnly = "tokenizer-only";

    /// <summary>Weights without config.json.</summary>
    public const string WeightsOnly = "weights-only";

    /// <summary>Several weight files of which none bears a name that tells it is the model.</summary>
    public const string SeveralWeights = "several-weights";

    /// <summary>GGUF files and no other weights.</summary>
    public const string Gguf = "gguf";

    /// <summary>A PEFT adapter: weights that change another model.</summary>
    public const string Adapter = "adapter";

    /// <summary>Meta's or Mistral's own layout: params.json and consolidated weights.</summary>
    public const string Consolidated = "consolidated";

    /// <summary>A diffusers pipeline: an image or audio model.</summary>
    public const string Diffusers = "diffusers";

    /// <summary>ONNX files.</summary>
    public const string Onnx = "onnx";

    /// <summary>A model of another runtime: OpenVINO, Core ML, TensorFlow …</summary>
    public const string OtherRuntime = "other-runtime";

    /// <summary>Nothing that is known.</summary>
    public const string None = "none";
}
