namespace LlmToolkit.Diagnosis.Messages;

/// <summary>Messages of vLLM and of servers that speak OpenAI's protocol.</summary>
internal static class VllmMessages
{
    private const string Long = "The prompt and the answer asked for are longer than the context that the server was started with.";

    public static IReadOnlyList<KnownMessage> All { get; } =
    [
        new("is larger than the maximum number of tokens that can be stored in KV cache", DeviceMemoryErrors.ServerCache),
        new("No available memory for the cache blocks", DeviceMemoryErrors.ServerCache),
        new("maximum context length is * tokens", "LT3205", Long, Certainty.Certain),
        new("context_length_exceeded", "LT3205", Long, Certainty.Certain),
        new("Free memory on device * is less than desired GPU memory utilization", DeviceMemoryErrors.Gpu),
        new("Model architectures * are not supported for now", "LT4010"),
    ];
}
