using System.Globalization;
using System.Numerics;
using System.Text.Json;

namespace LlmToolkit.Text.Templates;

/// <summary>The caller's JSON as values; every text in it is marked as input.</summary>
internal static class JsonValues
{
    public static Value From(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.String => StringValue.FromInput(Text(json)),
        JsonValueKind.Number => Number(json.GetRawText()),
        JsonValueKind.True => BoolValue.True,
        JsonValueKind.False => BoolValue.False,
        JsonValueKind.Array => new ListValue([.. json.EnumerateArray().Select(From)]),
        JsonValueKind.Object => Dict(json),
        _ => NoneValue.Instance,
    };

    public static DictValue Dict(JsonElement json)
    {
        DictValue dict = new();
        foreach (JsonProperty property in json.EnumerateObject())
        {
            dict.Set(StringValue.FromInput(property.Name), From(property.Value));
        }

        return dict;
    }

    /// <summary>The text; half a surrogate pair, which JSON can write and the reader refuses, stays as it is.</summary>
    private static string Text(JsonElement json)
    {
        try
        {
            return json.GetString()!;
        }
        catch (InvalidOperationException)
        {
            return StringEscapes.Resolve(json.GetRawText().AsSpan()[1..^1].ToString().Replace(@"\/", "/", StringComparison.Ordinal), 1);
        }
    }

    /// <summary>An integer where it is written as one, as Python reads it.</summary>
    private static Value Number(string text) => text.AsSpan().IndexOfAny('.', 'e', 'E') >= 0
        ? new FloatValue(double.Parse(text, CultureInfo.InvariantCulture))
        : text.Length <= 4300 ? new IntValue(BigInteger.Parse(text, CultureInfo.InvariantCulture))
        : throw TemplateErrors.Limit($"A number of the input has {text.Length} digits", 4300);
}
