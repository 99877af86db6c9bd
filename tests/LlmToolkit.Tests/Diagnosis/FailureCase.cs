using LlmToolkit.Tests.Loading;

namespace LlmToolkit.Tests.Diagnosis;

/// <summary>A failure that users meet in the field, made anew, and what we must say.</summary>
/// <param name="Id">Letter and number of the failure in the catalogue of the field.</param>
/// <param name="Case">What is broken, in a few words.</param>
/// <param name="Elsewhere">What other programs say.</param>
/// <param name="Code">The code that we must give.</param>
/// <param name="Fix">A phrase of the first fix.</param>
internal sealed record FailureCase(string Id, string Case, string Elsewhere, string Code, string Fix)
{
    /// <summary>Makes the broken file or folder and gives its path; null: the case is a message alone.</summary>
    public Func<TemporaryFolder, string>? Make { get; init; }

    /// <summary>What is done with it, if that is not to validate it.</summary>
    public Func<string, CancellationToken, Task<Diagnostic?>>? Do { get; init; }

    /// <summary>What is known beside the message.</summary>
    public LoadContext? Context { get; init; }

    /// <summary>A phrase that the message, evidence or cause must hold; null: any.</summary>
    public string? Says { get; init; }

    /// <summary>The finding is a warning or a verdict of another kind than refusal: the model may load all the same.</summary>
    public bool MayLoad { get; init; }

    public override string ToString() => $"{Id} {Case}";
}
