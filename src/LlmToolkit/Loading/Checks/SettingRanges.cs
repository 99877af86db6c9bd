using System.Globalization;

namespace LlmToolkit.Loading.Checks;

/// <summary>Sizes and counts are whole, not negative, not absurd, and not 0 where tensors show that they cannot be.</summary>
internal sealed class SettingRanges : IModelCheck
{
    /// <summary>No row of a model is wider.</summary>
    private const long MostWidth = 1 << 24;

    /// <summary>No model has more layers, heads or experts.</summary>
    private const long MostCount = 1 << 16;

    private static readonly (ConfigName Name, long Most, string[] ZeroUnless)[] s_rules =
    [
        (ConfigNames.EmbeddingLength, MostWidth, [""]),
        (ConfigNames.Layers, MostCount, ["blk.", ".layers.", ".layer.", ".h.", ".blocks."]),
        (ConfigNames.Heads, MostCount, [".attn_q.", ".attn_qkv.", ".self_attn.q_proj.", ".self_attn.qkv_proj.", ".query_key_value."]),
        (ConfigNames.KvHeads, MostCount, [".attn_k.", ".self_attn.k_proj."]),
        (ConfigNames.HeadDim, MostWidth, []),
        (CheckedSettings.ValueLength, MostWidth, []),
        (CheckedSettings.FeedForward, MostWidth, [".ffn_up.weight"]),
        (CheckedSettings.Experts, MostCount, []),
        (ConfigNames.Vocabulary, MostWidth, []),
    ];

    public string Name => "ranges of settings";

    public IEnumerable<Diagnostic> Check(ModelDescription description)
    {
        if (ModelFacts.Of(description) is not { } facts)
        {
            yield break;
        }

        foreach ((ConfigName name, long most, string[] zeroUnless) in s_rules)
        {
            if (facts.Find(name) is not { } found)
            {
                continue;
            }

            if (Values(found.Value).Where(v => !(v >= 0 && v <= most && v == Math.Truncate(v))).Select(v => (double?)v).FirstOrDefault() is { } bad)
            {
                yield return CheckErrors.OutOfRange(facts.File, found.Key, Text(bad), $"a whole number up to {most}", Severity.High);
            }
            else if (found.Value.TryGetInt64(out long zero) && zero == 0 && zeroUnless.Length > 0 && facts.HasTensor(zeroUnless))
            {
                yield return CheckErrors.OutOfRange(facts.File, found.Key, "0", "at least 1, because the file has tensors that need it", Severity.High);
            }
        }
    }

    private static IEnumerable<double> Values(MetadataValue value) =>
        value.TryGetDouble(out double one) ? [one] : value.Type == "array" && value.TryGetDoubles(out IReadOnlyList<double>? many) ? many : [];

    private static string Text(double value) => value.ToString(CultureInfo.InvariantCulture);
}
