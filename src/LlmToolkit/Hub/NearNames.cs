namespace LlmToolkit.Hub;

/// <summary>Names that may have been meant.</summary>
internal static class NearNames
{
    /// <summary>Names that are compared letter by letter; of more, only those with the same file name.</summary>
    private const int MostCompared = 2_000;

    /// <summary>The names nearest to one, the nearest first: the same file in another folder, other capitals, few other letters.</summary>
    public static IReadOnlyList<string> Of(string wanted, IEnumerable<string> names, int most)
    {
        string file = Path.GetFileName(wanted);
        return [.. names.Take(MostCompared)
            .Select(n => (Name: n, Distance: string.Equals(Path.GetFileName(n), file, StringComparison.OrdinalIgnoreCase) ? 0 : Distance(wanted.ToUpperInvariant(), n.ToUpperInvariant())))
            .Where(n => n.Distance <= Math.Max(3, wanted.Length / 3))
            .OrderBy(n => n.Distance).ThenBy(n => n.Name, StringComparer.Ordinal)
            .Take(most)
            .Select(n => n.Name)];
    }

    /// <summary>Letters to change, add or leave out (Levenshtein).</summary>
    private static int Distance(string a, string b)
    {
        int[] row = [.. Enumerable.Range(0, b.Length + 1)];
        for (int i = 1; i <= a.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int above = row[j];
                row[j] = Math.Min(Math.Min(above, row[j - 1]) + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1));
                diagonal = above;
            }
        }

        return row[^1];
    }
}
