using LlmToolkit.Diagnosis.Explainers;
using LlmToolkit.Diagnosis.Messages;

namespace LlmToolkit.Diagnosis;

/// <summary>The toolkit's explainers in the order they are asked: by type and number first, then by the messages of known producers. To add one: its file, and its line here.</summary>
public static class DefaultExplainers
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<IErrorExplainer> All { get; } =
    [
        new HubAnswers(),
        new NetworkFaults(),
        new NativeFaults(),
        new ProcessEnds(),
        new MemoryFaults(),
        new FileSystemFaults(),
        new DataFaults(),
        new MessageExplainer("llama.cpp", LlamaCppMessages.All),
        new MessageExplainer("safetensors", SafetensorsMessages.All),
        new MessageExplainer("PyTorch", TorchMessages.All),
        new MessageExplainer("transformers", TransformersMessages.All),
        new MessageExplainer("the Hub", HubMessages.All),
        new MessageExplainer("vLLM", VllmMessages.All),
        new MessageExplainer("ONNX Runtime", OnnxMessages.All),
        new MessageExplainer("the GPU", GpuMessages.All),
        new MessageExplainer("the loader", LibraryMessages.All),
        new MessageExplainer("the system", SystemMessages.All),
        new MessageExplainer("said", FailureMessages.All),
    ];
}
