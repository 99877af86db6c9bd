namespace LlmToolkit.Formats.Gguf;

/// <summary>Tells the files that are GGUF but no stand-alone language model. They open like any other; whoever runs them should know.</summary>
internal static class GgufKind
{
    /// <summary>Architectures of image, video and audio programs that use the container. Source: city96/ComfyUI-GGUF, leejet/stable-diffusion.cpp, ggml-org/whisper.cpp.</summary>
    private static readonly HashSet<string> s_otherModels =
    [
        "flux", "sd1", "sd2", "sd3", "sdxl", "aura", "auraflow", "hidream", "cosmos", "ltxv", "hyvid", "hunyuan_video", "wan", "lumina2", "qwen_image", "pixart", "chroma", "pig", "cow", "whisper",
    ];

    /// <summary>Tensors that only diffusion models have. Source: city96/ComfyUI-GGUF, tools/convert.py.</summary>
    private static readonly string[] s_diffusionTensors =
        ["double_blocks.", "single_blocks.", "joint_blocks.", "input_blocks.", "model.diffusion_model.", "transformer_blocks.", "down_blocks.", "cond_stage_model.", "first_stage_model."];

    /// <summary>What the file is, with what to do with it; null: a model, as far as its keys tell.</summary>
    /// <returns>Whether something here can still use it: an adapter with its base, a vocabulary to tokenize.</returns>
    public static (string What, string Fix, bool IsUsable)? NotAModel(IModelMetadata metadata, IReadOnlyList<TensorInfo> tensors)
    {
        string? architecture = metadata.Text("general.architecture");
        string? type = metadata.Text("general.type");
        if (architecture == "controlvector" || metadata.TryGet("controlvector.model_hint", out _) || AllBegin(tensors, "direction."))
        {
            string hint = metadata.Text("controlvector.model_hint") is { } model ? $" for {model}" : "";
            return ($"a control vector{hint}, which steers a model", "Load the model it was made for; control vectors are not applied here.", false);
        }

        if (type == "adapter" || metadata.Text("adapter.type") is not null || AllEnd(tensors, ".lora_a", ".lora_b"))
        {
            string of = metadata.Text("general.base_model.0.name", "general.base_model.0.repo_url") ?? architecture ?? "another model";
            return ($"a LoRA adapter for {of}", "Merge it into its base model (llama-export-lora of llama.cpp) and load the result.", true);
        }

        if (type == "mmproj" || architecture == "clip")
        {
            return ("a projector for images or sound (mmproj)", "Load the language model that lies beside it.", false);
        }

        if (type == "imatrix" || metadata.Entries.Any(e => e.Key.StartsWith("imatrix.", StringComparison.Ordinal)) || AllEnd(tensors, ".in_sum2", ".counts"))
        {
            return ("an importance matrix (imatrix), used to quantize a model", "Choose one of the model files.", false);
        }

        if (architecture is not null && s_otherModels.Contains(architecture))
        {
            return ($"a model of the architecture {architecture}, which makes images, video or sound or hears speech", "Use the program it was made for.", false);
        }

        if (architecture is null && tensors.Any(t => Array.Exists(s_diffusionTensors, p => t.Name.StartsWith(p, StringComparison.Ordinal))))
        {
            return ("a diffusion model, which makes images or video", "Use an image program such as ComfyUI or stable-diffusion.cpp.", false);
        }

        return tensors.Count == 0 && metadata.TryGet("tokenizer.ggml.tokens", out _)
            ? ("a vocabulary without weights", "Use it to tokenize, and get the model's own file to generate.", true)
            : null;
    }

    private static bool AllBegin(IReadOnlyList<TensorInfo> tensors, string start) => tensors.Count > 0 && tensors.All(t => t.Name.StartsWith(start, StringComparison.Ordinal));

    private static bool AllEnd(IReadOnlyList<TensorInfo> tensors, string one, string other) =>
        tensors.Count > 0 && tensors.All(t => t.Name.EndsWith(one, StringComparison.Ordinal) || t.Name.EndsWith(other, StringComparison.Ordinal));
}
