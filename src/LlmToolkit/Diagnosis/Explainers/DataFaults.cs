using System.Text;
using System.Text.Json;

namespace LlmToolkit.Diagnosis.Explainers;

/// <summary>Data that a parser of the framework refused.</summary>
internal sealed class DataFaults : IErrorExplainer
{
    /// <inheritdoc/>
    public Diagnostic? Explain(Exception exception, LoadContext context) => exception switch
    {
        JsonException => ErrorCatalog.Known("LT1521").ToDiagnostic($"{Name(context)} is not valid JSON: {exception.Message}", Certainty.Likely) with { Evidence = exception.Message },
        InvalidDataException or DecoderFallbackException => UnexpectedErrors.BadData(exception.Message, context.File),
        _ => null,
    };

    private static string Name(LoadContext context) => context.File is string file ? Path.GetFileName(file) : "The text";
}
