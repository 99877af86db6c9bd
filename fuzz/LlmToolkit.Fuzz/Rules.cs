using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;

namespace LlmToolkit.Fuzz;

/// <summary>What a run of inputs showed besides violations.</summary>
internal sealed class Tally
{
    /// <summary>Inputs judged.</summary>
    public long Inputs { get; set; }

    /// <summary>Inputs that were accepted.</summary>
    public long Accepted { get; set; }

    /// <summary>Most managed bytes allocated for one input.</summary>
    public long MostAllocated { get; set; }

    /// <summary>Longest processor time for one input.</summary>
    public TimeSpan Longest { get; set; }

    /// <summary>How often each code refused an input.</summary>
    public SortedDictionary<string, long> Codes { get; } = new(StringComparer.Ordinal);

    /// <summary>The latest refusal.</summary>
    public Diagnostic? LastRefusal { get; private set; }

    /// <summary>Counts a refusal.</summary>
    public void Refused(Diagnostic refusal)
    {
        LastRefusal = refusal;
        Codes[refusal.Code] = Codes.GetValueOrDefault(refusal.Code) + 1;
    }
}

/// <summary>The rules that hold for every input, whatever reads it.</summary>
internal static partial class Rules
{
    /// <summary>Processor time of the reading thread for one input. Wall time would blame the reader for a busy machine.</summary>
    public static readonly TimeSpan MaxTime = TimeSpan.FromSeconds(1);

    /// <summary>The violation of <see cref="MaxTime"/>.</summary>
    public const string TooSlow = "more than a second of processor time";

    /// <summary>Runs a reader on one input; says what rule it broke, or null.</summary>
    /// <param name="tally">Where to count.</param>
    /// <param name="most">Most managed bytes that may be allocated.</param>
    /// <param name="run">Reads and checks; true when the input was accepted. May throw <see cref="ModelException"/> and <see cref="ViolationException"/>.</param>
    public static string? Run(Tally tally, long most, Func<bool> run)
    {
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        TimeSpan start = ThreadTime();
        string? violation = null;
        try
        {
            tally.Inputs++;
            tally.Accepted += run() ? 1 : 0;
        }
        catch (ModelException e)
        {
            tally.Refused(e.Diagnostic);
            violation = Check(e.Diagnostic);
        }
        catch (ViolationException e)
        {
            violation = e.Message;
        }
        catch (Exception e)
        {
            violation = $"undeclared {e}";
        }

        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        TimeSpan time = ThreadTime() - start;
        tally.MostAllocated = Math.Max(tally.MostAllocated, allocated);
        tally.Longest = time > tally.Longest ? time : tally.Longest;
        return violation
            ?? (allocated > most ? $"{allocated} bytes allocated" : time > MaxTime ? TooSlow : null);
    }

    /// <summary>What is wrong with a diagnostic, or null: codes are of the register and not of the unexpected, texts are safe to print.</summary>
    public static string? Check(Diagnostic d)
    {
        if (!Code().IsMatch(d.Code))
        {
            return $"code {d.Code}";
        }

        foreach (string? text in (ReadOnlySpan<string?>)[d.Message, d.Evidence, d.Cause, .. d.Fixes])
        {
            foreach (Rune rune in (text ?? "").EnumerateRunes())
            {
                if (Rune.IsControl(rune) || rune.Value is (>= 0x202A and <= 0x202E) or (>= 0x2066 and <= 0x2069))
                {
                    return $"{d.Code} holds the character U+{rune.Value:X4}: {Escaped(text!)}";
                }
            }

            if (text?.Length > 4000)
            {
                return $"{d.Code} has a text of {text.Length} characters";
            }
        }

        return d.Fixes.Count == 0 ? $"{d.Code} has no fix" : null;
    }

    /// <summary>Throws when a rule is broken; only then its text is made.</summary>
    public static void Require(bool holds, [InterpolatedStringHandlerArgument(nameof(holds))] ref RuleText rule)
    {
        if (!holds)
        {
            throw new ViolationException(rule.ToString());
        }
    }

    /// <summary>Throws when a diagnostic is not as it should be.</summary>
    public static void Require(Diagnostic diagnostic)
    {
        if (Check(diagnostic) is { } wrong)
        {
            throw new ViolationException(wrong);
        }
    }

    private static string Escaped(string text) => string.Concat(text.Select(c => char.IsControl(c) || c > 126 ? $"\\u{(int)c:x4}" : c.ToString()));

    /// <summary>Processor time of this thread; where the system does not tell it, wall time.</summary>
    private static TimeSpan ThreadTime()
    {
        if (!OperatingSystem.IsLinux())
        {
            return TimeSpan.FromSeconds((double)Stopwatch.GetTimestamp() / Stopwatch.Frequency);
        }

        const int ThreadClock = 3;
        _ = ClockGetTime(ThreadClock, out TimeSpec time);
        return TimeSpan.FromTicks((time.Seconds * TimeSpan.TicksPerSecond) + (time.Nanoseconds / 100));
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int ClockGetTime(int clock, out TimeSpec time);

    private struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;
    }

    [GeneratedRegex("^LT[1-8][0-9]{3}$")]
    private static partial Regex Code();
}

/// <summary>A reader broke a rule.</summary>
internal sealed class ViolationException(string message) : Exception(message);

/// <summary>The text of a rule, made when it is broken.</summary>
[InterpolatedStringHandler]
internal ref struct RuleText
{
    private readonly StringBuilder? _text;

    public RuleText(int literalLength, int formattedCount, bool holds, out bool isNeeded)
    {
        _ = (literalLength, formattedCount);
        isNeeded = !holds;
        _text = holds ? null : new StringBuilder();
    }

    public readonly void AppendLiteral(string text) => _text!.Append(text);

    public readonly void AppendFormatted<T>(T value) => _text!.Append(CultureInfo.InvariantCulture, $"{value}");

    public override readonly string ToString() => _text?.ToString() ?? "";
}
