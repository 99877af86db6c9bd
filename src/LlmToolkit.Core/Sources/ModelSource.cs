namespace LlmToolkit;

/// <summary>Where a model comes from, before anything is read.</summary>
public abstract record ModelSource
{
    private ModelSource()
    {
    }

    /// <summary>A file or a directory on this machine.</summary>
    /// <param name="FullPath">Absolute path of something that exists.</param>
    public sealed record Local(string FullPath) : ModelSource;

    /// <summary>A repository on the Hub.</summary>
    /// <param name="Id">The repository, revision and selector.</param>
    public sealed record Hub(HubModelId Id) : ModelSource;

    /// <summary>One file behind an https URL.</summary>
    /// <param name="Address">The URL.</param>
    public sealed record Url(Uri Address) : ModelSource;

    /// <summary>A running server that speaks OpenAI's protocol.</summary>
    /// <param name="Address">Its base URL, with <c>/v1</c>.</param>
    /// <param name="Model">The model's id on that server; null: its only one.</param>
    public sealed record Endpoint(Uri Address, string? Model) : ModelSource;
}
