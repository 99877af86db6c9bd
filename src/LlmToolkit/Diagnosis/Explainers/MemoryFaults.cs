namespace LlmToolkit.Diagnosis.Explainers;

/// <summary>Memory that the runtime or the system did not give.</summary>
internal sealed class MemoryFaults : IErrorExplainer
{
    /// <inheritdoc/>
    public Diagnostic? Explain(Exception exception, LoadContext context) => exception switch
    {
        InsufficientMemoryException => SystemFaults.Explain(exception, context.File),
        OutOfMemoryException => DeviceMemoryErrors.ManagedHeap(Limit(context)),
        _ => null,
    };

    /// <summary>The numbers that tell a heap limit from a full machine.</summary>
    private static string Limit(LoadContext context)
    {
        GCMemoryInfo memory = GC.GetGCMemoryInfo();
        return $"{(context.BytesNeeded is long needed ? $"{needed} bytes needed, " : "")}{GC.GetTotalMemory(false)} bytes in use, the runtime's limit is {memory.TotalAvailableMemoryBytes}";
    }
}
