namespace LlmToolkit.Loading.Checks;

/// <summary>Tensors have the shapes and types that the architecture and the settings ask for.</summary>
internal sealed class TensorShapes(Rehearsals rehearsals) : IModelCheck
{
    /// <summary>Findings given; the last says how many more there are.</summary>
    private const int Most = 5;

    public string Name => "shapes";

    public IEnumerable<Diagnostic> Check(ModelDescription description)
    {
        if (rehearsals.Of(description) is not { } rehearsal)
        {
            yield break;
        }

        for (int i = 0; i < Math.Min(Most, rehearsal.Unfit.Count); i++)
        {
            Diagnostic fault = rehearsal.Unfit[i];
            yield return i == Most - 1 && rehearsal.Unfit.Count > Most
                ? fault with { Message = $"{fault.Message} {rehearsal.Unfit.Count - Most} more tensors are unfit{(rehearsal.Cut ? ", and the search was ended" : "")}." }
                : fault;
        }
    }
}
