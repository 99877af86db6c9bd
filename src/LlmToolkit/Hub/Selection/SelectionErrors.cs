namespace LlmToolkit.Hub;

/// <summary>Faults of choosing files: LT6050-LT6069.</summary>
internal static class SelectionErrors
{
    /// <summary>A repository holds no weights of a known form.</summary>
    public static ModelException NoModel(HubListing listing) => new(new Diagnostic
    {
        Code = "LT6050",
        Kind = FaultKind.Unsupported,
        Category = ErrorCategory.Format,
        Message = $"{listing.Repository} at {listing.Revision} holds no model of a known format: neither safetensors, nor GGUF, nor PyTorch weights in its root.",
        Evidence = FormattableString.Invariant($"{listing.Files.Count} files: {string.Join(", ", listing.Files.Take(8).Select(f => f.Path))}"),
        Cause = "The repository is a data set, an application, a model of another framework, or keeps its models in folders.",
        Certainty = Certainty.Likely,
        Fixes = [$"Look at its files: `llmtk hub files {listing.Repository}`.", $"Name one of them: {listing.Repository}:FILE."],
        Stops = [LoadStop.Download],
    });

    /// <summary>The selector names neither a file nor a quantization.</summary>
    public static ModelException NoSuchSelector(HubListing listing, string selector, IReadOnlyList<string> known) => new(new Diagnostic
    {
        Code = "LT6051",
        Kind = FaultKind.Network,
        Category = ErrorCategory.Network,
        Message = $"{listing.Repository} has neither a file nor a quantization \"{selector}\".",
        Field = selector,
        Evidence = known.Count == 0 ? null : $"there are {string.Join(", ", known.Take(24))}",
        Cause = "The name is misspelt, or the author did not make that one.",
        Certainty = Certainty.Likely,
        Fixes = [.. known.Take(1).Select(k => $"Name one that is there: {listing.Repository}:{k}."), $"Look at its files: `llmtk hub files {listing.Repository}`."],
        Stops = [LoadStop.Download],
    });
}
