using CsCheck;

namespace LlmToolkit.Fuzz;

/// <summary>What is done to a field.</summary>
internal enum Change
{
    Interesting,
    Nudge,
    CopyFrom,
    Swap,
    Delete,
    Repeat,
    Truncate,
    Splice,
    SpliceTail,
    Flip,
    Random,
    DeleteRun,
    Append,
    DeleteEntry,
    RepeatEntry,
    MoveEntry,
    SpliceEntry,
    File,
}

/// <summary>One change. The numbers choose modulo what there is, so every mutation fits every seed.</summary>
internal readonly record struct Mutation(Change Change, uint Field, uint Other, uint Value);

/// <summary>A seed and what is done to it.</summary>
internal sealed record FuzzInput(int Seed, bool Derive, Mutation[] Mutations)
{
    private static readonly Change[] s_changes =
    [
        .. Enum.GetValues<Change>(),
        // The changes of one field reach deepest: they come up twice as often again.
        Change.Interesting, Change.Interesting, Change.Interesting, Change.Interesting, Change.Nudge, Change.Nudge, Change.CopyFrom, Change.Swap, Change.Splice,
    ];

    /// <summary>Inputs of 1 to 3 mutations; of three in four the lengths, counts and sums that follow are kept right.</summary>
    public static Gen<FuzzInput> Of(int seeds) => Gen.Select(
        Gen.Int[0, seeds - 1],
        Gen.Int[0, 3],
        Gen.Select(Gen.Int[0, s_changes.Length - 1], Gen.UInt[0, ushort.MaxValue], Gen.UInt[0, ushort.MaxValue], Gen.UInt[0, ushort.MaxValue], (c, f, o, v) => new Mutation(s_changes[c], f, o, v)).Array[1, 3],
        (seed, derive, mutations) => new FuzzInput(seed, derive > 0, mutations));

    public override string ToString() => $"seed {Seed}{(Derive ? ", derived" : "")}: {string.Join("; ", Mutations)}";
}
