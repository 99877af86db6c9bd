namespace LlmToolkit.Text;

/// <summary>Backtracking entries and loop slots of one thread.</summary>
internal sealed class MatchStack
{
    private Entry[] _entries = new Entry[256];
    private int[] _slots = new int[16];
    private long _steps;
    private long _granted;

    private long _total = long.MaxValue;

    public int Count { get; private set; }

    public int Slots { get; private set; }

    /// <summary>Begins a search with a number of steps to spend; what a search that failed by exception left is dropped.</summary>
    public void Start(long steps)
    {
        // The search before has used up what is not left of its grant.
        _total -= _total == long.MaxValue ? 0 : _granted - Math.Max(0, _steps);
        _granted = Math.Min(steps, Math.Max(0, _total));
        (_steps, Count, Slots) = (_granted, 0, 0);
    }

    /// <summary>Steps that the searches from now on have together.</summary>
    public void Limit(long total) => (_total, _granted, _steps) = (total, 0, 0);

    public void Spend(int steps)
    {
        if ((_steps -= steps) < 0)
        {
            throw TokenizerErrors.PatternTooSlow();
        }
    }

    public void ReserveSlots(int count)
    {
        Slots += count;
        if (Slots > _slots.Length)
        {
            Array.Resize(ref _slots, Slots * 2);
        }
    }

    public void Unwind(int count, int slots) => (Count, Slots) = (count, slots);

    public void Push(int pc, int at, int extra = 0)
    {
        if (Count == _entries.Length)
        {
            Array.Resize(ref _entries, Count * 2);
        }

        _entries[Count++] = new Entry(pc, at, extra);
    }

    /// <summary>Sets a slot and leaves an entry that puts the old value back.</summary>
    public void PushSlot(int slot, int value)
    {
        Push(-1, slot, _slots[slot]);
        _slots[slot] = value;
    }

    public int Slot(int slot) => _slots[slot];

    public Entry Pop() => _entries[--Count];

    public void Restore(Entry entry) => _slots[entry.At] = entry.Extra;

    internal readonly record struct Entry(int Pc, int At, int Extra);
}
