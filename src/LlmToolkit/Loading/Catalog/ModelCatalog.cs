using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using LlmToolkit.Loading;
using LlmToolkit.Loading.Catalog;

namespace LlmToolkit;

/// <summary>How a folder is listed.</summary>
public sealed record CatalogOptions
{
    /// <summary>Levels of folders below the one that is named. Default: 16. Range: 0 and up.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Below 0.</exception>
    public int MaxDepth
    {
        get;
        init => field = value >= 0 ? value : throw new ArgumentOutOfRangeException(nameof(value), value, "MaxDepth is at least 0.");
    } = 16;

    /// <summary>Most models looked at at a time. Default: the cores of this process.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Below 1.</exception>
    public int Concurrency
    {
        get;
        init => field = value > 0 ? value : throw new ArgumentOutOfRangeException(nameof(value), value, "Concurrency is at least 1.");
    } = Environment.ProcessorCount;
}

/// <summary>The models that lie in folders: what each is, and whether it is sound. What was looked at once is not read again until one of its files changes.</summary>
/// <param name="registry">Formats, backends and checks; null: the default ones.</param>
/// <param name="cache">Where facts are kept; null: the user's own, see <see cref="MetadataCache"/>. <see cref="MetadataCache.None"/> keeps nothing.</param>
public sealed class ModelCatalog(ToolkitRegistry? registry = null, MetadataCache? cache = null)
{
    /// <summary>Clocks of file systems tick this slowly: a file as young as that may change again without a trace.</summary>
    private static readonly TimeSpan s_tick = TimeSpan.FromMilliseconds(20);

    private readonly ToolkitRegistry _registry = registry ?? new ToolkitRegistry();
    private readonly MetadataCache _cache = cache ?? new MetadataCache();

    /// <summary>One for all models: it asks the machine once.</summary>
    private ModelValidator Validator => field ??= new ModelValidator(_registry);

    /// <summary>Every model in a folder and the folders below, in the order of paths: a set of shards or a model's directory is one.</summary>
    /// <remarks>Folders whose names begin with a dot are passed over. A link to a folder out of the tree is followed for that folder alone, and no folder is entered twice.</remarks>
    /// <param name="folder">The folder; a file is listed alone.</param>
    /// <param name="options">How; null: the defaults.</param>
    /// <param name="progress">Told of each model that was looked at.</param>
    /// <param name="cancellationToken">Ends the enumeration at once.</param>
    /// <exception cref="ModelException">There is no such folder.</exception>
    public async IAsyncEnumerable<CatalogEntry> ListAsync(string folder, CatalogOptions? options = null, IProgress<BatchProgress>? progress = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        CatalogOptions how = options ?? new CatalogOptions();
        string root = Path.GetFullPath(folder);
        IEnumerable<CatalogItem> items = Directory.Exists(root) ? new CatalogWalk(how.MaxDepth).Walk(root)
            : File.Exists(root) ? [CatalogWalk.ItemOf(root)]
            : throw LoadingErrors.NoSuchPath(folder, PathAdvice.For(folder));
        string toolkit = Toolkit();
        await foreach (BatchResult<Look> result in Batch.RunAsync(items, i => i.Path, how.Concurrency, (item, _) => LookAt(item, toolkit), progress, cancellationToken).ConfigureAwait(false))
        {
            if ((result.Value is { } look ? look.Entry : Failed(result.Source, result.Error!)) is { } entry)
            {
                yield return entry;
            }
        }

        _cache.Trim();
    }

    /// <summary>What one path is: a file, any part of a set, or a directory.</summary>
    /// <exception cref="ModelException">There is no such path, or it cannot be read.</exception>
    public Task<CatalogEntry> FindAsync(string path, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return Task.Run(
            () =>
            {
                string full = FormatDetector.Artifact(path).Path;
                CatalogEntry entry = LookAt(CatalogWalk.ItemOf(full), Toolkit()).Entry!;
                _cache.Trim();
                return entry;
            },
            cancellationToken);
    }

    private static CatalogEntry Failed(string path, Diagnostic error) => new()
    {
        Path = path,
        Format = "unknown",
        Reason = error.Message,
        Report = new ValidationReport { Path = path, Format = "unknown", Findings = [error] },
    };

    private Look LookAt(CatalogItem item, string toolkit)
    {
        if (item.Fault is not null)
        {
            throw LoadingErrors.Unreadable(item.Path, item.Fault);
        }

        string stamp = Stamp(item, out _);
        if (_cache.TryGet(toolkit, item.Path, stamp, out CatalogEntry? known))
        {
            return new Look(known);
        }

        CatalogEntry? entry = Describe(item);
        if (_cache.Folder is not null && Stamp(item, out long newest) == stamp)
        {
            TimeSpan age = DateTime.UtcNow - DateTime.UnixEpoch.AddTicks(newest / TimeSpan.NanosecondsPerTick);
            if (age < s_tick && age > -s_tick)
            {
                Thread.Sleep(s_tick);
            }

            if (Stamp(item, out _) == stamp)
            {
                _cache.Set(toolkit, item.Path, stamp, entry);
            }
        }

        return new Look(entry);
    }

    /// <summary>The item's facts; null: it is nothing to list.</summary>
    private CatalogEntry? Describe(CatalogItem item)
    {
        ModelArtifact artifact = FormatDetector.Artifact(item.Path);
        Detection detection = FormatDetector.Detect(artifact, _registry.Formats);
        bool isClaimed = detection.Format != "unknown";
        if ((item.Shown == Shown.IfClaimed && !isClaimed) || (item.Shown == Shown.IfRecognised && !isClaimed && detection.Recognised is null))
        {
            return null;
        }

        (ModelInfo? info, long bytes) = (null, artifact.Files.Sum(f => f.Length));
        ValidationReport report = Validator.Validate(
            detection,
            description =>
            {
                info = description.Info;
                bytes = description.Files.Sum(f => f.Length);
            },
            thorough: false);
        // A config.json that names no model belongs to some other program.
        return item.Shown == Shown.IfClaimed && detection.Format == "huggingface" && info is { Architecture: null, ModelClass: null } ? null : new CatalogEntry
        {
            Path = item.Path,
            Format = report.Format,
            Score = detection.Score,
            Reason = detection.Reason,
            Recognised = detection.Recognised,
            Info = info,
            Report = report,
            Bytes = bytes,
        };
    }

    /// <summary>The state of every file that an item is made from.</summary>
    /// <param name="item">The item.</param>
    /// <param name="newest">Time of the last change of any, in ns.</param>
    private static string Stamp(CatalogItem item, out long newest)
    {
        newest = 0;
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (string file in item.Files)
        {
            FileStamp? stamp = FileStamp.Of(file);
            newest = Math.Max(newest, Math.Max(stamp?.Modified ?? 0, stamp?.Changed ?? 0));
            hash.AppendData(Encoding.UTF8.GetBytes($"{Path.GetFileName(file)}\0{stamp}\n"));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>What an answer depends on besides the files: the formats, checks and backends with the builds that they come from.</summary>
    private string Toolkit()
    {
        StringBuilder parts = new();
        foreach (object part in _registry.Formats.Cast<object>().Concat(_registry.Checks).Concat(_registry.Backends).Concat(_registry.Architectures).Append(_registry))
        {
            Type type = part.GetType();
            parts.Append(type.FullName).Append(' ').Append(Build(type.Module)).Append('\n');
        }

        parts.Append(Build(typeof(ModelContainer).Module));
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(parts.ToString())).AsSpan(0, 16));
    }

    private static string Build(System.Reflection.Module module)
    {
        try
        {
            return $"{module.ModuleVersionId:N}";
        }
        catch (Exception e) when (e is NotSupportedException or InvalidOperationException)
        {
            // Compiled ahead of time, modules have no identity of their own: the program's file has.
            return $"{module.Assembly.FullName} {(Environment.ProcessPath is { } program ? FileStamp.Of(program) : null)}";
        }
    }

    private sealed record Look(CatalogEntry? Entry);
}
