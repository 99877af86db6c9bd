using System.Diagnostics.CodeAnalysis;

namespace LlmToolkit.Engine.Model;

/// <summary>A container's configuration under the engine's names, with the architecture's defaults behind it.</summary>
/// <param name="metadata">GGUF keys or config.json.</param>
/// <param name="scheme">Which of both.</param>
/// <param name="architecture">The prefix of GGUF keys.</param>
/// <param name="file">The file named in messages.</param>
/// <param name="defaults">What stands in where the configuration is silent.</param>
internal sealed class ModelConfig(IModelMetadata metadata, NamingScheme scheme, string architecture, string file, IReadOnlyDictionary<ConfigName, double> defaults)
{
    /// <summary>No row is wider.</summary>
    public const int MaxWidth = 1 << 24;

    /// <summary>No model has more layers, heads or experts; a larger figure is damage.</summary>
    private const int MaxCount = 1 << 16;

    /// <summary>The vocabulary of names.</summary>
    public NamingScheme Scheme { get; } = scheme;

    /// <summary>The architecture's name.</summary>
    public string Architecture { get; } = architecture;

    /// <summary>The file named in messages.</summary>
    public string File { get; } = file;

    /// <summary>The raw metadata.</summary>
    public IModelMetadata Metadata { get; } = metadata;

    /// <summary>A number, or null.</summary>
    public double? Number(ConfigName name)
    {
        foreach (string key in Keys(name))
        {
            if (!Metadata.TryGet(key, out MetadataValue? value))
            {
                continue;
            }

            if (value.TryGetDouble(out double number))
            {
                return number;
            }

            // A list of numbers is for whoever reads layer by layer, a truth for whoever asks for one; a text or an object is damage.
            if (value.Value is string or byte[] or System.Text.Json.JsonElement or IReadOnlyList<string> or IReadOnlyList<MetadataValue>)
            {
                throw EngineErrors.BadConfig(File, key, value.Value is string text ? $"\"{text}\"" : $"of the type {value.Type}", "a number");
            }
        }

        return defaults.TryGetValue(name, out double assumed) ? assumed : null;
    }

    /// <summary>The epsilon of a norm: finite, from 0 to below 1.</summary>
    public float Epsilon(ConfigName name)
    {
        double value = Number(name) ?? throw EngineErrors.MissingConfig(File, Key(name));
        return value is >= 0 and < 1 ? (float)value : throw EngineErrors.BadConfig(File, Key(name), Text(value), "a number from 0 to below 1");
    }

    /// <summary>A number above 0, or null where the configuration is silent.</summary>
    public double? Positive(ConfigName name) =>
        Number(name) is not { } value ? null
        : value > 0 && double.IsFinite(value) ? value
        : throw EngineErrors.BadConfig(File, Key(name), Text(value), "a finite number above 0");

    /// <summary>A truth, or null.</summary>
    public bool? Flag(ConfigName name) =>
        Metadata.Bool(Keys(name)) ?? (defaults.TryGetValue(name, out double assumed) ? assumed != 0 : null);

    /// <summary>A text, or null.</summary>
    public string? Text(ConfigName name) => Metadata.Text(Keys(name));

    /// <summary>A list of texts, or null.</summary>
    public IReadOnlyList<string>? Texts(ConfigName name)
    {
        foreach (string key in Keys(name))
        {
            if (Metadata.TryGet(key, out MetadataValue? value) && value.TryGetStrings(out IReadOnlyList<string>? texts))
            {
                return texts;
            }
        }

        return null;
    }

    /// <summary>A list of numbers, or null.</summary>
    public IReadOnlyList<double>? Numbers(ConfigName name)
    {
        foreach (string key in Keys(name))
        {
            if (Metadata.TryGet(key, out MetadataValue? value) && value.TryGetDoubles(out IReadOnlyList<double>? numbers))
            {
                return numbers;
            }
        }

        return null;
    }

    /// <summary>A count such as layers, heads, experts: from 1 to 65536.</summary>
    public int Count(ConfigName name, int? fallback = null) => Whole(name, MaxCount, fallback);

    /// <summary>A width: from 1 to 16777216.</summary>
    public int Width(ConfigName name, int? fallback = null) => Whole(name, MaxWidth, fallback);

    /// <summary>A count of one layer: GGUF writes one figure for all layers or a list of them.</summary>
    public int CountAt(ConfigName name, int layer, int? fallback = null)
    {
        IReadOnlyList<double>? each = Numbers(name);
        return each is null ? Whole(name, MaxWidth, fallback)
            : layer < each.Count ? Checked(name, each[layer], MaxWidth)
            : throw EngineErrors.BadConfig(File, Key(name), $"a list of {each.Count}", $"one entry for each layer, also for layer {layer}");
    }

    /// <summary>The spelling shown in messages.</summary>
    public string Key(ConfigName name) => Keys(name) is [string first, ..] ? first : name.Gguf;

    private int Whole(ConfigName name, int limit, int? fallback)
    {
        double? found = Number(name);
        return found is null
            ? fallback ?? throw EngineErrors.MissingConfig(File, Key(name))
            : Checked(name, found.Value, limit);
    }

    private int Checked(ConfigName name, double value, int limit) =>
        value >= 1 && value <= limit && value == Math.Truncate(value)
            ? (int)value
            : throw EngineErrors.BadConfig(File, Key(name), Text(value), $"a whole number from 1 to {limit}");

    private static string Text(double value) => value.ToString(System.Globalization.CultureInfo.InvariantCulture);

    [SuppressMessage("Performance", "CA1859", Justification = "An array: the look-ups take spans of it.")]
    private string[] Keys(ConfigName name) => name.Keys(Scheme, Architecture);
}
