using System.Diagnostics.CodeAnalysis;

namespace LlmToolkit.Hub;

/// <summary>What a repository of the Hub holds.</summary>
public enum HubRepositoryKind
{
    /// <summary>A model: no prefix in addresses.</summary>
    Model,

    /// <summary>A data set: <c>datasets/</c> in addresses.</summary>
    Dataset,

    /// <summary>A demo: <c>spaces/</c> in addresses.</summary>
    Space,
}

/// <summary>A repository on the Hub.</summary>
/// <param name="Id"><c>owner/name</c>, or <c>name</c> alone for the oldest ones.</param>
/// <param name="Kind">What it holds. Default: a model.</param>
/// <exception cref="ArgumentException"><paramref name="Id"/> cannot be a repository's name (see <see cref="HubModelId"/>).</exception>
public sealed record HubRepository(string Id, HubRepositoryKind Kind = HubRepositoryKind.Model)
{
    /// <summary>Stands for <c>/</c> in the cache's folder names; no name holds it.</summary>
    private const string Separator = "--";

    /// <summary><c>owner/name</c>, or <c>name</c> alone.</summary>
    /// <exception cref="ArgumentException">The text cannot be a repository's name.</exception>
    public string Id { get; init => field = Valid(value); } = Valid(Id);

    /// <summary>The folder in the cache: <c>models--owner--name</c>.</summary>
    public string FolderName => Plural(Kind) + Separator + Id.Replace("/", Separator, StringComparison.Ordinal);

    /// <summary>What follows <c>/api/</c> in an address: <c>models/owner/name</c>.</summary>
    public string ApiPath => Plural(Kind) + "/" + Id;

    /// <summary>What follows the host in an address: <c>owner/name</c>, <c>datasets/owner/name</c>.</summary>
    public string UrlPath => Kind == HubRepositoryKind.Model ? Id : ApiPath;

    /// <inheritdoc/>
    public override string ToString() => UrlPath;

    /// <summary>Reads a name of the cache's folders; false for any other folder.</summary>
    public static bool TryParseFolder(string? folderName, [NotNullWhen(true)] out HubRepository? repository)
    {
        repository = null;
        foreach (HubRepositoryKind kind in Enum.GetValues<HubRepositoryKind>())
        {
            string prefix = Plural(kind) + Separator;
            if (folderName is not null && folderName.StartsWith(prefix, StringComparison.Ordinal))
            {
                string id = folderName[prefix.Length..].Replace(Separator, "/", StringComparison.Ordinal);
                // A slash in it would be read as one that was replaced.
                if (IsValid(id) && new HubRepository(id, kind) is var parsed && parsed.FolderName == folderName)
                {
                    repository = parsed;
                }

                return repository is not null;
            }
        }

        return false;
    }

    internal static string Plural(HubRepositoryKind kind) => kind switch
    {
        HubRepositoryKind.Model => "models",
        HubRepositoryKind.Dataset => "datasets",
        HubRepositoryKind.Space => "spaces",
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    private static bool IsValid(string? id) =>
        HubModelId.TryParse(id, out HubModelId? parsed) && parsed.Repository == id;

    private static string Valid(string id) => IsValid(id)
        ? id
        : throw new ArgumentException($"\"{id}\" cannot be a repository's name: expected owner/name of letters, digits, '.', '-' and '_'.", nameof(id));
}
