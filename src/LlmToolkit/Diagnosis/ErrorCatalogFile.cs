using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace LlmToolkit.Diagnosis;

/// <summary>catalog.json: written by a test from the error factories, so that it says what they say, and carried in the assembly.</summary>
internal static class ErrorCatalogFile
{
    private const string Name = "catalog.json";

    /// <summary>The entries of the catalogue in this assembly.</summary>
    public static IReadOnlyList<ErrorEntry> ReadEmbedded()
    {
        using Stream stream = typeof(ErrorCatalogFile).Assembly.GetManifestResourceStream(Name) ?? throw new InvalidOperationException($"{Name} is not in the assembly.");
        using JsonDocument json = JsonDocument.Parse(stream);
        return [.. json.RootElement.EnumerateArray().Select(Entry)];
    }

    /// <summary>The text of the file, an entry after the other.</summary>
    public static string Write(IEnumerable<ErrorEntry> entries)
    {
        using MemoryStream bytes = new();
        using (Utf8JsonWriter w = new(bytes, new JsonWriterOptions { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            w.WriteStartArray();
            foreach (ErrorEntry entry in entries)
            {
                w.WriteStartObject();
                w.WriteString("code", entry.Code);
                w.WriteString("title", entry.Title);
                w.WriteString("area", entry.Area);
                w.WriteString("category", entry.Category.ToString());
                w.WriteString("severity", entry.Severity.ToString());
                w.WriteString("kind", entry.Kind.ToString());
                w.WriteString("certainty", entry.Certainty.ToString());
                w.WriteString("evidence", entry.Evidence);
                Texts(w, "causes", entry.Causes);
                Texts(w, "fixes", entry.Fixes);
                w.WriteString("example", entry.Example);
                w.WriteEndObject();
            }

            w.WriteEndArray();
        }

        return Encoding.UTF8.GetString(bytes.ToArray());
    }

    private static ErrorEntry Entry(JsonElement json) => new()
    {
        Code = Text(json, "code")!,
        Title = Text(json, "title")!,
        Area = Text(json, "area")!,
        Category = Enum.Parse<ErrorCategory>(Text(json, "category")!),
        Severity = Enum.Parse<Severity>(Text(json, "severity")!),
        Kind = Enum.Parse<FaultKind>(Text(json, "kind")!),
        Certainty = Enum.Parse<Certainty>(Text(json, "certainty")!),
        Evidence = Text(json, "evidence"),
        Causes = Texts(json, "causes"),
        Fixes = Texts(json, "fixes"),
        Example = Text(json, "example")!,
    };

    private static string? Text(JsonElement json, string name) => json.GetProperty(name).GetString();

    private static string[] Texts(JsonElement json, string name) => [.. json.GetProperty(name).EnumerateArray().Select(t => t.GetString()!)];

    private static void Texts(Utf8JsonWriter w, string name, IEnumerable<string> texts)
    {
        w.WriteStartArray(name);
        foreach (string text in texts)
        {
            w.WriteStringValue(text);
        }

        w.WriteEndArray();
    }
}
