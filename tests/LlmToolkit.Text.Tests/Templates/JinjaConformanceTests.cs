using LlmToolkit.Text;
using System.Text.Json;

namespace LlmToolkit.Tests.Templates;

/// <summary>The template language against jinja2 in transformers' environment: every case of the set.</summary>
public sealed class JinjaConformanceTests
{
    /// <summary>Cases that are known to differ, each with its reason.</summary>
    private static readonly Dictionary<string, string> s_differ = new()
    {
        ["literals-045"] = "characters by name need Unicode's name table",
    };

    [Fact]
    public void Language_EveryCase_RendersAsJinja()
    {
        using JsonDocument set = JsonDocument.Parse(File.ReadAllBytes(SharedData.Conformance("jinja", "cases.json")));
        DateTime now = DateTime.Parse(set.RootElement.GetProperty("meta").GetProperty("now").GetString()!, System.Globalization.CultureInfo.InvariantCulture);
        List<string> misses = [];
        int count = 0;
        foreach (JsonElement item in set.RootElement.GetProperty("cases").EnumerateArray())
        {
            count++;
            string id = item.GetProperty("id").GetString()!;
            string? miss = Check(item, now);
            if (miss is not null != s_differ.ContainsKey(id))
            {
                misses.Add($"{id}: {item.GetProperty("template").GetString()} → {miss ?? "renders now: take it off the list"}");
            }
        }

        Assert.True(misses.Count == 0, $"{misses.Count} of {count} differ:\n" + string.Join('\n', misses));
    }

    private static string? Check(JsonElement item, DateTime now)
    {
        item.TryGetProperty("context", out JsonElement context);
        bool free = item.TryGetProperty("unspecified", out _);
        string text;
        try
        {
            text = ChatTemplate.RenderPlain(item.GetProperty("template").GetString()!, context, now);
        }
        catch (ModelException e)
        {
            bool expected = free || item.TryGetProperty("or_error", out _) || item.TryGetProperty("error", out _);
            bool sameMessage = !item.TryGetProperty("message", out JsonElement message) || message.GetString() == e.Diagnostic.Message;
            return expected && sameMessage ? null : $"{e.Diagnostic.Code} {e.Message}";
        }

        return free ? null : item.TryGetProperty("expected", out JsonElement wanted)
            ? wanted.GetString() == text ? null : $"\"{text}\" instead of \"{wanted}\""
            : $"\"{text}\" instead of an error";
    }
}
