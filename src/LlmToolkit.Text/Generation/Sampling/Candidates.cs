using System.Numerics;

namespace LlmToolkit.Text;

/// <summary>A token that may still be chosen.</summary>
/// <param name="Id">The token.</param>
/// <param name="Logit">Its logit.</param>
internal readonly record struct Candidate(int Id, float Logit);

/// <summary>The tokens that may still be chosen: one buffer, used again for every token.</summary>
/// <remarks>Order: larger logit first, of equal logits the lower id; only the first <see cref="SortedCount"/> are in it, and all others come after them.</remarks>
/// <param name="capacity">The most there will be.</param>
internal sealed class Candidates(int capacity)
{
    private static readonly Comparison<Candidate> Order = static (a, b) => Precedes(a, b) ? -1 : Precedes(b, a) ? 1 : 0;

    private readonly Candidate[] _items = new Candidate[capacity];
    private readonly double[] _weights = new double[capacity];
    private int _count;

    /// <summary>How many there are.</summary>
    public int Count
    {
        get => _count;
        private set => (_count, SortedCount) = (value, Math.Min(SortedCount, value));
    }

    /// <summary>How many at the front are in order.</summary>
    public int SortedCount { get; private set; }

    /// <summary>The candidates.</summary>
    public Span<Candidate> Items => _items.AsSpan(0, _count);

    /// <summary>A buffer of <see cref="Count"/> numbers for a step's own use.</summary>
    public Span<double> Weights => _weights.AsSpan(0, _count);

    /// <summary>Top-k: begins anew with the k likeliest tokens, in order; with all, unordered, when k is 0. NaN and −∞ are no candidates.</summary>
    public void Fill(ReadOnlySpan<float> logits, int k)
    {
        SortedCount = 0;
        _count = 0;
        if (k == 0 || k >= logits.Length)
        {
            for (int id = 0; id < logits.Length; id++)
            {
                if (logits[id] > float.NegativeInfinity)
                {
                    _items[_count++] = new Candidate(id, logits[id]);
                }
            }

            return;
        }

        FillHeap(logits, k);
        Items.Sort(Order);
        SortedCount = _count;
    }

    /// <summary>Brings the first n into order.</summary>
    public void SortFirst(int n)
    {
        n = Math.Min(n, _count);
        if (n <= SortedCount)
        {
            return;
        }

        Partition(SortedCount, _count, n);
        Items[SortedCount..n].Sort(Order);
        SortedCount = n;
    }

    /// <summary>Keeps the first n.</summary>
    public void Keep(int n) => Count = n;

    /// <summary>Divides every logit; the order stays.</summary>
    public void Scale(float divisor)
    {
        foreach (ref Candidate candidate in Items)
        {
            candidate = candidate with { Logit = candidate.Logit / divisor };
        }
    }

    /// <summary>The largest logit.</summary>
    public float MaxLogit()
    {
        if (SortedCount > 0)
        {
            return _items[0].Logit;
        }

        float max = float.NegativeInfinity;
        foreach (Candidate candidate in Items)
        {
            max = Math.Max(max, candidate.Logit);
        }

        return max;
    }

    /// <summary>Writes e^(logit − largest) into <see cref="Weights"/>; gives their sum. Divided by it they are probabilities.</summary>
    public double Exponentials()
    {
        double max = MaxLogit();
        double sum = 0;
        for (int i = 0; i < _count; i++)
        {
            sum += _weights[i] = Math.Exp(_items[i].Logit - max);
        }

        return sum;
    }

    private static bool Precedes(Candidate a, Candidate b) => a.Logit > b.Logit || (a.Logit == b.Logit && a.Id < b.Id);

    /// <summary>One pass with a heap of k whose root is the weakest kept: most logits cost one comparison.</summary>
    private void FillHeap(ReadOnlySpan<float> logits, int k)
    {
        int next = 0;
        for (; next < logits.Length && _count < k; next++)
        {
            if (logits[next] > float.NegativeInfinity)
            {
                _items[_count++] = new Candidate(next, logits[next]);
            }
        }

        for (int root = (_count / 2) - 1; root >= 0; root--)
        {
            Sink(root);
        }

        for (; next < logits.Length; next++)
        {
            next = SkipWeak(logits, next);
            if (next == logits.Length)
            {
                break;
            }

            // Ids only grow, so of equal logits the one that is kept already has the lower id.
            if (logits[next] > _items[0].Logit)
            {
                _items[0] = new Candidate(next, logits[next]);
                Sink(0);
            }
        }
    }

    /// <summary>Steps over whole vectors in which no logit beats the weakest kept.</summary>
    private int SkipWeak(ReadOnlySpan<float> logits, int next)
    {
        Vector<float> weakest = new(_items[0].Logit);
        while (next <= logits.Length - Vector<float>.Count && !Vector.GreaterThanAny(new Vector<float>(logits[next..]), weakest))
        {
            next += Vector<float>.Count;
        }

        return next;
    }

    private void Sink(int root)
    {
        Candidate moving = _items[root];
        for (int child; (child = (2 * root) + 1) < _count; root = child)
        {
            if (child + 1 < _count && Precedes(_items[child], _items[child + 1]))
            {
                child++;
            }

            if (!Precedes(moving, _items[child]))
            {
                break;
            }

            _items[root] = _items[child];
        }

        _items[root] = moving;
    }

    /// <summary>Quickselect: moves the candidates that belong before position n in front of it.</summary>
    private void Partition(int from, int to, int n)
    {
        while (to - from > 1)
        {
            Candidate pivot = MedianOfThree(_items[from], _items[from + ((to - from) / 2)], _items[to - 1]);
            int low = from;
            int high = to - 1;
            while (low <= high)
            {
                while (Precedes(_items[low], pivot))
                {
                    low++;
                }

                while (Precedes(pivot, _items[high]))
                {
                    high--;
                }

                if (low <= high)
                {
                    (_items[low], _items[high]) = (_items[high], _items[low]);
                    low++;
                    high--;
                }
            }

            if (n <= high)
            {
                to = high + 1;
            }
            else if (n >= low)
            {
                from = low;
            }
            else
            {
                return;
            }
        }
    }

    private static Candidate MedianOfThree(Candidate a, Candidate b, Candidate c) =>
        Precedes(a, b)
            ? (Precedes(b, c) ? b : Precedes(a, c) ? c : a)
            : (Precedes(a, c) ? a : Precedes(b, c) ? c : b);
}
