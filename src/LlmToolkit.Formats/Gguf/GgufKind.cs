namespace LlmToolkit.Formats.Gguf;

/// <summary>Tells the files that are GGUF but no stand-alone language model. They open like any other; whoever runs them should know.</summary>
internal static class GgufKind
{
    /// <summary>Architectures of image, video and audio programs that use the container. Source: city96/ComfyUI-GGUF, leejet/stable-diffusion.cpp, ggml-org/whisper.cpp.</summary>
    private static readonly HashSet<string> s_otherModels =
    [
        "flux", "sd1", "sd2", "sd3", "sdxl", "aura", "auraflow", "hidream", "cosmos", "ltxv", "hyvid", "hunyuan_video", "wan", "lumina2", "qwen_image", "pixart", "chroma", "pig", "cow", "whisper",
    ];

    /// <summary>What the file is, with what to do with it; null: a model, as far as its keys tell.</summary>
    public static (string What, string Fix)? NotAModel(IModelMetadata metadata, IReadOnlyList<TensorInfo> tensors)
    {
        string? architecture = metadata.Text("general.architecture");
        string? type = metadata.Text("general.type");
        if (type == "adapter" || architecture == "controlvector")
        {
            string of = metadata.Text("general.base_model.0.name") ?? architecture ?? "another model";
            return ($"an adapter for {of}", "Load the base model and give this file with --adapter.");
        }

        if (type == "mmproj" || architecture == "clip")
        {
            return ("a projector for images or sound", "Load the language model that lies beside it.");
        }

        if (type == "imatrix" || metadata.Entries.Any(e => e.Key.StartsWith("imatrix.", StringComparison.Ordinal)))
        {
            return ("an importance matrix, used to quantize a model", "Choose one of the model files.");
        }

        if (architecture is not null && s_otherModels.Contains(architecture))
        {
            return ($"a model of the architecture {architecture}, which makes images, video or sound or hears speech", "Use the program it was made for.");
        }

        return tensors.Count == 0 && metadata.TryGet("tokenizer.ggml.tokens", out _)
            ? ("a vocabulary without weights", "Use it to tokenize, and get the model's own file to generate.")
            : null;
    }
}
