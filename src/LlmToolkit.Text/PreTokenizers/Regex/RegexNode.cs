namespace LlmToolkit.Text;

/// <summary>A parsed regular expression.</summary>
internal abstract record RegexNode
{
    /// <summary>Length in code points when every match has the same, else null.</summary>
    public abstract int? FixedLength { get; }

    /// <summary>One code point of a set.</summary>
    public sealed record Set(CharSet Chars) : RegexNode
    {
        public override int? FixedLength => 1;
    }

    /// <summary>Parts one after another.</summary>
    public sealed record Sequence(IReadOnlyList<RegexNode> Parts) : RegexNode
    {
        public override int? FixedLength => Parts.Aggregate((int?)0, (sum, part) => sum + part.FixedLength);
    }

    /// <summary>The first alternative that leads to a match.</summary>
    public sealed record Alternation(IReadOnlyList<RegexNode> Branches) : RegexNode
    {
        public override int? FixedLength => Branches.All(b => b.FixedLength is not null && b.FixedLength == Branches[0].FixedLength) ? Branches[0].FixedLength : null;
    }

    /// <summary>A repetition.</summary>
    public sealed record Loop(RegexNode Body, int Min, int Max, LoopKind Kind) : RegexNode
    {
        public override int? FixedLength => Min == Max ? Min * Body.FixedLength : null;
    }

    /// <summary>A look ahead or behind.</summary>
    public sealed record Look(RegexNode Body, bool Ahead, bool Negative) : RegexNode
    {
        public override int? FixedLength => 0;
    }

    /// <summary>A group that, once matched, is never reconsidered.</summary>
    public sealed record Atomic(RegexNode Body) : RegexNode
    {
        public override int? FixedLength => Body.FixedLength;
    }

    /// <summary>A condition on a position.</summary>
    public sealed record Anchor(AnchorKind Kind) : RegexNode
    {
        public override int? FixedLength => 0;
    }

    /// <summary>An extended grapheme cluster: <c>\X</c>.</summary>
    public sealed record Grapheme : RegexNode
    {
        public override int? FixedLength => null;
    }
}

/// <summary>How a repetition gives back.</summary>
internal enum LoopKind
{
    Greedy,
    Lazy,
    Possessive,
}

/// <summary>Conditions on a position.</summary>
internal enum AnchorKind
{
    LineStart,
    LineEnd,
    TextStart,
    TextEnd,
    TextEndOrLastLineFeed,
    WordBoundary,
    NoWordBoundary,
}
