namespace LlmToolkit.Diagnosis;

/// <summary>Memory that a runtime, a GPU or another engine did not get: LT5110-LT5149.</summary>
internal static class DeviceMemoryErrors
{
    private const string Smaller = "Use a smaller quantization, or a shorter context (--context).";

    /// <summary>The managed heap is full.</summary>
    public static Diagnostic ManagedHeap(string said) => Fault(
        "LT5110", "The managed heap of .NET is full (OutOfMemoryException).", said, "A container's limit leaves .NET 75 % of its memory, DOTNET_GCHeapHardLimit is set, or one array was asked to be larger than 2 GiB; free memory of the machine does not help.",
        ["Raise the container's memory limit, or DOTNET_GCHeapHardLimitPercent.", Smaller], Certainty.Likely);

    /// <summary>The GPU's memory is full.</summary>
    public static Diagnostic Gpu(string said) => Fault(
        "LT5111", "The memory of the GPU is full.", said, "Weights, cache and buffers need more than is free there; other programs use it too.",
        ["Put fewer layers on the GPU (--gpu-layers N).", Smaller, "Close other programs that use the GPU (see nvidia-smi)."]);

    /// <summary>The system killed a process for its memory.</summary>
    public static Diagnostic Killed(string said) => Fault(
        "LT5112", "A process was killed by the system (SIGKILL, exit code 137).", said, "It used more memory than its container or the machine has.",
        ["Raise the memory limit of the container or pod.", Smaller, "Run `llmtk plan MODEL` to see what is needed."], Certainty.Likely);

    /// <summary>The server's cache is smaller than the model's context.</summary>
    public static Diagnostic ServerCache(string said) => Fault(
        "LT5113", "The server has no room for the cache of so long a context.", said, "The weights leave too little of the GPU's memory for keys and values.",
        ["Start the server with a shorter context (--max-model-len).", "Let it use more of the GPU (--gpu-memory-utilization 0.95), or an fp8 cache."]);

    /// <summary>Memory cannot be locked.</summary>
    public static Diagnostic Lock(string said) => Fault(
        "LT5114", "The model cannot be locked in memory; it works without.", said, "The limit of locked memory (RLIMIT_MEMLOCK) is smaller than the model.",
        ["Leave the lock out: nothing else changes.", "Raise the limit: ulimit -l unlimited (LimitMEMLOCK in a systemd unit, --ulimit memlock=-1 in a container)."], severity: Severity.Low);

    /// <summary>One buffer is larger than the GPU's driver allows.</summary>
    public static Diagnostic BufferLimit(string said) => Fault(
        "LT5115", "One buffer is larger than the GPU's driver allows, whatever is free.", said, "Vulkan drivers limit a single allocation to 1, 2 or 4 GiB.", ["Use a smaller micro-batch or context.", "Use another backend."], Certainty.Likely);

    /// <summary>Buffers for the computation do not fit.</summary>
    public static Diagnostic Compute(string said) => Fault(
        "LT5116", "The buffers for the computation do not fit beside weights and cache.", said, "They grow with the micro-batch and, without flash attention, with the context.", ["Use a smaller micro-batch (-ub 128).", "Turn flash attention on.", Smaller]);

    /// <summary>The model is larger than the memory.</summary>
    public static Diagnostic TooLarge(string said) => Fault(
        "LT5117", "The model needs more memory than is available.", said, "Weights, cache and buffers together are larger than what is free; caches of files may have been counted as used.",
        [Smaller, "Close other programs.", "Run `llmtk plan MODEL`: it tells what fits on this machine."], Certainty.Likely);

    private static Diagnostic Fault(string code, string message, string said, string cause, IReadOnlyList<string> fixes, Certainty certainty = Certainty.Certain, Severity severity = Severity.High) => new()
    {
        Code = code,
        Kind = FaultKind.DoesNotFit,
        Category = ErrorCategory.Memory,
        Severity = severity,
        Message = message,
        Evidence = said,
        Cause = cause,
        Certainty = certainty,
        Fixes = fixes,
        Stops = [LoadStop.Plan, LoadStop.Load],
    };
}
