using System.Reflection;
using System.Text.RegularExpressions;
using LlmToolkit.Diagnosis;

namespace LlmToolkit.House.Tests.Diagnostics;

/// <summary>Every code of the sources: the factories of all *Errors classes are called, the verdicts of backends are read from their text.</summary>
internal static partial class ErrorFactories
{
    private const int MostCauses = 4;
    private const int MostFixes = 6;

    private const string Because = "because ";

    private static readonly ILookup<string, string> s_notes = Source.Read("tests/LlmToolkit.House.Tests/Diagnostics/titles.txt").Split('\n', StringSplitOptions.RemoveEmptyEntries)
        .Where(l => !l.StartsWith('#')).Select(l => l.Split(' ', 2)).ToLookup(p => p[0], p => p[1], StringComparer.Ordinal);

    /// <summary>The catalogue as the sources say it, by code; and what is wrong with them.</summary>
    public static (SortedDictionary<string, ErrorEntry> Entries, List<string> Faults) Read(ErrorSamples samples)
    {
        SortedDictionary<string, ErrorEntry> entries = new(StringComparer.Ordinal);
        Dictionary<string, string> owners = [];
        List<string> faults = [];
        foreach (MethodInfo method in Methods())
        {
            List<Diagnostic> found = [];
            foreach (object?[] call in samples.Calls(method))
            {
                try
                {
                    if (ErrorSamples.Call(method, call) is { } made)
                    {
                        found.Add(made as Diagnostic ?? (made as ModelException)?.Diagnostic ?? Of((BackendReason)made));
                    }
                }
                catch (Exception e) when (e is TargetInvocationException or InvalidOperationException)
                {
                    // A factory that was called once well need not take every null. One that was never called well is told below.
                }
            }

            if (found.Count == 0)
            {
                faults.Add($"{method.DeclaringType!.Name}.{method.Name} could not be called: teach ErrorSamples its parameters ({string.Join(", ", method.GetParameters().Select(p => $"{p.ParameterType.Name} {p.Name}"))})");
                continue;
            }

            string owner = $"{method.DeclaringType!.Name}.{method.Name}";
            foreach (IGrouping<string, Diagnostic> code in found.GroupBy(d => d.Code))
            {
                // A factory that passes on another's diagnostic does not own the code.
                if (code.Key != found[0].Code)
                {
                    continue;
                }

                if (!owners.TryAdd(code.Key, owner))
                {
                    faults.Add($"{code.Key} is made by {owner} and by {owners[code.Key]}");
                    continue;
                }

                entries[code.Key] = Entry(method, [.. code]);
            }
        }

        foreach ((string file, string code, string message, string? remedy, FaultKind? kind) in Reasons())
        {
            entries.TryAdd(code, new ErrorEntry
            {
                Code = code,
                Title = Noted(code) ?? Sentence(message.Split(';', ',')[0]).TrimEnd('.'),
                Area = Area(Path.GetFileNameWithoutExtension(file)),
                Category = kind == FaultKind.DoesNotFit ? ErrorCategory.Memory : ErrorCategory.Backend,
                Severity = kind is null ? Severity.Low : Severity.High,
                Kind = kind ?? FaultKind.Unsupported,
                Causes = [.. s_notes[code].Where(n => n.StartsWith(Because, StringComparison.Ordinal)).Select(n => n[Because.Length..])],
                Fixes = remedy is null ? ["Nothing needs to be done."] : [remedy],
                Example = message,
            });
        }

        faults.AddRange(s_notes.Select(n => n.Key).Where(c => !entries.ContainsKey(c)).Select(c => $"titles.txt: there is no {c}"));
        return (entries, faults);
    }

    private static IEnumerable<MethodInfo> Methods() =>
        from assembly in (Assembly[])[typeof(ModelInfo).Assembly, typeof(Formats.DefaultFormats).Assembly, typeof(Text.Tokenizer).Assembly, typeof(Engine.DefaultArchitectures).Assembly, typeof(ModelLoader).Assembly, typeof(Server.LlmServer).Assembly, Assembly.Load("llmtk")]
        from type in assembly.GetTypes().Where(t => t.Name.EndsWith("Errors", StringComparison.Ordinal)).OrderBy(t => t.FullName, StringComparer.Ordinal)
        from method in type.GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
        where !method.IsPrivate && (method.ReturnType == typeof(Diagnostic) || method.ReturnType == typeof(ModelException) || method.ReturnType == typeof(BackendReason))
        // Those that change a diagnostic make none.
        where method.GetParameters().All(p => p.ParameterType != typeof(ModelException) && p.ParameterType != typeof(Diagnostic) && p.ParameterType.Name != "ParseResult")
        select method;

    private static ErrorEntry Entry(MethodInfo method, IReadOnlyList<Diagnostic> found)
    {
        Diagnostic first = found[0];
        return new ErrorEntry
        {
            Code = first.Code,
            Title = Noted(first.Code) ?? Title(method),
            Area = Area(method.DeclaringType!.Name),
            Category = first.Category,
            Severity = first.Severity,
            Kind = first.Kind,
            Causes = Distinct(found.Select(d => d.Cause).OfType<string>(), MostCauses),
            Certainty = first.Certainty,
            Evidence = first.Evidence,
            Fixes = Distinct(found.SelectMany(d => d.Fixes), MostFixes),
            Example = first.Message,
        };
    }

    private static Diagnostic Of(BackendReason reason) => new()
    {
        Code = reason.Code,
        Message = reason.Message,
        Kind = reason.Kind ?? FaultKind.Unsupported,
        Category = reason.Kind == FaultKind.DoesNotFit ? ErrorCategory.Memory : ErrorCategory.Backend,
        Severity = reason.Kind is null ? Severity.Low : Severity.High,
        Fixes = reason.Remedy is null ? ["Nothing needs to be done."] : [reason.Remedy],
    };

    private static string? Noted(string code) => s_notes[code].FirstOrDefault(n => !n.StartsWith(Because, StringComparison.Ordinal));

    /// <summary>The first sentence of the factory's comment; without one, its name in words.</summary>
    private static string Title(MethodInfo method)
    {
        string file = Source.Files("src", $"{method.DeclaringType!.Name}.cs").First();
        Match comment = Regex.Match(Source.Read(file), $@"/// <summary>(?<text>[^\n<]{{1,90}}?)\.?</summary>\n(?:\s*///[^\n]*\n|\s*\[[^\n]*\]\n)*\s*(?:public|internal) static \S+ {method.Name}\(");
        return comment.Success ? comment.Groups["text"].Value : Sentence(NewWord().Replace(method.Name, m => m.Value[0] + " " + char.ToLowerInvariant(m.Value[1])));
    }

    private static string Area(string type) => type.EndsWith("Errors", StringComparison.Ordinal) ? type[..^"Errors".Length] : type;

    private static string Sentence(string text) => char.ToUpperInvariant(text[0]) + text[1..];

    /// <summary>Texts that differ by more than their numbers and quoted names.</summary>
    private static List<string> Distinct(IEnumerable<string> texts, int most) => [.. texts.DistinctBy(t => Varying().Replace(t, "#")).Take(most)];

    private static IEnumerable<(string File, string Code, string Message, string? Remedy, FaultKind? Kind)> Reasons() =>
        from file in Source.Files("src", ".cs")
        where !file.EndsWith("Errors.cs", StringComparison.Ordinal)
        from Match reason in Reason().Matches(Source.Read(file))
        select (file, reason.Groups["code"].Value, Hole().Replace(reason.Groups["message"].Value, "…"), reason.Groups["remedy"].Success ? Hole().Replace(reason.Groups["remedy"].Value, "…") : null,
            reason.Groups["kind"].Success ? Enum.Parse<FaultKind>(reason.Groups["kind"].Value) : (FaultKind?)null);

    [GeneratedRegex(@"new BackendReason\(""(?<code>LT\d{4})"",\s*\$?""(?<message>(?:[^""\\]|\\.|\{[^}]*\})*)""(?:,\s*(?:null|[A-Z]\w*\([^)]*\)|\$?""(?<remedy>(?:[^""\\]|\\.)*)"")(?:,\s*FaultKind\.(?<kind>\w+))?)?\)")]
    private static partial Regex Reason();

    [GeneratedRegex(@"\{[^{}]*\}")]
    private static partial Regex Hole();

    [GeneratedRegex(@"\d+|""[^""]*""|'[^']*'")]
    private static partial Regex Varying();

    [GeneratedRegex("[a-z0-9][A-Z]")]
    private static partial Regex NewWord();
}
