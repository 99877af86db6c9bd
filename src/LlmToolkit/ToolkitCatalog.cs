using LlmToolkit.Engine;

namespace LlmToolkit;

/// <summary>A row of a list: facts by name, <c>name</c> among them.</summary>
/// <param name="Facts">The facts, in the order of columns.</param>
public sealed record CatalogRow(IReadOnlyDictionary<string, string?> Facts);

/// <summary>What the toolkit can do, as rows: the command line and the documentation print the same.</summary>
public static class ToolkitCatalog
{
    /// <summary>The architectures of the managed engine.</summary>
    public static IEnumerable<CatalogRow> Architectures => DefaultArchitectures.All.Select(a => Row(
        ("name", a.GgufNames.Concat(a.HuggingFaceNames).First()),
        ("gguf", string.Join(", ", a.GgufNames)),
        ("huggingface", string.Join(", ", a.HuggingFaceNames)),
        ("kind", a.IsEncoder ? "encoder" : "decoder")));

    /// <summary>The weight types of the managed engine.</summary>
    public static IEnumerable<CatalogRow> Quantizations => DefaultQuants.All.Select(q => Row(
        ("name", q.DType.Name),
        ("bits_per_weight", FormattableString.Invariant($"{8.0 * q.DType.BlockBytes / q.DType.BlockLength:0.####}")),
        ("block", FormattableString.Invariant($"{q.DType.BlockLength}")),
        ("bytes", FormattableString.Invariant($"{q.DType.BlockBytes}"))));

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
            ("usable", x.Status.Usable ? "yes" : "no"),
            ("variant", x.Status.Variant),
            ("reason", x.Status.Reason)));
    }

    private static CatalogRow Row(params (string Name, string? Value)[] facts) => new(new OrderedDictionary<string, string?>(facts.Select(f => KeyValuePair.Create(f.Name, f.Value))));
}
