namespace LlmToolkit.Loading.Checks;

/// <summary>Layers follow one another without a hole, are as many as stated, and none lacks what all others have.</summary>
/// <remarks>Families differ by layer on purpose (experts after dense layers, hybrids, shared keys), so all but an impossible count is a warning.</remarks>
internal sealed class LayerSequence : IModelCheck
{
    /// <summary>How few tensors a layer may lack to be called damaged; one that lacks more is of another kind.</summary>
    private const int MostLacking = 3;

    /// <summary>Parts of a multimodal model that have layers of their own.</summary>
    private static readonly string[] s_otherParts = ["vision", "visual", "audio", "mtp."];

    public string Name => "layers";

    public IEnumerable<Diagnostic> Check(ModelDescription description)
    {
        if (ModelFacts.Of(description) is not { } facts)
        {
            yield break;
        }

        (string prefix, SortedDictionary<long, HashSet<string>> layers) = Stack(facts.Container.Tensors);
        long? stated = facts.Number(ConfigNames.Layers);
        if (stated > facts.Container.Tensors.Count && layers.Count > 0)
        {
            yield return CheckErrors.TooManyLayers(facts.File, facts.Find(ConfigNames.Layers)!.Value.Key, stated.Value, layers.Count);
            yield break;
        }

        if (layers.Count == 0)
        {
            yield break;
        }

        long last = layers.Keys.Last();
        long missing = Math.Max(last + 1, stated ?? 0) - layers.Count;
        if (missing > 0)
        {
            long first = 0;
            while (layers.ContainsKey(first))
            {
                first++;
            }

            yield return CheckErrors.LayersMissing(facts.File, prefix + first, missing, Math.Max(last + 1, stated ?? 0));
        }

        if (OddOne(layers) is { } odd)
        {
            yield return CheckErrors.LayerLacks(facts.File, $"{prefix}{odd.Layer}.{odd.Lacking[0]}", odd.Layer, odd.Lacking);
        }
    }

    /// <summary>The largest stack of numbered layers: what stands before the number, and the tensors of each layer by the rest of their names.</summary>
    private static (string Prefix, SortedDictionary<long, HashSet<string>> Layers) Stack(IReadOnlyList<TensorInfo> tensors)
    {
        Dictionary<string, SortedDictionary<long, HashSet<string>>> stacks = new(StringComparer.Ordinal);
        foreach (TensorInfo tensor in tensors)
        {
            if (s_otherParts.Any(p => tensor.Name.Contains(p, StringComparison.Ordinal)) || Split(tensor.Name) is not var (prefix, layer, part))
            {
                continue;
            }

            if (!stacks.TryGetValue(prefix, out SortedDictionary<long, HashSet<string>>? stack))
            {
                stacks[prefix] = stack = [];
            }

            if (!stack.TryGetValue(layer, out HashSet<string>? names))
            {
                stack[layer] = names = new HashSet<string>(StringComparer.Ordinal);
            }

            names.Add(part);
        }

        string largest = stacks.Count == 0 ? "" : stacks.MaxBy(s => s.Value.Sum(l => l.Value.Count)).Key;
        return (largest, stacks.GetValueOrDefault(largest) ?? []);
    }

    private static (string Prefix, long Layer, string Part)? Split(string name)
    {
        foreach (string word in (ReadOnlySpan<string>)["blk.", "layers.", "h.", "blocks.", "block.", "layer."])
        {
            int at = name.StartsWith(word, StringComparison.Ordinal) ? 0 : name.IndexOf("." + word, StringComparison.Ordinal) + 1;
            if (at == 0 && !name.StartsWith(word, StringComparison.Ordinal))
            {
                continue;
            }

            int number = at + word.Length;
            int dot = name.IndexOf('.', number);
            if (dot > number && long.TryParse(name.AsSpan(number, dot - number), System.Globalization.NumberStyles.None, null, out long layer) && layer < 1 << 24)
            {
                return (name[..number], layer, name[(dot + 1)..]);
            }
        }

        return null;
    }

    /// <summary>The one layer, neither the first nor the last, whose tensors are those of the most frequent kind but for a few.</summary>
    private static (long Layer, List<string> Lacking)? OddOne(SortedDictionary<long, HashSet<string>> layers)
    {
        if (layers.Count < 3)
        {
            return null;
        }

        Dictionary<string, List<long>> kinds = new(StringComparer.Ordinal);
        foreach ((long layer, HashSet<string> names) in layers)
        {
            string kind = string.Join('\n', names.Order(StringComparer.Ordinal));
            if (!kinds.TryGetValue(kind, out List<long>? same))
            {
                kinds[kind] = same = [];
            }

            same.Add(layer);
        }

        List<long> usual = kinds.Values.MaxBy(l => l.Count)!;
        List<long>[] alone = [.. kinds.Values.Where(l => l.Count == 1 && l[0] > layers.Keys.First() && l[0] < layers.Keys.Last())];
        if (alone.Length != 1 || usual.Count < 2)
        {
            return null;
        }

        HashSet<string> expected = layers[usual[0]];
        HashSet<string> found = layers[alone[0][0]];
        List<string> lacking = [.. expected.Except(found).Order(StringComparer.Ordinal)];
        return found.IsProperSubsetOf(expected) && lacking.Count <= MostLacking ? (alone[0][0], lacking) : null;
    }
}
