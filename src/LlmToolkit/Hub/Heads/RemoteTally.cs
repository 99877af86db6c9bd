using System.Diagnostics;

namespace LlmToolkit.Hub;

/// <summary>Adds up what was fetched to judge a model.</summary>
internal sealed class RemoteTally(HubClient client)
{
    /// <summary>Less than this says nothing of a line: it fits into what is on the way anyway.</summary>
    private const long LeastForRate = 256 << 10;

    private long _bytes;
    private long _ticks;

    /// <summary>Asks for the parts.</summary>
    public HubClient Client => client;

    /// <summary>Bytes of parts.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>Bytes in a second of one stream, the time to its first byte among it; null: too little came to tell.</summary>
    public double? Rate => Bytes >= LeastForRate && Interlocked.Read(ref _ticks) is > 0 and long ticks ? Bytes / ((double)ticks / Stopwatch.Frequency) : null;

    /// <summary>A part came.</summary>
    public void Came(long bytes, long since)
    {
        Interlocked.Add(ref _bytes, bytes);
        Interlocked.Add(ref _ticks, Stopwatch.GetTimestamp() - since);
    }
}
