using System.Numerics;

namespace LlmToolkit.Text;

/// <summary>The merges of a BPE vocabulary: a pair of ids to the merge's rank and result. Open addressing, as it is asked for every pair of every text.</summary>
internal sealed class MergeTable
{
    private readonly Entry[] _entries;
    private readonly int _shift;

    public MergeTable(int count)
    {
        int size = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(16, count * 2L));
        _entries = new Entry[size];
        _shift = 64 - BitOperations.Log2((uint)size);
    }

    private struct Entry
    {
        public long Pair;
        public int Rank;
        public int Result;
        public bool Used;
    }

    /// <summary>Adds a merge; of two with the same pair the later counts.</summary>
    public void Add(int left, int right, int rank, int result)
    {
        ref Entry entry = ref Slot(Key(left, right));
        entry = new Entry { Pair = Key(left, right), Rank = rank, Result = result, Used = true };
    }

    /// <summary>Finds a merge; its rank is <see cref="int.MaxValue"/> when there is none.</summary>
    public int Rank(int left, int right, out int result)
    {
        ref Entry entry = ref Slot(Key(left, right));
        result = entry.Result;
        return entry.Used ? entry.Rank : int.MaxValue;
    }

    private static long Key(int left, int right) => ((long)left << 32) | (uint)right;

    private ref Entry Slot(long pair)
    {
        int index = (int)((ulong)pair * 0x9E3779B97F4A7C15UL >> _shift);
        while (_entries[index].Used && _entries[index].Pair != pair)
        {
            index = (index + 1) & (_entries.Length - 1);
        }

        return ref _entries[index];
    }
}
