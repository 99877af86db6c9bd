namespace LlmToolkit.Loading;

/// <summary>Why nothing lies at a path, as far as the neighbourhood tells: quotation marks, a ~ that nobody expanded, another case, a slip of the finger.</summary>
/// <param name="Evidence">What was seen: the last folder on the way that exists, and what in it comes close.</param>
/// <param name="Cause">Why, when it is known.</param>
/// <param name="Fixes">What to write instead.</param>
internal sealed record PathAdvice(string? Evidence, string? Cause, IReadOnlyList<string> Fixes)
{
    /// <summary>Most entries of a folder that are compared.</summary>
    private const int MostEntries = 10_000;

    /// <summary>Nothing is known.</summary>
    public static PathAdvice None { get; } = new(null, null, []);

    /// <summary>Looks around; never throws.</summary>
    public static PathAdvice For(string text)
    {
        try
        {
            return OtherSpelling(text) ?? Neighbour(text) ?? None;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            return None;
        }
    }

    /// <summary>The same path in another notation exists.</summary>
    private static PathAdvice? OtherSpelling(string text)
    {
        foreach ((string other, string cause) in Spellings(text))
        {
            if (other != text && other.Length > 0 && Path.Exists(other))
            {
                return new PathAdvice($"{other} exists", cause, [$"Write {other}"]);
            }
        }

        return text.Contains('\uFFFD', StringComparison.Ordinal)
            ? new PathAdvice("the name holds bytes that are not UTF-8", "File names that are not UTF-8 cannot be opened by this program.", ["Rename the file to plain letters."])
            : null;
    }

    private static IEnumerable<(string Path, string Cause)> Spellings(string text)
    {
        yield return (text.Trim(), "White space stands before or after the path.");
        string bare = text.Trim().Trim('"', '\'', '\u201C', '\u201D', '\u2018', '\u2019', '`');
        yield return (bare, "Quotation marks are part of the path: the shell did not remove them.");
        if (bare is "~" || bare.StartsWith("~/", StringComparison.Ordinal))
        {
            string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
            yield return (home + bare[1..], "The ~ was not expanded: a shell does that only outside quotation marks and at the beginning of a word.");
        }

        if (bare.StartsWith("file:", StringComparison.OrdinalIgnoreCase) && Uri.TryCreate(bare, UriKind.Absolute, out Uri? address) && address.IsFile)
        {
            yield return (address.LocalPath, "A file: address was given where a path is expected.");
        }

        if (bare.Contains('%', StringComparison.Ordinal))
        {
            yield return (Uri.UnescapeDataString(bare), "The path is written as in an address, with % and digits.");
        }

        yield return (bare.Replace("\\ ", " ", StringComparison.Ordinal), "The path holds backslashes before white space, as a shell without quotation marks needs them.");
        yield return (bare.Replace('\\', '/'), "The path is written with backslashes.");
    }

    /// <summary>What comes close in the last folder on the way that exists.</summary>
    private static PathAdvice? Neighbour(string text)
    {
        if (text.Length == 0 || text.Contains('\0', StringComparison.Ordinal))
        {
            return null;
        }

        string full = Path.GetFullPath(text);
        string missing = full;
        string? folder = Path.GetDirectoryName(full);
        while (folder is not null && !Directory.Exists(folder))
        {
            (missing, folder) = (folder, Path.GetDirectoryName(folder));
        }

        if (folder is null)
        {
            return null;
        }

        string name = Path.GetFileName(missing);
        string rest = full[missing.Length..];
        string evidence = $"{folder} exists, \"{name}\" does not lie in it";
        (string Name, int Distance)? closest = null;
        foreach (string entry in Directory.EnumerateFileSystemEntries(folder).Take(MostEntries).Select(e => Path.GetFileName(e)!))
        {
            int distance = string.Equals(entry, name, StringComparison.OrdinalIgnoreCase) ? 0
                : Path.GetFileNameWithoutExtension(entry).Equals(name, StringComparison.OrdinalIgnoreCase) ? 1
                : 1 + Distance(entry.ToLowerInvariant(), name.ToLowerInvariant(), 1 + (name.Length / 4));
            if (distance <= 1 + (name.Length / 4) && (closest is null || distance < closest.Value.Distance))
            {
                closest = (entry, distance);
            }
        }

        return closest is not { } found ? new PathAdvice(evidence, null, [])
            : found.Distance == 0 ? new PathAdvice(evidence, "The name is written with other capital letters; on this system they make a difference.", [$"Write {Path.Combine(folder, found.Name)}{rest}"])
            : new PathAdvice(evidence, null, [$"Did you mean {Path.Combine(folder, found.Name)}{rest}?"]);
    }

    /// <summary>Letters to insert, delete or exchange (Levenshtein); more than <paramref name="most"/> counts as one more than that.</summary>
    private static int Distance(string a, string b, int most)
    {
        if (Math.Abs(a.Length - b.Length) > most)
        {
            return most + 1;
        }

        int[] row = [.. Enumerable.Range(0, b.Length + 1)];
        for (int i = 0; i < a.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i + 1;
            int least = row[0];
            for (int j = 0; j < b.Length; j++)
            {
                int above = row[j + 1];
                row[j + 1] = Math.Min(Math.Min(above, row[j]) + 1, diagonal + (a[i] == b[j] ? 0 : 1));
                diagonal = above;
                least = Math.Min(least, row[j + 1]);
            }

            if (least > most)
            {
                return most + 1;
            }
        }

        return row[b.Length];
    }
}
