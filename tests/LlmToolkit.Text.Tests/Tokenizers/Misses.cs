namespace LlmToolkit.Tests.Tokenizers;

/// <summary>Collects the misses of many small vectors and fails once, with the first of them.</summary>
internal sealed class Misses(string name)
{
    private readonly List<string> _misses = [];

    public int Checked { get; private set; }

    public int Count => _misses.Count;

    public void Equal<T>(string what, IEnumerable<T> expected, IEnumerable<T> actual)
    {
        Checked++;
        if (!expected.SequenceEqual(actual))
        {
            _misses.Add($"{what}\n  expected {string.Join(' ', expected.Take(60))}\n  actual   {string.Join(' ', actual.Take(60))}");
        }
    }

    public void Text(string what, string? expected, string? actual)
    {
        Checked++;
        if (expected != actual)
        {
            _misses.Add($"{what}\n  expected {Show(expected)}\n  actual   {Show(actual)}");
        }
    }

    public void Fail(string what)
    {
        Checked++;
        _misses.Add(what);
    }

    public void Pass() => Checked++;

    public void AssertNone() =>
        Assert.True(_misses.Count == 0 && Checked > 0, $"{name}: {_misses.Count} of {Checked} differ:\n{string.Join('\n', _misses.Take(12))}");

    public static string Show(string? text) => text is null ? "null" : System.Text.Json.JsonSerializer.Serialize(text.Length > 200 ? text[..200] : text);
}
