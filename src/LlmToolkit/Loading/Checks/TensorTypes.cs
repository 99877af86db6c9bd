namespace LlmToolkit.Loading.Checks;

/// <summary>Types are those that converters write: weights are floats or blocks, small vectors are floats.</summary>
internal sealed class TensorTypes : IModelCheck
{
    private static readonly string[] s_integers = ["I8", "I16", "I32", "I64", "U8", "U16", "U32", "U64", "BOOL"];

    private static readonly string[] s_weights = [".attn_q.weight", ".attn_k.weight", ".attn_v.weight", ".attn_qkv.weight", ".attn_output.weight", ".ffn_gate.weight", ".ffn_up.weight", ".ffn_down.weight", "_exps.weight", "_norm.weight"];

    public string Name => "types of tensors";

    public IEnumerable<Diagnostic> Check(ModelDescription description)
    {
        if (ModelFacts.Of(description) is not { } facts)
        {
            yield break;
        }

        // Checkpoints keep packed weights as integers; a GGUF has block types for that.
        if (facts.IsGguf && facts.Container.Tensors.FirstOrDefault(t => s_integers.Contains(t.DType.Name) && IsWeight(t.Name)) is { } integers)
        {
            yield return CheckErrors.IntegerWeights(facts.File, integers);
        }

        List<TensorInfo> vectors = [.. facts.Container.Tensors.Where(t => t.DType.IsBlock && t.DType != DTypes.F4 && (t.Shape.Count == 1 || t.Name.EndsWith("norm.weight", StringComparison.Ordinal) || t.Name.EndsWith(".bias", StringComparison.Ordinal)))];
        if (vectors.Count > 0)
        {
            yield return CheckErrors.QuantizedVectors(facts.File, vectors);
        }

        List<TensorInfo> doubles = [.. facts.Container.Tensors.Where(t => t.DType == DTypes.F64 && t.Shape.Count > 1)];
        if (doubles.Count > 0)
        {
            yield return CheckErrors.DoubleWeights(facts.File, doubles);
        }
    }

    private static bool IsWeight(string name) =>
        name is "token_embd.weight" or "output.weight" or "output_norm.weight" || s_weights.Any(w => name.EndsWith(w, StringComparison.Ordinal));
}
