using LlmToolkit.Formats.Gguf;
using LlmToolkit.Formats.HuggingFace;
using LlmToolkit.Formats.PyTorch;
using LlmToolkit.Formats.Safetensors;

namespace LlmToolkit.Formats;

/// <summary>The formats the toolkit knows. To add one: add its folder, and its line here.</summary>
public static class DefaultFormats
{
    /// <summary>Formats of weights that may also lie in a Hugging Face directory.</summary>
    private static readonly IReadOnlyList<IModelFormat> s_weights =
    [
        new SafetensorsFormat(),
        new PyTorchFormat(),
    ];

    /// <summary>Every format, in the order in which they are asked.</summary>
    public static IReadOnlyList<IModelFormat> All { get; } =
    [
        new GgufFormat(),
        .. s_weights,
        new HuggingFaceFormat(s_weights),
    ];
}
