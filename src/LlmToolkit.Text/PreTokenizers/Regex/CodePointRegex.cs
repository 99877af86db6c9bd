using System.Globalization;
using System.Runtime.CompilerServices;

namespace LlmToolkit.Text;

/// <summary>A backtracking matcher for the patterns of tokenizer files that sees code points, where .NET's sees UTF-16 halves. Immutable and safe for concurrent use.</summary>
/// <remarks>
/// Alternatives at the top are chosen by the first character before any is tried, and a repeated set keeps one backtracking entry however long its run:
/// the usual patterns run in time linear in the text.
/// </remarks>
internal sealed class CodePointRegex
{
    /// <summary>Steps back that one search may take: a pattern made to explode is stopped, real ones take a few per character.</summary>
    private const int FreeSteps = 10_000_000;
    private const int StepsPerCharacter = 100;

    /// <summary>Steps of all searches of one text together: many searches that each stay within their bound must not add up to hours.</summary>
    private const long FreeStepsOfText = 150_000_000;
    private const int TextStepsPerCharacter = 1000;

    /// <summary>Characters that a repeated set passes over for the price of a step back.</summary>
    private const int CharactersPerStep = 8;

    private readonly RegexProgram[] _branches;

    /// <summary>For each ASCII character, a bit for every branch that can begin with it; index 128 stands for all other characters and the end of the text.</summary>
    private readonly ulong[] _viable = new ulong[129];

    /// <summary>The set of a leading unbounded run: when an attempt fails inside such a run, every later start in the same run fails as well.</summary>
    private readonly CharSet? _leadingRun;

    [ThreadStatic]
    private static MatchStack? t_stack;

    public CodePointRegex(string pattern)
    {
        RegexNode root = RegexParser.Parse(pattern);
        // More than 64 branches do not fit the masks: then the alternation is one branch.
        IReadOnlyList<RegexNode> branches = root is RegexNode.Alternation { Branches.Count: <= 64 } alternation ? alternation.Branches : [root];
        _branches = [.. branches.Select(b => RegexProgram.Compile(b, pattern))];
        for (int i = 0; i < branches.Count; i++)
        {
            FirstSet first = FirstSet.Of(branches[i]);
            for (int c = 0; c < _viable.Length; c++)
            {
                if (first.Nullable || (c < 128 ? first.HasAscii(c) : first.NotAscii))
                {
                    _viable[c] |= 1UL << i;
                }
            }
        }

        _leadingRun = LeadingRun(root);
    }

    /// <summary>Begins the work on a text: until <see cref="EndText"/>, all searches of this thread together have a number of steps that grows with its length.</summary>
    public static void BeginText(int length) => (t_stack ??= new MatchStack()).Limit(FreeStepsOfText + ((long)TextStepsPerCharacter * length));

    /// <summary>Ends the work on a text.</summary>
    public static void EndText() => t_stack!.Limit(long.MaxValue);

    /// <summary>Finds the first match at or after a position.</summary>
    public bool Find(ReadOnlySpan<char> text, int from, out int start, out int end)
    {
        MatchStack stack = t_stack ??= new MatchStack();
        stack.Start(FreeSteps + ((long)StepsPerCharacter * text.Length));
        for (start = from; start <= text.Length; start += start < text.Length ? RuneLength(text, start) : 1)
        {
            char c = start < text.Length ? text[start] : '\uFFFF';
            for (ulong mask = _viable[c < 128 ? c : 128]; mask != 0; mask &= mask - 1)
            {
                end = Run(_branches[System.Numerics.BitOperations.TrailingZeroCount(mask)], text, start, stack);
                if (end >= 0)
                {
                    return true;
                }
            }

            if (_leadingRun is not null)
            {
                int next = start;
                while (next < text.Length && _leadingRun.Contains(CodePoint(text, next, out int used)))
                {
                    start = next;
                    next += used;
                }
            }
        }

        end = -1;
        return false;
    }

    private static CharSet? LeadingRun(RegexNode root)
    {
        RegexNode first = root is RegexNode.Sequence { Parts.Count: > 0 } sequence ? sequence.Parts[0] : root;
        bool looksBehind = root is RegexNode.Sequence s && s.Parts.Any(p => p is not (RegexNode.Set or RegexNode.Loop { Body: RegexNode.Set } or RegexNode.Anchor { Kind: AnchorKind.LineEnd or AnchorKind.TextEnd } or RegexNode.Look { Ahead: true }));
        return !looksBehind && first is RegexNode.Loop { Min: 1, Max: int.MaxValue, Kind: LoopKind.Greedy, Body: RegexNode.Set set } ? set.Chars : null;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int CodePoint(ReadOnlySpan<char> text, int at, out int used)
    {
        char c = text[at];
        if (char.IsHighSurrogate(c) && at + 1 < text.Length && char.IsLowSurrogate(text[at + 1]))
        {
            used = 2;
            return char.ConvertToUtf32(c, text[at + 1]);
        }

        used = 1;
        return c;
    }

    private static int RuneLength(ReadOnlySpan<char> text, int at)
    {
        CodePoint(text, at, out int used);
        return used;
    }

    private static int Before(ReadOnlySpan<char> text, int at) =>
        at >= 2 && char.IsLowSurrogate(text[at - 1]) && char.IsHighSurrogate(text[at - 2]) ? at - 2 : at - 1;

    /// <summary>Runs a program from a position; gives the end of its match, or -1.</summary>
    private static int Run(RegexProgram program, ReadOnlySpan<char> text, int start, MatchStack stack)
    {
        int floor = stack.Count;
        RegexInstruction[] code = program.Code;
        int slots = stack.Slots;
        stack.ReserveSlots(program.Slots);
        int pc = 0;
        int at = start;
        while (true)
        {
            ref readonly RegexInstruction step = ref code[pc];
            bool ok = true;
            switch (step.Op)
            {
                case RegexOp.Set:
                    if (at < text.Length && step.Chars!.Contains(CodePoint(text, at, out int used)))
                    {
                        at += used;
                        pc++;
                    }
                    else
                    {
                        ok = false;
                    }

                    break;
                case RegexOp.SetLoop:
                    ok = RunSetLoop(in step, pc, text, ref at, stack);
                    pc++;
                    break;
                case RegexOp.Split:
                    stack.Push(step.B, at);
                    pc = step.A;
                    break;
                case RegexOp.Jump:
                    pc = step.A;
                    break;
                case RegexOp.MarkIteration:
                    stack.PushSlot(slots + step.A, at);
                    pc++;
                    break;
                case RegexOp.CheckIteration:
                    pc = stack.Slot(slots + step.A) == at ? step.B : pc + 1;
                    break;
                case RegexOp.LookSet:
                    ok = LookSet(in step, text, at);
                    pc++;
                    break;
                case RegexOp.Look:
                    ok = Look(in step, text, at, stack);
                    pc++;
                    break;
                case RegexOp.Atomic:
                    int inner = Run(step.Sub![0], text, at, stack);
                    ok = inner >= 0;
                    at = ok ? inner : at;
                    pc++;
                    break;
                case RegexOp.Anchor:
                    ok = Holds((AnchorKind)step.A, text, at);
                    pc++;
                    break;
                case RegexOp.Grapheme:
                    ok = at < text.Length;
                    at += ok ? StringInfo.GetNextTextElementLength(text[at..]) : 0;
                    pc++;
                    break;
                default:
                    stack.Unwind(floor, slots);
                    return at;
            }

            if (!ok && !Backtrack(code, text, floor, stack, ref pc, ref at))
            {
                stack.Unwind(floor, slots);
                return -1;
            }
        }
    }

    private static bool RunSetLoop(in RegexInstruction step, int pc, ReadOnlySpan<char> text, ref int at, MatchStack stack)
    {
        CharSet chars = step.Chars!;
        int most = step.Kind == LoopKind.Lazy ? step.Min : step.Max;
        int count = 0;
        int least = at;
        int end = at;
        while (count < most && end < text.Length && chars.Contains(CodePoint(text, end, out int used)))
        {
            end += used;
            if (++count == step.Min)
            {
                least = end;
            }
        }

        stack.Spend(count / CharactersPerStep);
        if (count < step.Min)
        {
            return false;
        }

        at = end;
        if (step.Kind == LoopKind.Greedy && end > least)
        {
            stack.Push(pc, end, least);
        }
        else if (step.Kind == LoopKind.Lazy && count < step.Max)
        {
            stack.Push(pc, end, count);
        }

        return true;
    }

    private static bool Backtrack(RegexInstruction[] code, ReadOnlySpan<char> text, int floor, MatchStack stack, ref int pc, ref int at)
    {
        while (stack.Count > floor)
        {
            stack.Spend(1);
            MatchStack.Entry entry = stack.Pop();
            if (entry.Pc < 0)
            {
                stack.Restore(entry);
                continue;
            }

            ref readonly RegexInstruction step = ref code[entry.Pc];
            if (step.Op != RegexOp.SetLoop)
            {
                (pc, at) = (entry.Pc, entry.At);
                return true;
            }

            if (step.Kind == LoopKind.Greedy)
            {
                at = Before(text, entry.At);
                if (at > entry.Extra)
                {
                    stack.Push(entry.Pc, at, entry.Extra);
                }
            }
            else if (entry.At < text.Length && step.Chars!.Contains(CodePoint(text, entry.At, out int used)))
            {
                at = entry.At + used;
                if (entry.Extra + 1 < step.Max)
                {
                    stack.Push(entry.Pc, at, entry.Extra + 1);
                }
            }
            else
            {
                continue;
            }

            pc = entry.Pc + 1;
            return true;
        }

        return false;
    }

    private static bool LookSet(in RegexInstruction step, ReadOnlySpan<char> text, int at)
    {
        int place = step.A == 1 ? at : Before(text, at);
        bool found = place >= 0 && place < text.Length && step.Chars!.Contains(CodePoint(text, place, out _));
        return found != (step.B == 1);
    }

    private static bool Look(in RegexInstruction step, ReadOnlySpan<char> text, int at, MatchStack stack)
    {
        bool found = false;
        for (int i = 0; i < step.Sub!.Length && !found; i++)
        {
            if (step.A == 1)
            {
                found = Run(step.Sub[i], text, at, stack) >= 0;
                continue;
            }

            int place = at;
            int left = step.Lengths![i];
            for (; left > 0 && place > 0; left--)
            {
                place = Before(text, place);
            }

            found = left == 0 && Run(step.Sub[i], text[..at], place, stack) == at;
        }

        return found != (step.B == 1);
    }

    private static bool Holds(AnchorKind kind, ReadOnlySpan<char> text, int at)
    {
        switch (kind)
        {
            case AnchorKind.LineStart:
                return at == 0 || (text[at - 1] == '\n' && at < text.Length);
            case AnchorKind.LineEnd:
                return at == text.Length || text[at] == '\n';
            case AnchorKind.TextStart:
                return at == 0;
            case AnchorKind.TextEnd:
                return at == text.Length;
            case AnchorKind.TextEndOrLastLineFeed:
                return at == text.Length || (at == text.Length - 1 && text[at] == '\n');
            default:
                bool before = at > 0 && CharSet.Word.Contains(CodePoint(text, Before(text, at), out _));
                bool after = at < text.Length && CharSet.Word.Contains(CodePoint(text, at, out _));
                return before != after == (kind == AnchorKind.WordBoundary);
        }
    }
}
