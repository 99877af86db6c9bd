using System.Globalization;
using LlmToolkit.Hub;

namespace LlmToolkit.Configuration;

/// <summary>Something that can be set for all commands.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Description">What it does, and its values.</param>
/// <param name="Expected">What its value has to be, in words.</param>
/// <param name="IsValid">True for a value that it takes.</param>
public sealed record Setting(string Name, string Description, string Expected, Func<string, bool> IsValid)
{
    /// <summary>The variable of the environment that stands above it; null: none.</summary>
    public string? Variable { get; init; }

    /// <summary>Further variables that decide the same: where one is set, the configuration says nothing.</summary>
    public IReadOnlyList<string> OtherVariables { get; init; } = [];

    /// <summary>All settings, one line each.</summary>
    public static IReadOnlyList<Setting> All { get; } =
    [
        new("model", "Model of run, chat, serve and bench where none is named: a path, a Hub ID or an alias.", "a path, a Hub ID or an alias", v => v.Trim().Length > 0),
        new("context", "Longest sequence, in tokens (--context).", "a whole number above 0", v => Number(v) > 0),
        new("memory", "Most memory to use (--memory).", "a size such as 6GiB", v => ByteSize.TryParse(v, out _)),
        new("kv", "Type of the KV cache (--kv); --exact passes it over.", "f16, f32 or q8_0", v => v is "f16" or "f32" or "q8_0"),
        new("backend", "Backend to take (--backend).", "a name of `llmtk list-backends`", v => new ToolkitRegistry().Backends.Any(b => b.Name == v)),
        new("threads", "Worker threads (--threads).", "a whole number above 0", v => Number(v) > 0),
        new("endpoint", "The Hub, or a mirror of it.", "https://host or https://host/path, without user name, '?' and '#'", v => HubSettings.TryParseEndpoint(v, out _)) { Variable = "HF_ENDPOINT" },
        new("cache", "Folder of the cache of downloads.", "an absolute path", Path.IsPathFullyQualified) { Variable = "HF_HUB_CACHE", OtherVariables = ["HUGGINGFACE_HUB_CACHE", "HF_HOME"] },
        new("offline", "Make no request at all.", "true or false", v => v is "true" or "false") { Variable = "HF_HUB_OFFLINE", OtherVariables = ["TRANSFORMERS_OFFLINE"] },
    ];

    private static int Number(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : 0;
}
