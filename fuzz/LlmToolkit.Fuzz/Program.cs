using System.Diagnostics;
using System.Globalization;
using CsCheck;
using LlmToolkit.Fuzz;

FuzzTarget[] targets = Targets.All();
FuzzTarget? target = targets.FirstOrDefault(t => t.Name == args.FirstOrDefault());
long count = Option("--count", 100_000);
if (target is null)
{
    Console.Error.WriteLine($"usage: LlmToolkit.Fuzz {string.Join('|', targets.Select(t => t.Name))} [--count N] [--seed N] [--out FOLDER] [--replay FOLDER]");
    return 2;
}

uint stream = (uint)Option("--seed", 1);
string? replay = Array.IndexOf(args, "--replay") is int r and >= 0 && r + 1 < args.Length ? args[r + 1] : null;
string folder = Array.IndexOf(args, "--out") is int o and >= 0 && o + 1 < args.Length ? args[o + 1] : "fuzz-findings";
using (target)
{
    return replay is null ? new Campaign(target, folder).Run(count, stream) : Campaign.Replay(target, replay);
}

long Option(string name, long otherwise) =>
    Array.IndexOf(args, name) is int i and >= 0 && i + 1 < args.Length ? long.Parse(args[i + 1], CultureInfo.InvariantCulture) : otherwise;

/// <summary>A run of many inputs: says how fast, saves the bytes of each new finding.</summary>
internal sealed class Campaign(FuzzTarget target, string folder)
{
    /// <summary>Findings that differ only in numbers and names are one; of each this many are saved.</summary>
    private const int Most = 3;

    private readonly Dictionary<string, int> _findings = new(StringComparer.Ordinal);
    private readonly Stopwatch _watch = Stopwatch.StartNew();

    /// <summary>Judges inputs; gives the exit code: 1 when a rule was broken.</summary>
    public int Run(long count, uint seed)
    {
        foreach (string refused in target.RefusedSeeds())
        {
            Console.WriteLine($"SEED REFUSED {refused}");
        }

        PCG random = new(seed, seed);
        Gen<FuzzInput> inputs = target.Inputs;
        TimeSpan next = TimeSpan.FromSeconds(10);
        for (long i = 0; i < count; i++)
        {
            FuzzInput input = inputs.Generate(random, null, out _);
            if (target.Judge(input) is { } violation)
            {
                Report(i, input, violation);
            }

            if (_watch.Elapsed > next)
            {
                Progress();
                next += TimeSpan.FromSeconds(30);
            }
        }

        Progress();
        foreach ((string code, long times) in target.Tally.Codes)
        {
            Console.WriteLine($"  {code} {times}");
        }

        return _findings.Count > 0 ? 1 : 0;
    }

    /// <summary>Judges the files of a finding again.</summary>
    public static int Replay(FuzzTarget target, string folder)
    {
        string[] saved = [.. Directory.GetFiles(folder).Select(f => Path.GetFileName(f)!)];
        string[] names = target.All.Select(s => s.Files).First(f => saved.All(f.Contains));
        string? violation = target.Judge(names, [.. names.Select(n => saved.Contains(n) ? File.ReadAllBytes(Path.Combine(folder, n)) : null)]);
        Console.WriteLine(violation ?? target.Tally.LastRefusal?.Message ?? "accepted");
        Console.WriteLine($"{target.Tally.MostAllocated >> 10} KiB, {target.Tally.Longest.TotalMilliseconds:F0} ms");
        return violation is null ? 0 : 1;
    }

    private void Progress()
    {
        Tally t = target.Tally;
        using Process self = Process.GetCurrentProcess();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{target.Name}: {t.Inputs} inputs, {t.Inputs / _watch.Elapsed.TotalSeconds:F0}/s ({t.Inputs / self.TotalProcessorTime.TotalSeconds:F0} a processor second), {100.0 * t.Accepted / t.Inputs:F1} % accepted, {t.Codes.Count} codes, at most {t.MostAllocated >> 10} KiB and {t.Longest.TotalMilliseconds:F0} ms an input, peak {self.PeakWorkingSet64 >> 20} MiB, {_findings.Count} kinds of finding"));
    }

    private void Report(long number, FuzzInput input, string violation)
    {
        string kind = Kind(violation);
        int times = _findings[kind] = _findings.GetValueOrDefault(kind) + 1;
        if (times > Most)
        {
            return;
        }

        input = Smaller(input);
        FuzzSeed seed = target.All[input.Seed];
        Console.WriteLine($"FINDING {number} ({target.Name}, seed file \"{seed.Name}\")\n  {input}\n  {violation}");
        byte[]?[] files = Mutator.Apply(target.All, input);
        string place = Directory.CreateDirectory(Path.Combine(folder, $"{target.Name}-{number}")).FullName;
        for (int i = 0; i < files.Length; i++)
        {
            if (files[i] is { } bytes)
            {
                File.WriteAllBytes(Path.Combine(place, seed.Files[i]), bytes);
            }
        }
    }

    /// <summary>An exception by its type and the place of ours that let it out; anything else by its text without numbers.</summary>
    private static string Kind(string violation)
    {
        string[] lines = violation.Split('\n');
        string? place = lines.FirstOrDefault(l => l.Contains("at LlmToolkit.", StringComparison.Ordinal));
        string text = place is null ? lines[0] : lines[0].Split(':')[0] + place;
        return string.Concat(text.Where(c => !char.IsAsciiDigit(c)).Take(300));
    }

    /// <summary>Leaves out mutations that the finding does not need.</summary>
    private FuzzInput Smaller(FuzzInput input)
    {
        for (int i = 0; i < input.Mutations.Length && input.Mutations.Length > 1; i++)
        {
            FuzzInput less = input with { Mutations = [.. input.Mutations.Where((_, k) => k != i)] };
            if (target.Judge(less) is not null)
            {
                return Smaller(less);
            }
        }

        return input;
    }
}
