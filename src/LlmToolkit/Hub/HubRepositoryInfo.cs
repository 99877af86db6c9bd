namespace LlmToolkit.Hub;

/// <summary>What the Hub tells about a repository. All but the name may be missing.</summary>
public sealed record HubRepositoryInfo
{
    /// <summary><c>owner/name</c> as the Hub writes it: of a renamed repository the new one.</summary>
    public required string Id { get; init; }

    /// <summary>The owner.</summary>
    public string? Author { get; init; }

    /// <summary>The commit of the revision asked for, 40 lower-case hexadecimal digits.</summary>
    public string? Sha { get; init; }

    /// <summary>Time of the last commit.</summary>
    public DateTimeOffset? LastModified { get; init; }

    /// <summary>Time of the first commit.</summary>
    public DateTimeOffset? CreatedAt { get; init; }

    /// <summary>True when only its owner's people see it.</summary>
    public bool? Private { get; init; }

    /// <summary><c>auto</c> or <c>manual</c> when files may be read only after the author's terms were accepted; null: no gate.</summary>
    public string? Gated { get; init; }

    /// <summary>True when the Hub has taken it down.</summary>
    public bool? Disabled { get; init; }

    /// <summary>Downloads of the last 30 days.</summary>
    public long? Downloads { get; init; }

    /// <summary>Likes.</summary>
    public long? Likes { get; init; }

    /// <summary>Tags: libraries, languages, licences and others.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>The task, such as <c>text-generation</c>.</summary>
    public string? PipelineTag { get; init; }

    /// <summary>The library it is made for, such as <c>transformers</c>.</summary>
    public string? LibraryName { get; init; }

    /// <summary>The licence's short name, from its card or tags.</summary>
    public string? License { get; init; }

    /// <summary>Parameters in all, from its safetensors or GGUF files.</summary>
    public long? ParameterCount { get; init; }

    /// <summary>Architecture of its GGUF files.</summary>
    public string? GgufArchitecture { get; init; }

    /// <summary>Context length of its GGUF files, in tokens.</summary>
    public long? GgufContextLength { get; init; }

    /// <summary>Bytes of all its revisions.</summary>
    public long? UsedStorage { get; init; }

    /// <summary>Its files with sizes and hashes, where the Hub told them; null in the answers of a search.</summary>
    public HubListing? Listing { get; init; }
}

/// <summary>The names that a repository gives to its commits.</summary>
public sealed record HubRefs
{
    /// <summary>Branches; <c>main</c> is among them.</summary>
    public IReadOnlyList<HubRef> Branches { get; init; } = [];

    /// <summary>Tags.</summary>
    public IReadOnlyList<HubRef> Tags { get; init; } = [];

    /// <summary>Conversions the Hub made, such as <c>refs/convert/parquet</c>.</summary>
    public IReadOnlyList<HubRef> Converts { get; init; } = [];
}

/// <summary>A name of a commit.</summary>
/// <param name="Name">As a user writes it: <c>main</c>, <c>v1.0</c>.</param>
/// <param name="Ref">In full: <c>refs/heads/main</c>.</param>
/// <param name="TargetCommit">The commit, 40 lower-case hexadecimal digits.</param>
public sealed record HubRef(string Name, string Ref, string TargetCommit);

/// <summary>Whose token it is.</summary>
public sealed record HubIdentity
{
    /// <summary>The account's name.</summary>
    public required string Name { get; init; }

    /// <summary><c>user</c> or <c>org</c>.</summary>
    public string? Type { get; init; }

    /// <summary>The name its owner shows.</summary>
    public string? FullName { get; init; }

    /// <summary>The address the account is registered with, where the token may see it.</summary>
    public string? Email { get; init; }

    /// <summary>Names of the organisations the account belongs to.</summary>
    public IReadOnlyList<string> Organizations { get; init; } = [];

    /// <summary>The name its owner gave to the token.</summary>
    public string? TokenName { get; init; }

    /// <summary>What the token may do: <c>read</c>, <c>write</c>, <c>fineGrained</c>.</summary>
    public string? TokenRole { get; init; }
}
