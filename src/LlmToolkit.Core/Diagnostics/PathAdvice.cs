namespace LlmToolkit;

/// <summary>Why nothing lies at a path that "exists": the usual slips, looked for one by one.</summary>
public static class PathAdvice
{
    private const int MostEntries = 10_000;

    /// <summary>What is wrong with the path and what to write instead; null when nothing can be told.</summary>
    /// <param name="path">A path at which nothing was found, as it was written.</param>
    /// <returns>The cause in a sentence, how sure it is, and the path that was probably meant (null: none).</returns>
    public static (string Cause, Certainty Certainty, string? Meant)? For(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        try
        {
            return Link(path) ?? Home(path) ?? Trimmed(path) ?? Near(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            // Advice only: where the folder cannot be listed there is none.
            return null;
        }
    }

    private static (string, Certainty, string?)? Link(string path) =>
        new FileInfo(path).LinkTarget is string target
            ? ($"It is a link to {target}, and nothing lies there: the blob of a Hub cache is missing, or the target was moved.", Certainty.Certain, null)
            : null;

    private static (string, Certainty, string?)? Home(string path)
    {
        if (path is not ("~" or ['~', '/', ..] or ['~', '\\', ..]))
        {
            return null;
        }

        string full = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile) + path[1..];
        return ("Only a shell turns ~ into the home folder; here it is a name.", Certainty.Certain, Exists(full) ? full : null);
    }

    private static (string, Certainty, string?)? Trimmed(string path)
    {
        string bare = path.Trim().Trim('"', '\'', '\u201C', '\u201D', '\u2018', '\u2019').Trim();
        return bare.Length > 0 && bare != path && Exists(bare) ? ("The path has quotes or white space around it that belong to no name.", Certainty.Certain, bare) : null;
    }

    private static (string, Certainty, string?)? Near(string path)
    {
        string full = Path.GetFullPath(path);
        // The deepest folder that exists, and the first name that does not.
        string missing = full;
        string? parent = Path.GetDirectoryName(full);
        while (parent is not null && !Directory.Exists(parent))
        {
            missing = parent;
            parent = Path.GetDirectoryName(parent);
        }

        if (parent is null)
        {
            return null;
        }

        string name = Path.GetFileName(missing);
        string[] entries = [.. new DirectoryInfo(parent).EnumerateFileSystemInfos().Take(MostEntries).Select(e => e.Name)];
        string? same = entries.FirstOrDefault(e => string.Equals(e, name, StringComparison.OrdinalIgnoreCase));
        if (same is not null)
        {
            string meant = Path.Combine(parent, same) + full[missing.Length..];
            return ($"This file system tells capitals from small letters: there is {same}, not {name}.", Certainty.Certain, Exists(meant) ? meant : null);
        }

        string? near = entries.Select(e => (Name: e, Distance: Distance(e, name))).Where(e => e.Distance <= Math.Max(2, name.Length / 5)).OrderBy(e => e.Distance).ThenBy(e => e.Name, StringComparer.Ordinal).Select(e => e.Name).FirstOrDefault();
        return near is not null ? ($"There is {near} in {parent}, but no {name}.", Certainty.Possible, Path.Combine(parent, near) + full[missing.Length..])
            : missing != full ? ($"The folder {parent} has no {name}.", Certainty.Certain, null)
            : null;
    }

    private static bool Exists(string path) => File.Exists(path) || Directory.Exists(path);

    /// <summary>Letters to change, add or drop; two rows are enough.</summary>
    private static int Distance(string a, string b)
    {
        if (Math.Abs(a.Length - b.Length) > Math.Max(2, b.Length / 5))
        {
            return int.MaxValue;
        }

        int[] row = [.. Enumerable.Range(0, b.Length + 1)];
        for (int i = 1; i <= a.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int above = row[j];
                row[j] = Math.Min(Math.Min(above, row[j - 1]) + 1, diagonal + (char.ToLowerInvariant(a[i - 1]) == char.ToLowerInvariant(b[j - 1]) ? 0 : 1));
                diagonal = above;
            }
        }

        return row[^1];
    }
}
