namespace LlmToolkit.Formats.Shared;

/// <summary>Keeps mappings open until it is disposed.</summary>
internal sealed class MappingLease(params IReadOnlyList<MappedFile> maps) : IDisposable
{
    private int _disposed;

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            foreach (MappedFile map in maps)
            {
                map.Release();
            }
        }
    }
}
