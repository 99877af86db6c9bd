namespace LlmToolkit.Formats.Foreign;

/// <summary>Models of other runtimes whose contents have no signature: told by the name.</summary>
internal sealed class NamedModel : ForeignRecogniser
{
    /// <summary>Endings that no format of ours uses, and whose contents have no signature.</summary>
    private static readonly (string Ending, string Name, string Runtime)[] s_endings =
    [
        (".mlmodel", "coreml", "Core ML"),
        (".mlpackage", "coreml", "Core ML"),
        (".mlmodelc", "coreml", "Core ML"),
        (".engine", "tensorrt", "TensorRT"),
        (".plan", "tensorrt", "TensorRT"),
        (".msgpack", "flax", "Flax"),
        (".ot", "rust-model", "tch-rs (Rust)"),
        (".mnn", "mnn", "MNN"),
        (".ncnn.param", "ncnn", "ncnn"),
        (".ncnn.bin", "ncnn", "ncnn"),
        (".pdmodel", "paddle", "PaddlePaddle"),
        (".pdparams", "paddle", "PaddlePaddle"),
        (".pdiparams", "paddle", "PaddlePaddle"),
        (".exl2", "exllama", "ExLlamaV2"),
        (".ort", "ort", "ONNX Runtime in its own form (.ort)"),
        (".pte", "executorch", "ExecuTorch"),
        (".tflite", "tflite", "TensorFlow Lite"),
        (".litertlm", "litert-lm", "LiteRT-LM"),
        (".task", "mediapipe", "MediaPipe"),
        (".rkllm", "rkllm", "RKLLM (Rockchip)"),
        (".hef", "hailo", "Hailo"),
    ];

    /// <inheritdoc/>
    public override ForeignMatch? Recognise(ModelArtifact artifact, ProbeBytes bytes)
    {
        string path = Path.TrimEndingDirectorySeparator(artifact.Path);
        (string Ending, string Name, string Runtime) named = Array.Find(s_endings, e => path.EndsWith(e.Ending, StringComparison.OrdinalIgnoreCase));
        (string Name, string Form, string Runtime)? found = named.Name is not null ? (named.Name, $"the name ends in {named.Ending}", named.Runtime)
            : artifact.IsDirectory ? InFolder(artifact)
            : OpenVinoWeights(artifact);
        return found is { } match ? new ForeignMatch(match.Name, match.Form, ForeignErrors.OtherRuntime(artifact.Path, match.Form, match.Runtime)) : null;
    }

    /// <summary>A folder that holds nothing but such a model.</summary>
    private static (string Name, string Form, string Runtime)? InFolder(ModelArtifact artifact)
    {
        if (artifact.Files.FirstOrDefault(f => f.Name.StartsWith("openvino_", StringComparison.OrdinalIgnoreCase) && f.Name.EndsWith(".xml", StringComparison.OrdinalIgnoreCase)) is { } openVino)
        {
            return ("openvino", $"holds {openVino.Name}", "OpenVINO");
        }

        foreach (ArtifactFile file in artifact.Files)
        {
            if (Array.Find(s_endings, e => file.Name.EndsWith(e.Ending, StringComparison.OrdinalIgnoreCase)) is { Name: not null } found)
            {
                return (found.Name, $"holds {file.Name}", found.Runtime);
            }
        }

        return null;
    }

    /// <summary>OpenVINO keeps the weights of NAME.xml in NAME.bin, bare numbers without a signature.</summary>
    private static (string Name, string Form, string Runtime)? OpenVinoWeights(ModelArtifact artifact) =>
        artifact.Path.EndsWith(".bin", StringComparison.OrdinalIgnoreCase) && Path.GetFileName(artifact.Path).StartsWith("openvino_", StringComparison.OrdinalIgnoreCase) && File.Exists(Path.ChangeExtension(artifact.Path, ".xml"))
            ? ("openvino", $"lies beside {Path.GetFileNameWithoutExtension(artifact.Path)}.xml", "OpenVINO")
            : null;
}
