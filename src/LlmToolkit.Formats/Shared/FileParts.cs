using System.Collections.Concurrent;

namespace LlmToolkit.Formats.Shared;

/// <summary>A file of which only parts are on this disk: the others are brought here when a reader asks for them, so that nothing that is not there is ever taken for content.</summary>
/// <remarks>Readers know files through <see cref="MappedFile"/> alone, and that asks. So every format can be described from afar, and none knows of it.</remarks>
internal abstract class FileParts
{
    /// <summary>A scan over a whole file, of one that is not here, sees only so much of it: 1 MiB.</summary>
    public const int MostToScan = 1 << 20;

    private static readonly ConcurrentDictionary<string, FileParts> s_open = new(StringComparer.Ordinal);

    /// <summary>The parts of a file; null: all of it is here.</summary>
    public static FileParts? Of(string path) => s_open.IsEmpty ? null : s_open.GetValueOrDefault(path);

    /// <summary>Makes a file known as one of parts, until it is closed.</summary>
    protected void Open(string path)
    {
        if (!s_open.TryAdd(path, this))
        {
            throw new InvalidOperationException($"{path} is known already.");
        }
    }

    /// <summary>Makes it an ordinary file.</summary>
    protected static void Close(string path) => s_open.TryRemove(path, out _);

    /// <summary>Brings a part here, if it is not; the part lies within the file.</summary>
    /// <exception cref="FilePartsException">It cannot be had, or is too much to be asked for.</exception>
    public abstract void Require(long offset, long length);

    /// <summary>Brings several small parts here together, which is faster than one after the other. What lies outside the file is passed over.</summary>
    public abstract void Foresee(IReadOnlyList<(long Offset, long Length)> parts);
}

/// <summary>A part of a file could not be brought here. It says nothing of the file, so it is none of the faults that readers turn into findings.</summary>
/// <param name="cause">Why.</param>
internal sealed class FilePartsException(ModelException cause) : Exception(cause.Message, cause)
{
    /// <summary>Why.</summary>
    public ModelException Cause => cause;
}
