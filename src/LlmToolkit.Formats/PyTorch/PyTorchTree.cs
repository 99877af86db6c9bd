using LlmToolkit.Formats.PyTorch.Pickle;

namespace LlmToolkit.Formats.PyTorch;

/// <summary>Walks over what a pickle built. It is a graph: the same dict may hang in many places, or in itself, so every walk is bounded and none recurses.</summary>
internal static class PyTorchTree
{
    /// <summary>Deepest nesting that is followed.</summary>
    public const int MaxDepth = 1000;

    /// <summary>A path of keys, from the leaf up.</summary>
    /// <param name="Parent">The path of the container; null at the root.</param>
    /// <param name="Part">The key in it.</param>
    public sealed record KeyPath(KeyPath? Parent, string Part)
    {
        /// <summary>The keys from the root on, joined by dots.</summary>
        public static string Join(KeyPath? path)
        {
            List<string> parts = [];
            for (; path is not null; path = path.Parent)
            {
                parts.Add(path.Part);
            }

            parts.Reverse();
            return string.Join('.', parts);
        }
    }

    /// <summary>Visits every value that is no container, in order.</summary>
    /// <param name="root">Where to begin.</param>
    /// <param name="enter">Says whether a container is walked into.</param>
    /// <param name="visit">Gets path and value; false ends the walk.</param>
    /// <param name="tooDeep">Called when something lies deeper than <see cref="MaxDepth"/>; it is left out.</param>
    public static void Walk(object? root, Func<object, bool> enter, Func<KeyPath?, object?, bool> visit, Action tooDeep)
    {
        if (!IsContainer(root))
        {
            visit(null, root);
            return;
        }

        HashSet<object> open = new(ReferenceEqualityComparer.Instance) { root! };
        Stack<(IEnumerator<(string? Key, object? Value)> Children, object Container, KeyPath? Path)> stack = new();
        stack.Push((Children(root!).GetEnumerator(), root!, null));
        while (stack.TryPeek(out var frame))
        {
            if (!frame.Children.MoveNext())
            {
                open.Remove(frame.Container);
                stack.Pop();
                continue;
            }

            (string? key, object? value) = frame.Children.Current;
            if (key is null)
            {
                continue;
            }

            KeyPath path = new(frame.Path, key);
            if (!IsContainer(value))
            {
                if (!visit(path, value))
                {
                    return;
                }
            }
            else if (stack.Count >= MaxDepth)
            {
                tooDeep();
            }
            else if (enter(value!) && open.Add(value!))
            {
                stack.Push((Children(value!).GetEnumerator(), value!, path));
            }
        }
    }

    /// <summary>The containers from which a tensor can be reached. Each is looked at once, so the walk over them alone is as large as its result.</summary>
    /// <returns>Null when there are more containers than <paramref name="limit"/>.</returns>
    public static HashSet<object>? HoldingTensors(object? root, int limit)
    {
        HashSet<object> holding = new(ReferenceEqualityComparer.Instance);
        if (!IsContainer(root))
        {
            return holding;
        }

        Dictionary<object, List<object>> parents = new(ReferenceEqualityComparer.Instance) { [root!] = [] };
        Queue<object> queue = new([root!]);
        Stack<object> holders = new();
        while (queue.TryDequeue(out object? container))
        {
            bool holds = false;
            foreach ((_, object? child) in Children(container))
            {
                holds |= child is PickleTensor;
                if (!IsContainer(child))
                {
                    continue;
                }

                if (parents.TryGetValue(child!, out List<object>? known))
                {
                    if (known.Count == 0 || !ReferenceEquals(known[^1], container))
                    {
                        known.Add(container);
                    }

                    continue;
                }

                if (parents.Count >= limit)
                {
                    return null;
                }

                parents.Add(child!, [container]);
                queue.Enqueue(child!);
            }

            if (holds)
            {
                holders.Push(container);
            }
        }

        while (holders.TryPop(out object? holder))
        {
            if (holding.Add(holder))
            {
                foreach (object parent in parents[holder])
                {
                    holders.Push(parent);
                }
            }
        }

        return holding;
    }

    private static bool IsContainer(object? value) => value is PickleDict or PickleList or PickleTuple;

    private static IEnumerable<(string? Key, object? Value)> Children(object container) => container switch
    {
        PickleDict dict => dict.Items.Select(i => (PickleKeys.Text(i.Key), i.Value)),
        PickleList list => list.Items.Select((v, i) => (PickleKeys.Text((long)i), v)),
        PickleTuple tuple => tuple.Items.Select((v, i) => (PickleKeys.Text((long)i), v)),
        _ => [],
    };
}
