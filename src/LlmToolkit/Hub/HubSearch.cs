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
}
