using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;

namespace LlmToolkit.Testing;

/// <summary>Who may read the files of a repository.</summary>
public enum FakeGate
{
    /// <summary>Everyone.</summary>
    None,

    /// <summary>Users who accepted the terms: let in at once.</summary>
    Auto,

    /// <summary>Users whom the author let in.</summary>
    Manual,
}

/// <summary>A repository of a <see cref="FakeHub"/>. Every change is a new commit; old ones stay readable.</summary>
public sealed class FakeRepository
{
    private readonly ConcurrentDictionary<string, IReadOnlyDictionary<string, FakeFile>> _commits = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, string> _refs = new(StringComparer.Ordinal);
    private readonly HashSet<string> _tags = [];

    internal FakeRepository(string id, IReadOnlyDictionary<string, FakeFile> files)
    {
        Id = id;
        Commit = Add(files);
    }

    /// <summary><c>owner/name</c>, or <c>name</c>.</summary>
    public string Id { get; }

    /// <summary>The commit that <c>main</c> stands for: 40 hexadecimal digits.</summary>
    public string Commit { get; private set; }

    /// <summary>True: shown only to users who may see it. Default: false.</summary>
    public bool IsPrivate { get; set; }

    /// <summary>Who may read its files. Default: everyone.</summary>
    public FakeGate Gate { get; set; }

    /// <summary>True: taken down. Default: false.</summary>
    public bool IsDisabled { get; set; }

    /// <summary>Its new name, to which requests are redirected; null: it has this one.</summary>
    public string? RenamedTo { get; set; }

    /// <summary>Names of the users who may see it, where it is private or gated.</summary>
    public ISet<string> Readers { get; } = new HashSet<string>(StringComparer.Ordinal);

    /// <summary>Files of at least this many bytes, and weights of any size, are large files: they have a SHA-256 and come from the data server. Default: 10 MiB.</summary>
    public long LargeFileThreshold { get; set; } = 10 << 20;

    /// <summary>True: large files tell a hash of the chunk store too. Default: false.</summary>
    public bool HasChunks { get; set; }

    /// <summary>False: the info of a revision does not tell sizes and hashes, so that clients read the tree. Default: true.</summary>
    public bool TellsBlobs { get; set; } = true;

    /// <summary>Tags, such as <c>gguf</c>.</summary>
    public IList<string> Tags { get; } = ["text-generation"];

    internal IEnumerable<KeyValuePair<string, string>> Branches => _refs.Where(r => !_tags.Contains(r.Key));

    internal IEnumerable<KeyValuePair<string, string>> TaggedCommits => _refs.Where(r => _tags.Contains(r.Key));

    /// <summary>Changes files: a new commit on <c>main</c>.</summary>
    /// <param name="files">Paths and contents; a null content removes the file.</param>
    /// <returns>The new commit.</returns>
    public string Update(IReadOnlyDictionary<string, byte[]?> files)
    {
        ArgumentNullException.ThrowIfNull(files);
        Dictionary<string, FakeFile> all = new(_commits[Commit], StringComparer.Ordinal);
        foreach ((string path, byte[]? bytes) in files)
        {
            if (bytes is null)
            {
                all.Remove(path);
            }
            else
            {
                all[path] = new FakeFile(bytes);
            }
        }

        return Commit = Add(all);
    }

    /// <summary>Names a commit.</summary>
    /// <param name="name">The tag, such as <c>v1.0</c>.</param>
    /// <param name="commit">The commit. Null: that of <c>main</c>.</param>
    public void Tag(string name, string? commit = null)
    {
        _tags.Add(name);
        _refs[name] = commit ?? Commit;
    }

    /// <summary>Makes or moves a branch.</summary>
    /// <param name="name">The branch; it may hold <c>/</c>.</param>
    /// <param name="commit">The commit. Null: that of <c>main</c>.</param>
    public void Branch(string name, string? commit = null) => _refs[name] = commit ?? Commit;

    internal string? CommitOf(string revision) => revision == "main" ? Commit : _refs.GetValueOrDefault(revision) ?? (_commits.ContainsKey(revision) ? revision : null);

    internal IReadOnlyDictionary<string, FakeFile> Files(string commit) => _commits[commit];

    internal bool IsLarge(string path, FakeFile file) => file.Length >= LargeFileThreshold || Path.GetExtension(path) is ".safetensors" or ".gguf" or ".bin" or ".pt" or ".pth" or ".onnx";

    internal string Etag(string path, FakeFile file) => IsLarge(path, file) ? file.Sha256 : file.GitHash;

    private string Add(IReadOnlyDictionary<string, FakeFile> files)
    {
        // Of names and sizes, so that serving a folder reads nothing of it; the number keeps two commits apart.
        string text = $"{Id} {_commits.Count} {string.Join('\n', files.OrderBy(f => f.Key, StringComparer.Ordinal).Select(f => $"{f.Key} {f.Value.Length}"))}";
        string commit = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 20));
        _commits[commit] = files;
        return commit;
    }
}
