using System.Collections.Concurrent;

namespace LlmToolkit;

/// <summary>Folders of this disk that stand for something elsewhere: while a model on the Hub is judged, a folder holds the parts of its files that were fetched. What is told names the thing, not the folder.</summary>
public static class StandIns
{
    private static readonly ConcurrentDictionary<string, string> s_names = new(StringComparer.Ordinal);

    /// <summary>Makes a folder stand for a name until the result is disposed.</summary>
    /// <param name="folder">Absolute path, without a separator at its end.</param>
    /// <param name="name">What it stands for, such as <c>owner/name</c>.</param>
    public static IDisposable Add(string folder, string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentException.ThrowIfNullOrEmpty(name);
        s_names[folder] = name;
        return new StandIn(folder);
    }

    /// <summary>A text in which such folders are replaced by what they stand for; most often the text itself.</summary>
    public static string Name(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (s_names.IsEmpty)
        {
            return text;
        }

        foreach ((string folder, string name) in s_names)
        {
            text = text.Replace(folder, name, StringComparison.Ordinal);
        }

        return text;
    }

    private sealed class StandIn(string folder) : IDisposable
    {
        public void Dispose() => s_names.TryRemove(folder, out _);
    }
}
