using LlmToolkit.Engine.Model;

namespace LlmToolkit.Loading.Checks;

/// <summary>Every tensor that the architecture needs is there.</summary>
internal sealed class MissingTensors(Rehearsals rehearsals) : IModelCheck
{
    /// <summary>Endings that packed checkpoints put in the place of <c>.weight</c>.</summary>
    private static readonly string[] s_packed = [".qweight", ".weight_packed", ".weight.absmax", ".weight_scale_inv", ".weight.quant_state", "_blocks", ".SCB", ".q_weight", ".trellis"];

    public string Name => "missing tensors";

    public IEnumerable<Diagnostic> Check(ModelDescription description)
    {
        if (rehearsals.Of(description) is not { Missing.Count: > 0 } rehearsal)
        {
            yield break;
        }

        string file = description.Artifact.Path;
        string? packed = description.Tensors.Select(t => t.Name).FirstOrDefault(n => s_packed.Any(p => n.EndsWith(p, StringComparison.Ordinal)));
        yield return packed is null ? CheckErrors.Missing(file, rehearsal.Missing, rehearsal.Cut, Hint(rehearsal, description)) : CheckErrors.Packed(file, packed);
    }

    /// <summary>What the pattern of the names suggests.</summary>
    private static string Hint(Rehearsal rehearsal, ModelDescription description)
    {
        string[] first = [.. rehearsal.Missing.Select(n => n.Split('.', 3) is [_, var layer, _] && int.TryParse(layer, out _) ? layer : "").Where(l => l.Length > 0).Distinct()];
        return rehearsal.Missing.Count == 1 ? "One tensor was lost, or the architecture's label is wrong."
            : description.Files.Count > 1 ? "A shard is incomplete or of another revision."
            : first.Length == 1 && rehearsal.Missing.Count > 2 ? $"Layer {first[0]} was lost, or the number of layers is wrong."
            : "The file is incomplete, its architecture's label is wrong, or it was made for a newer program.";
    }
}
