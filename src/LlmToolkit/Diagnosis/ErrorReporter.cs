using System.Reflection;
using LlmToolkit.Diagnosis;

namespace LlmToolkit;

/// <summary>Turns any exception into a diagnostic, and messages of other programs too. Never fails: what nobody knows becomes LT9000, which says how to report it.</summary>
/// <param name="explainers">Asked first, in order; the toolkit's own (<see cref="DefaultExplainers"/>) come after them. Null: only its own.</param>
public sealed class ErrorReporter(IEnumerable<IErrorExplainer>? explainers = null)
{
    /// <summary>Deepest nesting of exceptions that is looked at.</summary>
    private const int MaxDepth = 16;

    private readonly IErrorExplainer[] _explainers = [.. explainers ?? [], .. DefaultExplainers.All];

    /// <summary>Explains what was thrown.</summary>
    /// <param name="exception">Anything; wrappers such as <see cref="AggregateException"/> are taken off.</param>
    /// <param name="context">What was known when it was thrown; it makes the explanation more certain.</param>
    public Diagnostic Explain(Exception exception, LoadContext? context = null)
    {
        ArgumentNullException.ThrowIfNull(exception);
        context ??= LoadContext.Empty;
        List<Exception> layers = [.. Layers(exception)];
        if (layers.OfType<ModelException>().FirstOrDefault() is { } own)
        {
            return Complete(own.Diagnostic, context);
        }

        // Types and numbers first, of every layer; then the texts, the innermost first: it is nearest to the cause.
        Diagnostic? known = layers.Select(e => Ask(x => x.Explain(e, context))).FirstOrDefault(d => d is not null)
            ?? layers.AsEnumerable().Reverse().Select(e => Explain(e.Message, context with { Output = null })).FirstOrDefault(d => d is not null)
            ?? (context.Output is null && context.ExitCode is null ? null : Explain(context.Output ?? "", context));
        return known is null ? Complete(UnexpectedErrors.Unexpected(layers[^1], context.File), context) : Complete(known, context);
    }

    /// <summary>Explains a message alone: one that a user pasted, or the last lines of a process.</summary>
    /// <param name="message">The text of another program, of one or many lines.</param>
    /// <param name="context">What is known beside it.</param>
    /// <returns>The explanation; null when the message is not known.</returns>
    public Diagnostic? Explain(string message, LoadContext? context = null)
    {
        ArgumentNullException.ThrowIfNull(message);
        LoadContext known = context ?? LoadContext.Empty;
        Diagnostic? found = Ask(x => x.Explain(message, known));
        return found is null ? null : Complete(found, known);
    }

    private Diagnostic? Ask(Func<IErrorExplainer, Diagnostic?> question)
    {
        foreach (IErrorExplainer explainer in _explainers)
        {
            try
            {
                if (question(explainer) is { } known)
                {
                    return known;
                }
            }
#pragma warning disable CA1031 // An explainer, ours or a user's, that fails must not hide the fault it was asked about.
            catch (Exception)
#pragma warning restore CA1031
            {
            }
        }

        return null;
    }

    /// <summary>The exceptions that carry a meaning, from the outermost in.</summary>
    private static IEnumerable<Exception> Layers(Exception exception)
    {
        int depth = 0;
        for (Exception? e = exception; e is not null && depth < MaxDepth; depth++)
        {
            // A wrapper says nothing of its own. Of several faults the first one is explained: the others follow from it more often than not.
            bool wrapper = e is AggregateException or TargetInvocationException or TypeInitializationException && e.InnerException is not null;
            if (!wrapper || e.InnerException is null)
            {
                yield return e;
            }

            e = e is AggregateException many ? many.InnerExceptions.FirstOrDefault() : e.InnerException;
        }
    }

    private static Diagnostic Complete(Diagnostic diagnostic, LoadContext context) => diagnostic with
    {
        File = diagnostic.File ?? context.File,
        Stops = [.. (context.Stop is { } stop ? (IEnumerable<LoadStop>)[stop] : []).Concat(diagnostic.Stops.Count > 0 ? diagnostic.Stops : StopsOf(diagnostic.Code)).Distinct()],
    };

    /// <summary>Where a code's range is met, for diagnostics that do not say it.</summary>
    private static IReadOnlyList<LoadStop> StopsOf(string code) => code.AsSpan(2, code.Length >= 4 ? 2 : 0) switch
    {
        "10" or "11" or "12" or "13" or "14" or "15" => [LoadStop.Open],
        "20" => [LoadStop.Resolve],
        "21" => [LoadStop.Detect],
        "22" => [LoadStop.Validate],
        "30" or "31" => [LoadStop.Tokenize],
        "32" => [LoadStop.Generate],
        "41" => [LoadStop.Plan],
        "40" or "42" or "50" or "51" => [LoadStop.Plan, LoadStop.Load],
        "60" or "61" => [LoadStop.Download],
        _ => [],
    };
}
