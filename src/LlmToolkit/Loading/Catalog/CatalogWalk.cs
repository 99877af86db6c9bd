using System.IO.Enumeration;
using System.Text.RegularExpressions;

namespace LlmToolkit.Loading.Catalog;

/// <summary>When something that lies in a folder is listed.</summary>
internal enum Shown
{
    /// <summary>Its name or its folder says that it is a model, whatever is wrong with it.</summary>
    Always,

    /// <summary>When it is recognised as anything.</summary>
    IfRecognised,

    /// <summary>When a format claims it.</summary>
    IfClaimed,
}

/// <summary>A file, a set of files or a directory that may be a model.</summary>
/// <param name="Path">What to name to open it.</param>
/// <param name="Files">Every file that its description is made from.</param>
/// <param name="Shown">When it is listed.</param>
/// <param name="Fault">Why it cannot be looked at; null: it can.</param>
internal sealed record CatalogItem(string Path, IReadOnlyList<string> Files, Shown Shown, Exception? Fault = null);

/// <summary>Finds what may be a model in a tree of folders, by names alone: shards are one set, a model's directory is one model. No file is opened.</summary>
/// <param name="maxDepth">Levels of folders below the first one.</param>
internal sealed partial class CatalogWalk(int maxDepth)
{
    private static readonly string[] s_modelEndings = [".gguf", ".safetensors", ".pt", ".pth", ".ckpt", ".onnx", ".ggml"];

    private static readonly string[] s_unfinishedEndings = [".incomplete", ".part", ".crdownload", ".download", ".aria2"];

    private readonly HashSet<string> _seen = new(StringComparer.Ordinal);

    /// <summary>Walks a tree, in the order of names.</summary>
    /// <remarks>Folders whose names begin with a dot are passed over. A link to a folder is followed; where it leads out of the tree, that one folder is looked at and not those below it.</remarks>
    public IEnumerable<CatalogItem> Walk(string root)
    {
        Stack<(string Path, int Depth, bool InModel)> folders = new([(root, 0, false)]);
        while (folders.TryPop(out (string Path, int Depth, bool InModel) folder))
        {
            if (FileStamp.Folder(folder.Path) is not { } place || !_seen.Add(place))
            {
                continue;
            }

            Listing listing = List(folder.Path);
            if (listing.Fault is not null)
            {
                yield return new CatalogItem(folder.Path, [], Shown.Always, listing.Fault);
                continue;
            }

            DirectoryKind kind = Kind(listing.Files, folder.InModel);
            foreach (CatalogItem item in Items(folder.Path, listing, kind))
            {
                yield return item;
            }

            bool descends = folder.Depth < maxDepth && kind != DirectoryKind.Closed;
            foreach ((string name, bool isLink) in descends ? Enumerable.Reverse(listing.Folders) : [])
            {
                string path = Path.Combine(folder.Path, name);
                bool leaves = isLink && !IsInside(path, root);
                folders.Push((path, leaves ? maxDepth : folder.Depth + 1, folder.InModel || kind == DirectoryKind.Model));
            }
        }
    }

    /// <summary>The one item that a path stands for: a directory with its files, the set that a file is part of, or the file.</summary>
    public static CatalogItem ItemOf(string path)
    {
        if (Directory.Exists(path))
        {
            Listing inside = List(path);
            return new CatalogItem(path, [.. inside.Files.Select(f => Path.Combine(path, f)), .. SmallFilesBelow(path, inside)], Shown.Always, inside.Fault);
        }

        string folder = Path.GetDirectoryName(path) ?? path;
        CatalogItem? set = Sets(folder, List(folder).Files).FirstOrDefault(s => s.Files.Contains(path));
        return set is null ? new CatalogItem(path, [path], Shown.Always) : set with { Path = path };
    }

    private enum DirectoryKind
    {
        /// <summary>A folder of files.</summary>
        Plain,

        /// <summary>One model; other models may lie below.</summary>
        Model,

        /// <summary>One thing of which everything below is a part.</summary>
        Closed,
    }

    private static DirectoryKind Kind(List<string> files, bool inModel)
    {
        bool Has(string name) => files.Contains(name);
        bool Any(Func<string, bool> test) => files.Exists(f => test(f));
        if (Has("model_index.json") || Has("saved_model.pb") || (Has(".metadata") && Any(f => f.EndsWith(".distcp", StringComparison.Ordinal))))
        {
            return DirectoryKind.Closed;
        }

        bool hasWeights = Any(f => f.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase) || f.EndsWith(".bin", StringComparison.OrdinalIgnoreCase) || f.EndsWith(".pth", StringComparison.OrdinalIgnoreCase) || f.EndsWith(".index.json", StringComparison.OrdinalIgnoreCase));
        bool isBare = !hasWeights && Any(f => f.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase));
        // The parts of a model have configurations of their own (1_Pooling/config.json): without weights they are no models.
        bool isModel = Has("config.json") ? !isBare && (hasWeights || !inModel) : (Has("adapter_config.json") && hasWeights) || (Has("params.json") && Any(f => f.StartsWith("consolidated", StringComparison.Ordinal)));
        return isModel ? DirectoryKind.Model : DirectoryKind.Plain;
    }

    private static IEnumerable<CatalogItem> Items(string folder, Listing listing, DirectoryKind kind)
    {
        List<string> files = listing.Files;
        if (kind != DirectoryKind.Plain)
        {
            bool isSure = files.Exists(f => f != "config.json" && (s_modelEndings.Any(e => f.EndsWith(e, StringComparison.OrdinalIgnoreCase)) || f.EndsWith(".bin", StringComparison.OrdinalIgnoreCase) || f.EndsWith(".index.json", StringComparison.OrdinalIgnoreCase)));
            List<string> own = [.. files.Where(f => !f.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase)).Select(f => Path.Combine(folder, f))];
            yield return new CatalogItem(folder, [.. own, .. SmallFilesBelow(folder, listing)], isSure ? Shown.Always : Shown.IfClaimed);
            files = [.. files.Where(f => f.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase))];
        }

        List<CatalogItem> sets = [.. Sets(folder, files)];
        HashSet<string> taken = [.. sets.SelectMany(s => s.Files)];
        IEnumerable<CatalogItem> singles = files.Select(f => (Name: f, Path: Path.Combine(folder, f))).Where(f => !taken.Contains(f.Path))
            .Select(f => (f.Path, Shown: Single(f.Name))).Where(f => f.Shown is not null).Select(f => new CatalogItem(f.Path, [f.Path], f.Shown!.Value));
        foreach (CatalogItem item in sets.Concat(singles).OrderBy(i => i.Path, StringComparer.Ordinal))
        {
            yield return item;
        }
    }

    /// <summary>When a file that is part of no set is listed; null: never.</summary>
    private static Shown? Single(string name)
    {
        string bare = s_unfinishedEndings.FirstOrDefault(e => name.EndsWith(e, StringComparison.OrdinalIgnoreCase)) is { } end ? name[..^end.Length] : name;
        return s_modelEndings.Any(e => bare.EndsWith(e, StringComparison.OrdinalIgnoreCase)) || IndexName().IsMatch(bare) ? Shown.Always
            : bare.EndsWith(".bin", StringComparison.OrdinalIgnoreCase) ? Shown.IfRecognised
            // Stores that name files by their hash give them no ending.
            : !bare.Contains('.', StringComparison.Ordinal) ? Shown.IfClaimed
            : null;
    }

    /// <summary>The sets among a folder's files: shards by their numbers, with the index that lists them.</summary>
    private static IEnumerable<CatalogItem> Sets(string folder, List<string> files)
    {
        foreach (IGrouping<(string, string, string), string> parts in files
            .Select(f => (Name: f, Match: ShardName().Match(f))).Where(f => f.Match.Success)
            .GroupBy(f => (f.Match.Groups["prefix"].Value, f.Match.Groups["count"].Value, f.Match.Groups["ending"].Value), f => f.Name))
        {
            (string prefix, _, string ending) = parts.Key;
            string? index = files.Find(f => f == $"{prefix}.{ending}.index.json");
            List<string> names = [.. parts.Order(StringComparer.Ordinal)];
            names.AddRange(index is null ? [] : [index]);
            yield return new CatalogItem(Path.Combine(folder, index ?? names[0]), [.. names.Select(n => Path.Combine(folder, n))], Shown.Always);
        }
    }

    /// <summary>Settings that a model's directory keeps one level below (1_Pooling/config.json).</summary>
    private static IEnumerable<string> SmallFilesBelow(string folder, Listing listing) => listing.Files.Contains("modules.json")
        ? listing.Folders.Select(f => Path.Combine(folder, f.Name, "config.json")).Where(File.Exists)
        : [];

    private static bool IsInside(string link, string root)
    {
        try
        {
            string? target = new DirectoryInfo(link).ResolveLinkTarget(returnFinalTarget: true)?.FullName;
            return target is not null && target.StartsWith(Path.TrimEndingDirectorySeparator(root) + Path.DirectorySeparatorChar, StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static Listing List(string folder)
    {
        List<string> files = [];
        List<(string Name, bool IsLink)> folders = [];
        try
        {
            FileSystemEnumerable<(string Name, bool IsDirectory, bool IsLink)> entries = new(
                folder,
                (ref FileSystemEntry e) => (e.FileName.ToString(), e.IsDirectory, (e.Attributes & FileAttributes.ReparsePoint) != 0),
                new EnumerationOptions { IgnoreInaccessible = false, AttributesToSkip = 0 });
            foreach ((string name, bool isDirectory, bool isLink) in entries)
            {
                if (!isDirectory)
                {
                    files.Add(name);
                }
                else if (name[0] != '.')
                {
                    folders.Add((name, isLink));
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new Listing([], [], e);
        }

        files.Sort(StringComparer.Ordinal);
        folders.Sort((a, b) => string.CompareOrdinal(a.Name, b.Name));
        return new Listing(files, folders, null);
    }

    private sealed record Listing(List<string> Files, List<(string Name, bool IsLink)> Folders, Exception? Fault);

    [GeneratedRegex(@"^(?<prefix>.*)-\d{5}-of-(?<count>\d{5})\.(?<ending>gguf|safetensors|bin|pt|pth)$", RegexOptions.CultureInvariant)]
    private static partial Regex ShardName();

    [GeneratedRegex(@"\.(safetensors|bin)\.index(\.[^.]+)?\.json$", RegexOptions.CultureInvariant)]
    private static partial Regex IndexName();
}
