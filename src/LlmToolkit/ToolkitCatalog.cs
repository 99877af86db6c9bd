using LlmToolkit.Engine;

namespace LlmToolkit;

/// <summary>A row of a list: facts by name, <c>name</c> among them.</summary>
/// <param name="Facts">The facts, in the order of columns: texts, numbers, truths, or lists of texts.</param>
public sealed record CatalogRow(IReadOnlyDictionary<string, object?> Facts)
{
    /// <summary>A fact as people read it; empty where it is absent.</summary>
    public string Text(string name) => Facts.GetValueOrDefault(name) switch
    {
        null => "",
        bool truth => truth ? "yes" : "no",
        IReadOnlyList<string> list => string.Join(", ", list),
        object value => FormattableString.Invariant($"{value:0.####}"),
    };
}

/// <summary>What the toolkit can do, as rows: the command line and the documentation print the same.</summary>
public static class ToolkitCatalog
{
    /// <summary>The architectures of the managed engine.</summary>
    public static IEnumerable<CatalogRow> Architectures => DefaultArchitectures.All.Select(a => Row(
        ("name", a.GgufNames.Concat(a.HuggingFaceNames).First()),
        ("gguf", a.GgufNames.ToArray()),
        ("huggingface", a.HuggingFaceNames.ToArray()),
        ("kind", a.IsEncoder ? "encoder" : "decoder")));

    /// <summary>The weight types of the managed engine.</summary>
    public static IEnumerable<CatalogRow> Quantizations => DefaultQuants.All.Select(q => Row(
        ("name", q.DType.Name),
        ("bits_per_weight", 8.0 * q.DType.BlockBytes / q.DType.BlockLength),
        ("block", q.DType.BlockLength),
        ("bytes", q.DType.BlockBytes)));

    /// <summary>The formats of a registry.</summary>
    public static IEnumerable<CatalogRow> Formats(ToolkitRegistry registry)
    {
        ArgumentNullException.ThrowIfNull(registry);
        return registry.Formats.Select(f => Row(("name", f.Name), ("summary", f.Summary)));
    }

    /// <summary>The backends of a registry and whether they work on this machine.</summary>
    public static IEnumerable<CatalogRow> Backends(ToolkitRegistry registry)
    {
        ArgumentNullException.ThrowIfNull(registry);
        return registry.Backends.Select(b => (Backend: b, Status: b.Diagnose())).Select(x => Row(
            ("name", x.Backend.Name),
            ("usable", x.Status.Usable),
            ("variant", x.Status.Variant),
            ("reason", x.Status.Reason)));
    }

    private static CatalogRow Row(params (string Name, object? Value)[] facts) => new(new OrderedDictionary<string, object?>(facts.Select(f => KeyValuePair.Create(f.Name, f.Value))));
}
