using LlmToolkit.Text;
using System.Text.Json;

namespace LlmToolkit.Tests.Templates;

/// <summary>Real models' templates against transformers' apply_chat_template: every conversation of the set.</summary>
public sealed class ChatTemplateConformanceTests
{
    public static TheoryData<string> Names()
    {
        TheoryData<string> names = [];
        string? folder = SharedData.Root is null ? null : Path.Combine(SharedData.Root, "conformance", "templates");
        if (folder is not null && Directory.Exists(folder))
        {
            foreach (string name in Directory.GetFiles(folder, "*.jinja").Select(f => Path.GetFileNameWithoutExtension(f)!).Order(StringComparer.Ordinal))
            {
                names.Add(name);
            }
        }
        else
        {
            names.Add("(none)");
        }

        return names;
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Render_RealTemplate_GivesTransformersText(string name)
    {
        using JsonDocument inputs = JsonDocument.Parse(File.ReadAllBytes(SharedData.Require("conformance", "templates", "inputs.json")));
        using JsonDocument expected = JsonDocument.Parse(File.ReadAllBytes(SharedData.Require("conformance", "templates", name + ".json")));
        JsonElement meta = expected.RootElement.GetProperty("meta");
        string source = File.ReadAllText(SharedData.Require("conformance", "templates", name + ".jinja"));
        List<string> misses = [];
        int count = 0;
        foreach (JsonProperty item in expected.RootElement.GetProperty("expected").EnumerateObject())
        {
            count++;
            if (Check(source, inputs.RootElement.GetProperty(item.Name), meta, item.Value) is string miss)
            {
                misses.Add($"{item.Name}: {miss}");
            }
        }

        Assert.True(misses.Count == 0, $"{misses.Count} of {count} differ:\n" + string.Join('\n', misses));
    }

    private static string? Check(string source, JsonElement input, JsonElement meta, JsonElement expected)
    {
        string text;
        try
        {
            ChatTemplate template = ChatTemplate.Parse(source);
            ChatTemplateInput given = Input(input, meta);
            text = template.RenderText(given);
            string joined = string.Concat(template.Render(given).Select(s => s.Text));
            if (joined != text)
            {
                return "the segments are not the text";
            }
        }
        catch (ModelException e)
        {
            return expected.ValueKind == JsonValueKind.String ? $"{e.Diagnostic.Code} {e.Message} ({e.Diagnostic.Field})"
                : expected.TryGetProperty("message", out JsonElement message) && message.GetString() != e.Diagnostic.Message ? $"message {e.Message} instead of {message}"
                : null;
        }

        return expected.ValueKind != JsonValueKind.String ? $"\"{text}\" instead of {expected}" : expected.GetString() == text ? null : Difference(text, expected.GetString()!);
    }

    private static ChatTemplateInput Input(JsonElement input, JsonElement meta)
    {
        JsonElement? Find(string name) => input.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;
        JsonElement? continued = Find("continue_final_message");
        return new ChatTemplateInput
        {
            Messages = input.GetProperty("messages"),
            Tools = Find("tools"),
            Documents = Find("documents"),
            AddGenerationPrompt = Find("add_generation_prompt")?.GetBoolean() ?? false,
            ContinueFinalMessage = continued?.ValueKind switch { JsonValueKind.String => continued.Value.GetString(), JsonValueKind.True => "content", _ => null },
            Extra = Find("extra")?.EnumerateObject().ToDictionary(p => p.Name, p => p.Value) ?? [],
            BosToken = meta.GetProperty("bos_token").GetString(),
            EosToken = meta.GetProperty("eos_token").GetString(),
            Now = DateTime.Parse(meta.GetProperty("now").GetString()!, System.Globalization.CultureInfo.InvariantCulture),
        };
    }

    private static string Difference(string text, string expected)
    {
        int at = text.AsSpan().CommonPrefixLength(expected);
        string Around(string s) => s[Math.Max(0, at - 40)..Math.Min(s.Length, at + 60)].Replace("\n", "\\n", StringComparison.Ordinal);
        return $"differs at {at}: \"{Around(text)}\" instead of \"{Around(expected)}\"";
    }
}
