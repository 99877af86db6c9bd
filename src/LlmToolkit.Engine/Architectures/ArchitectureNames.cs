namespace LlmToolkit.Engine;

/// <summary>Names of families and how near they are: <c>qwen3moe</c> is a relative of <c>qwen3</c>, and <c>qwen3_5</c> too.</summary>
internal static class ArchitectureNames
{
    /// <summary>A shared beginning below this says nothing.</summary>
    private const int LeastShared = 3;

    /// <summary>The known name that shares the longest beginning with a name, at least half of the known one; null: none is near.</summary>
    public static string? Nearest(string name, IEnumerable<string> known)
    {
        string plain = Plain(name);
        return known
            .Select(k => (Name: k, Shared: Shared(plain, Plain(k))))
            .Where(k => k.Shared >= LeastShared && 2 * k.Shared > Plain(k.Name).Length)
            .OrderByDescending(k => k.Shared).ThenBy(k => k.Name.Length).ThenBy(k => k.Name, StringComparer.Ordinal)
            .Select(k => k.Name).FirstOrDefault();
    }

    private static string Plain(string name) => new([.. name.Where(char.IsAsciiLetterOrDigit).Select(char.ToLowerInvariant).Take(64)]);

    private static int Shared(string a, string b)
    {
        int count = 0;
        while (count < a.Length && count < b.Length && a[count] == b[count])
        {
            count++;
        }

        return count;
    }
}
