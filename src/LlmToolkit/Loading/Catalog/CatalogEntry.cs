namespace LlmToolkit;

/// <summary>A model that lies in a folder: one file, one set of files, or one directory.</summary>
public sealed record CatalogEntry
{
    /// <summary>What to name to open it: the file, the index or first part of a set, or the directory.</summary>
    public required string Path { get; init; }

    /// <summary>Name of its format; <c>unknown</c> for what is no model, or cannot be read.</summary>
    public required string Format { get; init; }

    /// <summary>How sure the format is, 0 to 1.</summary>
    public double Score { get; init; }

    /// <summary>What was seen.</summary>
    public required string Reason { get; init; }

    /// <summary>For what is recognised but is no model: its name; else null.</summary>
    public string? Recognised { get; init; }

    /// <summary>The facts that could be had; null: none.</summary>
    public ModelInfo? Info { get; init; }

    /// <summary>The verdict and what was found; values are not read.</summary>
    public required ValidationReport Report { get; init; }

    /// <summary>Bytes of the files that make it up.</summary>
    public long Bytes { get; init; }

    /// <summary>True when it was known from an earlier look and no file was read.</summary>
    public bool FromCache { get; init; }
}
