namespace LlmToolkit.Formats.PyTorch;

/// <summary>Finds the state dict among the tensors of a checkpoint, and the prefix that its wrappers put before every name.</summary>
internal static class PyTorchWeights
{
    private const int MaxNests = 4;

    /// <summary>The prefix of the weights' names: empty for a flat state dict, <c>state_dict.</c> … for a nested one.</summary>
    public static string Prefix(IReadOnlyList<PyTorchTensor> tensors, object? root)
    {
        string prefix = "";
        for (int i = 0; i < MaxNests && root is Pickle.PickleDict dict; i++)
        {
            if (dict.Items.Any(item => item.Value is Pickle.PickleTensor))
            {
                break;
            }

            string? nest = PyTorchConstants.Nests.FirstOrDefault(n => dict.TryGet(n, out object? inner) && inner is Pickle.PickleDict && HasName(tensors, $"{prefix}{n}."));
            if (nest is null)
            {
                break;
            }

            prefix += nest + ".";
            dict.TryGet(nest, out root);
        }

        return prefix;
    }

    /// <summary>The part of a name that a wrapper added, when it stands before every one of them; else empty.</summary>
    public static string Wrapper(IReadOnlyList<string> names)
    {
        string wrapper = "";
        string? next;
        do
        {
            next = PyTorchConstants.WrapperPrefixes.FirstOrDefault(p => names.Count > 0 && names.All(n => n.AsSpan(wrapper.Length).StartsWith(p, StringComparison.Ordinal)));
            wrapper += next;
        }
        while (next is not null);

        // Lightning's module often holds the model in a field "model": model.model.layers…, model.lm_head.
        bool isDoubled = names.Count > 0 && names.All(n => n.AsSpan(wrapper.Length).StartsWith("model.", StringComparison.Ordinal))
            && names.Any(n => n.AsSpan(wrapper.Length).StartsWith("model.model.", StringComparison.Ordinal) || n.AsSpan(wrapper.Length).StartsWith("model.transformer.", StringComparison.Ordinal));
        return isDoubled ? wrapper + "model." : wrapper;
    }

    private static bool HasName(IReadOnlyList<PyTorchTensor> tensors, string prefix) => tensors.Any(t => t.Info.Name.StartsWith(prefix, StringComparison.Ordinal));
}
