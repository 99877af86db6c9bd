namespace LlmToolkit.Text;

/// <summary>Working memory of one encoding: the symbols of a piece as a linked list, and the queue of possible merges.</summary>
internal sealed class MergeScratch
{
    /// <summary>One symbol.</summary>
    public struct Symbol
    {
        /// <summary>Id of the token; -1 when its text is no token (score-based merging only).</summary>
        public int Id;

        /// <summary>Where it begins in the piece.</summary>
        public int Start;

        /// <summary>Length in UTF-16 units; 0 once it was merged into the one before.</summary>
        public int Length;

        /// <summary>Length in bytes of UTF-8, where the model keeps count of it.</summary>
        public int Bytes;

        /// <summary>The symbol before, or -1.</summary>
        public int Previous;

        /// <summary>The symbol after, or -1.</summary>
        public int Next;
    }

    /// <summary>The symbols; valid up to <see cref="Count"/>.</summary>
    public Symbol[] Symbols { get; private set; } = new Symbol[64];

    /// <summary>Number of symbols.</summary>
    public int Count { get; private set; }

    /// <summary>Ranks of the pairs, for pieces that are merged without a queue.</summary>
    public int[] Ranks { get; } = new int[64];

    /// <summary>Candidates, the best first: by priority, then leftmost.</summary>
    public PriorityQueue<Candidate, (long Priority, int Left)> Queue { get; } = new();

    /// <summary>A merge that was possible when it was queued.</summary>
    public readonly record struct Candidate(int Left, int LeftKey, int RightKey, int Result);

    /// <summary>A character of the piece gave no symbol.</summary>
    public bool Dropped { get; set; }

    public void Clear() => (Count, Dropped) = (0, false);

    public void Append(int id, int start, int length, int bytes = 0)
    {
        if (Count == Symbols.Length)
        {
            Symbol[] larger = new Symbol[Count * 2];
            Symbols.CopyTo(larger, 0);
            Symbols = larger;
        }

        Symbols[Count] = new Symbol { Id = id, Start = start, Length = length, Bytes = bytes, Previous = Count - 1, Next = Count + 1 };
        Count++;
    }

    /// <summary>Ends the list.</summary>
    public void Close()
    {
        if (Count > 0)
        {
            Symbols[Count - 1].Next = -1;
        }
    }

    /// <summary>Joins a symbol with the one after it.</summary>
    public void Merge(int left, int id)
    {
        ref Symbol a = ref Symbols[left];
        ref Symbol b = ref Symbols[a.Next];
        a.Id = id;
        a.Length = b.Start + b.Length - a.Start;
        a.Bytes += b.Bytes;
        a.Next = b.Next;
        b.Length = 0;
        b.Id = -1;
        if (a.Next >= 0)
        {
            Symbols[a.Next].Previous = left;
        }
    }
}
