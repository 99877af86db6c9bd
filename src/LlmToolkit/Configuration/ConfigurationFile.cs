using System.Text.Json;
using System.Text.Json.Nodes;

namespace LlmToolkit.Configuration;

/// <summary>The one file of settings and short names. What it holds besides stays as it is.</summary>
public sealed class ConfigurationFile
{
    /// <summary>Names another file.</summary>
    private const string PathVariable = "LLMTK_CONFIG";

    /// <summary>A file of settings has some hundred bytes.</summary>
    private const int MaxBytes = 1 << 20;

    private const string AliasesName = "aliases";

    private readonly JsonObject _root;

    private ConfigurationFile(string? path, JsonObject root) => (Path, _root) = (path, root);

    /// <summary>Nothing is set, and nothing can be.</summary>
    public static ConfigurationFile None => new(null, []);

    /// <summary>Where it lies, or would lie; null: there is no place for it.</summary>
    public string? Path { get; }

    /// <summary>The short names, and what they stand for.</summary>
    public IReadOnlyDictionary<string, string> Aliases => (_root[AliasesName] as JsonObject ?? [])
        .Where(a => a.Value?.GetValueKind() == JsonValueKind.String)
        .ToDictionary(a => a.Key, a => a.Value!.GetValue<string>(), StringComparer.Ordinal);

    /// <summary>Names in the file that are no setting of this version.</summary>
    public IEnumerable<string> Unknown => _root.Select(p => p.Key).Where(k => k != AliasesName && Setting.All.All(s => s.Name != k));

    /// <summary>The platform's place: <c>LLMTK_CONFIG</c>, else <c>llmtk/config.json</c> in <c>$XDG_CONFIG_HOME</c> or <c>~/.config</c>, in <c>~/Library/Application Support</c>, in <c>%APPDATA%</c>.</summary>
    public static string? DefaultPath()
    {
        if (Environment.GetEnvironmentVariable(PathVariable) is { Length: > 0 } named)
        {
            return System.IO.Path.GetFullPath(named);
        }

        string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile, Environment.SpecialFolderOption.DoNotVerify);
        string? root = OperatingSystem.IsWindows() ? Environment.GetFolderPath(Environment.SpecialFolder.ApplicationData)
            : OperatingSystem.IsMacOS() ? (home.Length == 0 ? null : System.IO.Path.Combine(home, "Library", "Application Support"))
            : Environment.GetEnvironmentVariable("XDG_CONFIG_HOME") is { Length: > 0 } xdg && System.IO.Path.IsPathFullyQualified(xdg) ? xdg
            : home.Length == 0 ? null : System.IO.Path.Combine(home, ".config");
        return string.IsNullOrEmpty(root) ? null : System.IO.Path.Combine(root, "llmtk", "config.json");
    }

    /// <summary>Reads a file; one that is not there sets nothing.</summary>
    /// <param name="path">The file. Null: <see cref="DefaultPath"/>.</param>
    /// <exception cref="ModelException">It is no JSON object, or a value in it is none that its setting takes.</exception>
    public static ConfigurationFile Read(string? path = null)
    {
        path ??= DefaultPath();
        if (path is null || !File.Exists(path))
        {
            return new ConfigurationFile(path, []);
        }

        try
        {
            if (new FileInfo(path).Length > MaxBytes)
            {
                throw ConfigurationErrors.Damaged(path, $"it is longer than {MaxBytes} bytes", null);
            }

            JsonObject root = JsonNode.Parse(File.ReadAllBytes(path), null, new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true, MaxDepth = 16 }) as JsonObject
                ?? throw ConfigurationErrors.Damaged(path, "it is no JSON object", null);
            // Names that come twice show only when they are looked at.
            _ = root.Count;
            ConfigurationFile file = new(path, root);
            _ = file.Aliases;
            foreach (Setting setting in Setting.All)
            {
                if (file.Get(setting) is { } value && !setting.IsValid(value))
                {
                    throw ConfigurationErrors.BadValue(setting, value, path);
                }
            }

            return file;
        }
        catch (Exception e) when (e is JsonException or ArgumentException or InvalidOperationException or IOException or UnauthorizedAccessException)
        {
            throw ConfigurationErrors.Damaged(path, e.Message, e);
        }
    }

    /// <summary>The value of a setting in this file; null: it is not set.</summary>
    public string? Get(Setting setting)
    {
        ArgumentNullException.ThrowIfNull(setting);
        return _root[setting.Name] is { } value && value.GetValueKind() is not JsonValueKind.Null
            ? value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : value.ToJsonString()
            : null;
    }

    /// <summary>The value of a setting in this file, by its name.</summary>
    public string? Get(string name) => Get(Find(name));

    /// <summary>A setting by its name.</summary>
    /// <exception cref="ModelException">There is none.</exception>
    public static Setting Find(string name) => Setting.All.FirstOrDefault(s => s.Name == name) ?? throw ConfigurationErrors.NoSetting(name);

    /// <summary>The value that the field's variables of the Hub have by this file.</summary>
    public string? HubVariable(string variable) =>
        Setting.All.FirstOrDefault(s => s.Variable == variable) is { } setting && Get(setting) is { } value ? value == "true" ? "1" : value == "false" ? "0" : value : null;

    /// <summary>Sets a setting and writes the file; null unsets it.</summary>
    /// <exception cref="ModelException">There is no such setting, the value is none that it takes, or the file cannot be written.</exception>
    public void Set(string name, string? value)
    {
        Setting setting = Find(name);
        if (value is null)
        {
            _root.Remove(name);
        }
        else
        {
            _root[name] = setting.IsValid(value) ? JsonValue.Create(value) : throw ConfigurationErrors.BadValue(setting, value, null);
        }

        Write();
    }

    /// <summary>Makes a short name and writes the file; null removes it.</summary>
    /// <exception cref="ModelException">The name cannot be one, leads in a circle, or the file cannot be written.</exception>
    public void SetAlias(string name, string? model)
    {
        ArgumentNullException.ThrowIfNull(name);
        JsonObject aliases = _root[AliasesName] as JsonObject ?? [];
        if (model is null)
        {
            if (!aliases.Remove(name))
            {
                throw ConfigurationErrors.NoAlias(name);
            }
        }
        else
        {
            if (name.Length is 0 or > 64 || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-') || !char.IsAsciiLetterOrDigit(name[0]))
            {
                throw ConfigurationErrors.BadAlias(name);
            }

            if (Aliases.ContainsKey(model) || model == name)
            {
                throw ConfigurationErrors.AliasOfAlias(name, model);
            }

            aliases[name] = JsonValue.Create(model);
        }

        if (aliases.Parent is null)
        {
            _root[AliasesName] = aliases;
        }

        Write();
    }

    private void Write()
    {
        if (Path is null)
        {
            throw ConfigurationErrors.NoPlace();
        }

        string beside = $"{Path}.{Guid.NewGuid():N}.tmp";
        try
        {
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Path)!);
            FileStreamOptions options = new() { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }

            using (FileStream file = new(beside, options))
            using (Utf8JsonWriter json = new(file, new JsonWriterOptions { Indented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
            {
                _root.WriteTo(json);
            }

            File.Move(beside, Path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            File.Delete(beside);
            throw ConfigurationErrors.CannotWrite(Path, e);
        }
    }
}
