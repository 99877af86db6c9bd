namespace LlmToolkit.Text;

/// <summary>What an instruction of a <see cref="RegexProgram"/> does.</summary>
internal enum RegexOp : byte
{
    /// <summary>One code point of a set.</summary>
    Set,

    /// <summary>A repeated set; the alternatives "one fewer" (greedy) or "one more" (lazy) are tried on failure.</summary>
    SetLoop,

    /// <summary>Go on at A; on failure at B.</summary>
    Split,

    /// <summary>Go on at A.</summary>
    Jump,

    /// <summary>Remember the position of an iteration that must not be empty, in slot A.</summary>
    MarkIteration,

    /// <summary>Leave the loop (go on at B) when the iteration of slot A consumed nothing.</summary>
    CheckIteration,

    /// <summary>Look at one code point before or behind (A = 1: ahead, B = 1: negative).</summary>
    LookSet,

    /// <summary>Look with a sub-program.</summary>
    Look,

    /// <summary>A sub-program that is not reconsidered.</summary>
    Atomic,

    /// <summary>A condition on the position.</summary>
    Anchor,

    /// <summary>An extended grapheme cluster.</summary>
    Grapheme,

    /// <summary>Success.</summary>
    Match,
}

/// <summary>One instruction; which fields mean something depends on <see cref="Op"/>.</summary>
internal readonly record struct RegexInstruction(
    RegexOp Op, CharSet? Chars = null, int A = 0, int B = 0, int Min = 0, int Max = 0, LoopKind Kind = default, RegexProgram[]? Sub = null, int[]? Lengths = null);

/// <summary>Instructions of one alternative (or look-around) of a pattern.</summary>
internal sealed class RegexProgram
{
    /// <summary>Instructions accepted in a program: bounded repetitions are written out.</summary>
    private const int MaxInstructions = 200_000;

    private readonly List<RegexInstruction> _code = [];
    private readonly string _pattern;

    private RegexProgram(string pattern) => _pattern = pattern;

    /// <summary>The instructions.</summary>
    public RegexInstruction[] Code { get; private set; } = [];

    /// <summary>Slots for <see cref="RegexOp.MarkIteration"/>.</summary>
    public int Slots { get; private set; }

    public static RegexProgram Compile(RegexNode node, string pattern)
    {
        RegexProgram program = new(pattern);
        program.Emit(node);
        program.Add(new RegexInstruction(RegexOp.Match));
        program.Code = [.. program._code];
        return program;
    }

    private int Add(RegexInstruction instruction)
    {
        if (_code.Count >= MaxInstructions)
        {
            throw TokenizerErrors.BadRegex(_pattern, 0, $"more than {MaxInstructions} steps");
        }

        _code.Add(instruction);
        return _code.Count - 1;
    }

    private void Emit(RegexNode node)
    {
        switch (node)
        {
            case RegexNode.Set set:
                Add(new RegexInstruction(RegexOp.Set, set.Chars));
                break;
            case RegexNode.Sequence sequence:
                foreach (RegexNode part in sequence.Parts)
                {
                    Emit(part);
                }

                break;
            case RegexNode.Alternation alternation:
                EmitAlternation(alternation.Branches);
                break;
            case RegexNode.Loop { Body: RegexNode.Set body } loop:
                Add(new RegexInstruction(RegexOp.SetLoop, body.Chars, Min: loop.Min, Max: loop.Max, Kind: loop.Kind));
                break;
            case RegexNode.Loop { Kind: LoopKind.Possessive } loop:
                Emit(new RegexNode.Atomic(loop with { Kind = LoopKind.Greedy }));
                break;
            case RegexNode.Loop loop:
                EmitLoop(loop);
                break;
            case RegexNode.Look { Body: RegexNode.Set body } look:
                Add(new RegexInstruction(RegexOp.LookSet, body.Chars, look.Ahead ? 1 : 0, look.Negative ? 1 : 0));
                break;
            case RegexNode.Look look:
                EmitLook(look);
                break;
            case RegexNode.Atomic atomic:
                Add(new RegexInstruction(RegexOp.Atomic, Sub: [Compile(atomic.Body, _pattern)]));
                break;
            case RegexNode.Anchor anchor:
                Add(new RegexInstruction(RegexOp.Anchor, A: (int)anchor.Kind));
                break;
            case RegexNode.Grapheme:
                Add(new RegexInstruction(RegexOp.Grapheme));
                break;
        }
    }

    private void EmitAlternation(IReadOnlyList<RegexNode> branches)
    {
        List<int> jumps = [];
        for (int i = 0; i < branches.Count; i++)
        {
            if (i == branches.Count - 1)
            {
                Emit(branches[i]);
                break;
            }

            int split = Add(default);
            Emit(branches[i]);
            jumps.Add(Add(default));
            _code[split] = new RegexInstruction(RegexOp.Split, A: split + 1, B: _code.Count);
        }

        foreach (int jump in jumps)
        {
            _code[jump] = new RegexInstruction(RegexOp.Jump, A: _code.Count);
        }
    }

    private void EmitLoop(RegexNode.Loop loop)
    {
        for (int i = 0; i < loop.Min; i++)
        {
            Emit(loop.Body);
        }

        bool lazy = loop.Kind == LoopKind.Lazy;
        if (loop.Max == int.MaxValue)
        {
            int slot = Slots++;
            int split = Add(default);
            Add(new RegexInstruction(RegexOp.MarkIteration, A: slot));
            Emit(loop.Body);
            int check = Add(default);
            Add(new RegexInstruction(RegexOp.Jump, A: split));
            _code[check] = new RegexInstruction(RegexOp.CheckIteration, A: slot, B: _code.Count);
            _code[split] = Branch(split + 1, _code.Count, lazy);
            return;
        }

        List<int> splits = [];
        for (int i = loop.Min; i < loop.Max; i++)
        {
            splits.Add(Add(default));
            Emit(loop.Body);
        }

        foreach (int split in splits)
        {
            _code[split] = Branch(split + 1, _code.Count, lazy);
        }
    }

    private static RegexInstruction Branch(int into, int past, bool lazy) =>
        lazy ? new RegexInstruction(RegexOp.Split, A: past, B: into) : new RegexInstruction(RegexOp.Split, A: into, B: past);

    private void EmitLook(RegexNode.Look look)
    {
        if (look.Ahead)
        {
            Add(new RegexInstruction(RegexOp.Look, A: 1, B: look.Negative ? 1 : 0, Sub: [Compile(look.Body, _pattern)]));
            return;
        }

        IReadOnlyList<RegexNode> branches = look.Body is RegexNode.Alternation alternation ? alternation.Branches : [look.Body];
        int[] lengths = [.. branches.Select(b => b.FixedLength ?? throw TokenizerErrors.BadRegex(_pattern, 0, "a look-behind without fixed length"))];
        Add(new RegexInstruction(RegexOp.Look, A: 0, B: look.Negative ? 1 : 0, Sub: [.. branches.Select(b => Compile(b, _pattern))], Lengths: lengths));
    }
}
