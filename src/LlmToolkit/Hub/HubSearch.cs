namespace LlmToolkit.Hub;

/// <summary>The order of a search's results, the most first.</summary>
public enum HubSort
{
    /// <summary>What is liked and fetched much of late; the Hub's own order.</summary>
    Trending,

    /// <summary>Downloads of the last 30 days.</summary>
    Downloads,

    /// <summary>Likes.</summary>
    Likes,

    /// <summary>The newest repositories.</summary>
    Created,

    /// <summary>The latest commits.</summary>
    Modified,
}

/// <summary>What to look for on the Hub. Everything is optional; all of it must hold.</summary>
public sealed record HubSearch
{
    /// <summary>What the repositories hold. Default: models.</summary>
    public HubRepositoryKind Kind { get; init; }

    /// <summary>Words of the name.</summary>
    public string? Text { get; init; }

    /// <summary>The owner.</summary>
    public string? Author { get; init; }

    /// <summary>Tags that must all be there: a library, a language, a format such as <c>gguf</c>.</summary>
    public IReadOnlyList<string> Filters { get; init; } = [];

    /// <summary>The task, such as <c>text-generation</c>.</summary>
    public string? PipelineTag { get; init; }

    /// <summary>True: only those with a gate; false: only those without. Null: both.</summary>
    public bool? Gated { get; init; }

    /// <summary>Fewest parameters, as the Hub writes it: <c>500M</c>, <c>6B</c>.</summary>
    public string? MinParameters { get; init; }

    /// <summary>Most parameters, as the Hub writes it: <c>8B</c>.</summary>
    public string? MaxParameters { get; init; }

    /// <summary>The order. Null: the Hub's own.</summary>
    public HubSort? Sort { get; init; }

    /// <summary>Most results; 1 or more. Default: 20.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1.</exception>
    public int Limit
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1, nameof(Limit));
            field = value;
        }
    } = 20;

    /// <summary>Largest page that is asked for: what a person looks at comes in one.</summary>
    private const int PageSize = 100;

    /// <summary>What is told of each; all of it would be some KiB a repository.</summary>
    private static readonly string[] s_facts = ["author", "createdAt", "downloads", "gated", "gguf", "lastModified", "library_name", "likes", "pipeline_tag", "private", "safetensors", "tags"];

    /// <summary>The query of the Hub's list.</summary>
    internal string Query()
    {
        List<string> parts = [];
        void Add(string name, string? value)
        {
            if (!string.IsNullOrEmpty(value))
            {
                parts.Add($"{name}={Uri.EscapeDataString(value)}");
            }
        }

        Add("search", Text);
        Add("author", Author);
        foreach (string filter in Filters)
        {
            Add("filter", filter);
        }

        Add("pipeline_tag", PipelineTag);
        Add("gated", Gated is { } gated ? (gated ? "true" : "false") : null);
        string parameters = string.Join(',', (string?[])[MinParameters is null ? null : "min:" + MinParameters, MaxParameters is null ? null : "max:" + MaxParameters]).Trim(',');
        Add("num_parameters", parameters);
        Add("sort", Sort switch
        {
            HubSort.Trending => "trendingScore",
            HubSort.Downloads => "downloads",
            HubSort.Likes => "likes",
            HubSort.Created => "createdAt",
            HubSort.Modified => "lastModified",
            _ => null,
        });
        Add("limit", Math.Min(Limit, PageSize).ToString(System.Globalization.CultureInfo.InvariantCulture));
        foreach (string fact in Kind == HubRepositoryKind.Model ? s_facts : s_facts.Except(["gguf", "library_name", "pipeline_tag", "safetensors"], StringComparer.Ordinal))
        {
            Add("expand", fact);
        }

        return string.Join('&', parts);
    }
}
