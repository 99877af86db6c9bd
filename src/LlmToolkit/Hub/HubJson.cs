using System.Globalization;
using System.Text.Json;

namespace LlmToolkit.Hub;

/// <summary>Members of the Hub's JSON. What is missing or of another type is null: the Hub adds and leaves out members freely.</summary>
internal static class HubJson
{
    public static JsonElement? Member(this JsonElement element, string name, JsonValueKind kind) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out JsonElement value) && value.ValueKind == kind ? value : null;

    public static string? Text(this JsonElement element, string name) => element.Member(name, JsonValueKind.String) is { } value ? Text(value) : null;

    /// <summary>A string; null for one that is no Unicode (half of a surrogate pair).</summary>
    public static string? Text(JsonElement value)
    {
        try
        {
            return value.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>A whole number of 64 bits that is not negative.</summary>
    public static long? Count(this JsonElement element, string name) =>
        element.Member(name, JsonValueKind.Number) is { } value && value.TryGetInt64(out long number) && number >= 0 ? number : null;

    public static bool? Truth(this JsonElement element, string name) =>
        element.Member(name, JsonValueKind.True) is not null ? true : element.Member(name, JsonValueKind.False) is not null ? false : null;

    public static DateTimeOffset? Time(this JsonElement element, string name) =>
        DateTimeOffset.TryParse(element.Text(name), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out DateTimeOffset time) ? time : null;

    public static IEnumerable<JsonElement> Items(this JsonElement element, string name) =>
        element.Member(name, JsonValueKind.Array) is { } array ? array.EnumerateArray() : [];

    public static IEnumerable<string> Texts(this JsonElement element, string name) =>
        element.Items(name).Where(i => i.ValueKind == JsonValueKind.String).Select(Text).OfType<string>();
}
