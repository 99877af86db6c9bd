using System.Text.Json.Serialization;

namespace LlmToolkit.Loading.Catalog;

/// <summary>An entry as it is kept.</summary>
/// <param name="Toolkit">What made it: see <see cref="MetadataCache"/>.</param>
/// <param name="Path">The entry's path: two may share a file name in the cache, by chance or by intent.</param>
/// <param name="Stamp">The state of every file that it was made from.</param>
/// <param name="Entry">The entry.</param>
internal sealed record CachedEntry(string Toolkit, string Path, string Stamp, CatalogEntry? Entry);

[JsonSourceGenerationOptions(IgnoreReadOnlyProperties = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(CachedEntry))]
internal sealed partial class CatalogJson : JsonSerializerContext;
