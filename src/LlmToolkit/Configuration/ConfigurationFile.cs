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
    private readonly bool _hasComments;

    private ConfigurationFile(string? path, JsonObject root, bool hasComments = false) => (Path, _root, _hasComments) = (path, root, hasComments);

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

    /// <summary>Reads a file; one that is not there or is empty sets nothing. A value that its setting does not take is told by whoever asks for it, so that it can be corrected here.</summary>
    /// <param name="path">The file. Null: <see cref="DefaultPath"/>.</param>
    /// <exception cref="ModelException">It is no JSON object, or its short names are none.</exception>
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

            ReadOnlySpan<byte> bytes = File.ReadAllBytes(path);
            // Some editors of Windows begin a file with it.
            bytes = bytes.StartsWith("\uFEFF"u8) ? bytes[3..] : bytes;
            if (bytes.Trim(" \t\r\n"u8).IsEmpty)
            {
                return new ConfigurationFile(path, []);
            }

            JsonObject root = JsonNode.Parse(bytes, null, new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true, MaxDepth = 16 }) as JsonObject
                ?? throw ConfigurationErrors.Damaged(path, "it is no JSON object", null);
            // Names that come twice show only when they are looked at.
            _ = root.Count;
            if (root[AliasesName] is { } aliases && !(aliases is JsonObject names && names.All(a => a.Value?.GetValueKind() == JsonValueKind.String)))
            {
                throw ConfigurationErrors.Damaged(path, $"\"{AliasesName}\" is no object of texts", null);
            }

            ConfigurationFile file = new(path, root, HasComments(bytes));
            _ = file.Aliases;
            foreach (Setting setting in Setting.All)
            {
                // Half a character shows only when a text is looked at.
                _ = file.Written(setting);
            }

            return file;
        }
        catch (Exception e) when (e is JsonException or ArgumentException or InvalidOperationException or IOException or UnauthorizedAccessException)
        {
            throw ConfigurationErrors.Damaged(path, e.Message, e);
        }
    }

    /// <summary>The value of a setting in this file; null: it is not set.</summary>
    /// <exception cref="ModelException">The file has a value that the setting does not take.</exception>
    public string? Get(Setting setting)
    {
        ArgumentNullException.ThrowIfNull(setting);
        return Written(setting) is not { } value ? null
            : _root[setting.Name] is JsonValue && setting.IsValid(value) ? value
            : throw ConfigurationErrors.BadValue(setting, value, Path);
    }

    /// <summary>The value of a setting in this file, by its name.</summary>
    public string? Get(string name) => Get(Find(name));

    /// <summary>A setting by its name.</summary>
    /// <exception cref="ModelException">There is none.</exception>
    public static Setting Find(string name) => Setting.All.FirstOrDefault(s => s.Name == name) ?? throw ConfigurationErrors.NoSetting(name);

    /// <summary>The value that a variable of the Hub has by this file; null: none, or the environment decides.</summary>
    /// <param name="variable">A variable, such as <c>HF_HUB_CACHE</c>.</param>
    /// <param name="environment">Gives what the environment has of another variable that decides the same, such as <c>HF_HOME</c>.</param>
    /// <exception cref="ModelException">The file has a value that the setting does not take.</exception>
    public string? HubVariable(string variable, Func<string, string?> environment)
    {
        ArgumentNullException.ThrowIfNull(environment);
        return Setting.All.FirstOrDefault(s => s.Variable == variable) is { } setting && !setting.OtherVariables.Any(o => environment(o) is { Length: > 0 }) ? Get(setting) : null;
    }

    /// <summary>Sets a setting and writes the file; null unsets it.</summary>
    /// <exception cref="ModelException">There is no such setting, the value is none that it takes, or the file cannot be written.</exception>
    public void Set(string name, string? value)
    {
        Setting setting = Find(name);
        if (value is null)
        {
            if (!_root.Remove(name))
            {
                return;
            }
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
                throw ConfigurationErrors.NoAlias(name, aliases.Select(a => a.Key));
            }
        }
        else
        {
            if (name.Length is 0 or > 64 || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-') || !char.IsAsciiLetterOrDigit(name[0]))
            {
                throw ConfigurationErrors.BadAlias(name);
            }

            if (model.Trim().Length == 0)
            {
                throw ConfigurationErrors.AliasOfNothing(name);
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

    /// <summary>What the file has, whether the setting takes it or not.</summary>
    private string? Written(Setting setting) =>
        _root[setting.Name] is { } node ? node.GetValueKind() == JsonValueKind.String ? node.GetValue<string>() : node.ToJsonString() : null;

    private void Write()
    {
        if (Path is null)
        {
            throw ConfigurationErrors.NoPlace();
        }

        if (_hasComments)
        {
            throw ConfigurationErrors.HasComments(Path);
        }

        string? beside = null;
        try
        {
            // Whoever keeps his settings elsewhere links them here: the link stays, and what it leads to is replaced.
            string target = new FileInfo(Path).LinkTarget is null ? Path : File.ResolveLinkTarget(Path, returnFinalTarget: true)!.FullName;
            if (FileFacts.Of(target) is { Kind: not (FileNodeKind.File or FileNodeKind.Unknown) } facts)
            {
                throw new IOException($"It is no plain file ({facts.Kind}).");
            }

            CreateFolder(System.IO.Path.GetDirectoryName(target)!);
            string unfinished = $"{target}.{Guid.NewGuid():N}.tmp";
            FileStreamOptions options = new() { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }

            using (FileStream file = new(unfinished, options))
            {
                beside = unfinished;
                using (Utf8JsonWriter json = new(file, new JsonWriterOptions { Indented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
                {
                    _root.WriteTo(json);
                }

                file.WriteByte((byte)'\n');
                file.Flush(flushToDisk: true);
            }

            File.Move(beside, target, overwrite: true);
            beside = null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw ConfigurationErrors.CannotWrite(Path, e);
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            // A text of half a character can be read, and not be written.
            throw ConfigurationErrors.Damaged(Path, e.Message, e);
        }
        finally
        {
            Remove(beside);
        }
    }

    private static void CreateFolder(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
        }
        else
        {
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    private static void Remove(string? path)
    {
        try
        {
            if (path is not null)
            {
                File.Delete(path);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Why the file could not be written is told; that its remains could not be removed says no more.
        }
    }

    private static bool HasComments(ReadOnlySpan<byte> bytes)
    {
        Utf8JsonReader reader = new(bytes, new JsonReaderOptions { CommentHandling = JsonCommentHandling.Allow, AllowTrailingCommas = true, MaxDepth = 16 });
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.Comment)
            {
                return true;
            }
        }

        return false;
    }
}
