using System.Text.Json;

namespace LlmToolkit.Loading.Checks;

/// <summary>Settings that every reader takes for numbers are numbers, or lists of them; names are texts; parts are objects.</summary>
internal sealed class SettingTypes : IModelCheck
{
    private static readonly ConfigName[] s_numbers =
    [
        ConfigNames.Layers, ConfigNames.EmbeddingLength, ConfigNames.Heads, ConfigNames.KvHeads, ConfigNames.HeadDim, ConfigNames.Vocabulary, ConfigNames.ContextLength,
        CheckedSettings.FeedForward, CheckedSettings.ValueLength, CheckedSettings.Experts, CheckedSettings.ExpertsUsed, CheckedSettings.RmsEpsilon, CheckedSettings.LayerNormEpsilon,
        CheckedSettings.RopeBase, CheckedSettings.RopeBaseSliding, CheckedSettings.RopeFactor, CheckedSettings.RopeOriginal,
    ];

    private static readonly string[] s_objects = ["rope_scaling", "rope_parameters", "quantization_config"];

    private static readonly string[] s_texts =
    [
        "model_type", "quantization_config.quant_method", "general.architecture", "hidden_act", "hidden_activation", "activation_function",
        "rope_scaling.type", "rope_scaling.rope_type", "rope_parameters.rope_type",
    ];

    private static readonly string[] s_textLists = ["architectures", "layer_types"];

    public string Name => "types of settings";

    public IEnumerable<Diagnostic> Check(ModelDescription description)
    {
        if (ModelFacts.Of(description) is not { } facts)
        {
            yield break;
        }

        foreach (ConfigName name in s_numbers)
        {
            if (facts.Find(name) is { } found && !IsNumber(found.Value))
            {
                yield return CheckErrors.WrongType(facts.File, found.Key, Shown(found.Value), "a number");
            }
        }

        foreach (string key in s_texts)
        {
            if (facts.Container.Metadata.TryGet(key, out MetadataValue? value) && value.Value is not string)
            {
                yield return CheckErrors.WrongType(facts.File, key, Shown(value), "a text");
            }
        }

        if (facts.IsGguf)
        {
            yield break;
        }

        foreach (string key in s_objects)
        {
            if (facts.Container.Metadata.TryGet(key, out MetadataValue? value) && value.Value is not JsonElement)
            {
                yield return CheckErrors.WrongType(facts.File, key, Shown(value), "an object");
            }
        }

        foreach (string key in s_textLists)
        {
            if (facts.Container.Metadata.TryGet(key, out MetadataValue? list) && list is not { Type: "array", Count: 0 } && !list.TryGetStrings(out _))
            {
                yield return CheckErrors.WrongType(facts.File, key, Shown(list), "a list of names");
            }
        }

        if (facts.Container.Metadata.TryGet("tie_word_embeddings", out MetadataValue? tied) && !tied.TryGetBool(out _))
        {
            yield return CheckErrors.WrongType(facts.File, "tie_word_embeddings", Shown(tied), "true or false");
        }
    }

    private static bool IsNumber(MetadataValue value) =>
        value.TryGetDouble(out _) || (value.Type == "array" && value.TryGetDoubles(out _)) || value is { Type: "array", Count: 0 } || value is { Type: "array", Element: not ("string" or "array") };

    private static string Shown(MetadataValue value)
    {
        string text = value.Value is string s ? $"\"{s}\"" : value.Value is JsonElement ? "an object" : $"{value}";
        return text.Length > 80 ? text[..80] + "…" : text;
    }
}
