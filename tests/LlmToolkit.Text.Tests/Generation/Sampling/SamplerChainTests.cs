using LlmToolkit.Text;

namespace LlmToolkit.Tests.Generation;

public sealed class SamplerChainTests
{
    private const int Vocabulary = 300;

    public static TheoryData<string, GenerateOptions> Chains => new()
    {
        { "defaults", new() },
        { "greedy", new() { Temperature = 0 } },
        { "temperature only", new() { Temperature = 1.7f, TopK = 0, TopP = 1, MinP = 0 } },
        { "top-k 1", new() { TopK = 1 } },
        { "top-k beyond the vocabulary", new() { TopK = 5000, TopP = 1, MinP = 0 } },
        { "top-p without top-k", new() { TopK = 0, TopP = 0.7f, MinP = 0, Temperature = 1 } },
        { "nearly all by top-p", new() { TopK = 0, TopP = 0.999f, MinP = 0 } },
        { "top-p 0", new() { TopK = 0, TopP = 0 } },
        { "min-p without top-k", new() { TopK = 0, TopP = 1, MinP = 0.2f } },
        { "min-p 1", new() { TopK = 0, TopP = 1, MinP = 1 } },
        { "typical", new() { TopK = 0, TopP = 1, MinP = 0, TypicalP = 0.5f } },
        { "typical, top-p, min-p", new() { TopK = 100, TopP = 0.9f, MinP = 0.02f, TypicalP = 0.9f, Temperature = 2 } },
        { "typical 0", new() { TypicalP = 0 } },
        { "repetition", new() { RepetitionPenalty = 1.5f, PenaltyWindow = 5 } },
        { "repetition of all", new() { RepetitionPenalty = 1.3f, PenaltyWindow = -1, Temperature = 0 } },
        { "repetition of none", new() { RepetitionPenalty = 1.3f, PenaltyWindow = 0, Temperature = 0 } },
        { "frequency and presence", new() { FrequencyPenalty = 0.7f, PresencePenalty = -1.2f, TopK = 0 } },
        { "bias", new() { LogitBias = new Dictionary<int, float> { [3] = 5, [7] = -100, [11] = float.NegativeInfinity } } },
        { "everything", new() { LogitBias = new Dictionary<int, float> { [1] = 3 }, RepetitionPenalty = 1.1f, FrequencyPenalty = 0.1f, PresencePenalty = 0.2f, TypicalP = 0.95f } },
    };

    [Theory, MemberData(nameof(Chains))]
    public void Next_Chain_EqualsNaiveDefinition(string name, GenerateOptions options)
    {
        for (int seed = 0; seed < 15; seed++)
        {
            GenerateOptions resolved = GenerateDefaults.Resolve(options with { Seed = seed }, new GenerateOptions());
            Random random = new(seed);
            int[] prompt = [.. Enumerable.Range(0, 12).Select(_ => random.Next(20))];
            SamplerChain chain = new(resolved, Vocabulary);
            chain.Begin(prompt);
            NaiveSampler naive = new(resolved, prompt);
            for (int step = 0; step < 20; step++)
            {
                // Peaked by the cube, with many equal values and a few that are impossible.
                float[] logits = [.. Enumerable.Range(0, Vocabulary).Select(_ => random.Next(50) == 0 ? float.NegativeInfinity : MathF.Round(MathF.Pow(random.NextSingle(), 3) * 120) / 10 - 3)];
                int expected = naive.Next([.. logits.Select(l => (double)l)]);

                int actual = chain.Next(logits);

                Assert.True(expected == actual, $"{name}, seed {seed}, step {step}: expected {expected}, got {actual}");
            }
        }
    }

    [Fact]
    public void Next_SameSeed_SameTokens()
    {
        Assert.Equal(Tokens(7), Tokens(7));
        Assert.NotEqual(Tokens(7), Tokens(8));

        static int[] Tokens(long seed)
        {
            SamplerChain chain = new(GenerateDefaults.Resolve(new() { Seed = seed, Temperature = 3, TopK = 0, TopP = 1, MinP = 0 }, new()), Vocabulary);
            return [.. Enumerable.Range(0, 50).Select(_ => chain.Next(new float[Vocabulary]))];
        }
    }

    [Fact]
    public void Next_ManyDraws_FrequenciesAreTheProbabilities()
    {
        SamplerChain chain = new(GenerateDefaults.Resolve(new() { Seed = 1, Temperature = 1, TopK = 0, TopP = 1, MinP = 0 }, new()), 3);
        int[] counts = new int[3];
        for (int i = 0; i < 100_000; i++)
        {
            counts[chain.Next([MathF.Log(0.2f), MathF.Log(0.5f), MathF.Log(0.3f)])]++;
        }

        Assert.InRange(counts[0], 19_000, 21_000);
        Assert.InRange(counts[1], 49_000, 51_000);
    }

    [Theory]
    [InlineData(0f)]
    [InlineData(1f)]
    public void Next_NoFiniteLogit_MinusOne(float temperature)
    {
        SamplerChain chain = new(GenerateDefaults.Resolve(new() { Temperature = temperature }, new()), 4);

        Assert.Equal(-1, chain.Next([float.NaN, float.NaN, float.NegativeInfinity, float.NaN]));
    }

    [Theory, MemberData(nameof(Chains))]
    public void Next_WarmedUp_AllocatesNothing(string name, GenerateOptions options)
    {
        SamplerChain chain = new(GenerateDefaults.Resolve(options with { Seed = 1 }, new()), Vocabulary);
        chain.Begin([1, 2, 3]);
        float[] logits = new float[Vocabulary];
        chain.Next(logits);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 50; i++)
        {
            logits.AsSpan().Fill(i);
            logits[i] = 9;
            chain.Next(logits);
        }

        Assert.True(GC.GetAllocatedBytesForCurrentThread() == before, $"{name} allocates.");
    }

    /// <summary>The chain as its definition reads, in double precision, with full sorts.</summary>
    private sealed class NaiveSampler(GenerateOptions options, int[] prompt)
    {
        private readonly List<int> _all = [.. prompt];
        private readonly List<int> _answer = [];
        private readonly Xoshiro _random = new(options.Seed!.Value);

        public int Next(double[] logits)
        {
            Penalize(logits);
            List<(int Id, double Logit)> left = [.. logits.Select((l, id) => (id, l)).Where(c => c.l > double.NegativeInfinity).OrderByDescending(c => c.l).ThenBy(c => c.id)];
            int token = options.Temperature == 0 ? left[0].Id : Draw(left);
            _all.Add(token);
            _answer.Add(token);
            return token;
        }

        private void Penalize(double[] logits)
        {
            foreach ((int id, float bias) in options.LogitBias ?? new Dictionary<int, float>())
            {
                logits[id] = (float)(logits[id] + bias);
            }

            int window = options.PenaltyWindow == -1 ? _all.Count : Math.Min(options.PenaltyWindow!.Value, _all.Count);
            foreach (int id in _all.TakeLast(window).Distinct())
            {
                float penalty = options.RepetitionPenalty!.Value;
                logits[id] = (float)(logits[id] > 0 ? (float)logits[id] / penalty : (float)logits[id] * penalty);
            }

            foreach (IGrouping<int, int> group in _answer.GroupBy(id => id))
            {
                logits[group.Key] = (float)logits[group.Key] - ((group.Count() * options.FrequencyPenalty!.Value) + options.PresencePenalty!.Value);
            }
        }

        private int Draw(List<(int Id, double Logit)> left)
        {
            bool sorted = options.TopK > 0 && options.TopK < Vocabulary;
            if (sorted)
            {
                left = [.. left.Take(options.TopK!.Value)];
            }

            if (options.TypicalP < 1)
            {
                sorted = true;
                double[] p = Softmax(left);
                double entropy = p.Sum(x => x > 0 ? -x * Math.Log(x) : 0);
                // Of equal distances the likelier first; of equally likely ones the nearest in order.
                int[] order = [.. Enumerable.Range(0, p.Length).OrderBy(i => Math.Abs(-Math.Log(p[i]) - entropy)).ThenBy(i => -Math.Log(p[i]) < entropy ? -i : i)];
                int count = Cumulate([.. order.Select(i => p[i])], sum => sum > options.TypicalP!.Value);
                left = [.. order.Take(count).Order().Select(i => left[i])];
            }

            if (options.TopP < 1)
            {
                sorted = true;
                left = [.. left.Take(Cumulate(Softmax(left), sum => sum >= options.TopP!.Value))];
            }

            left = [.. left.Where(c => options.MinP == 0 || c.Logit >= left[0].Logit + Math.Log(options.MinP!.Value))];
            double[] last = Softmax([.. left.Select(c => (c.Id, c.Logit / options.Temperature!.Value))]);
            if (!sorted)
            {
                // Nothing needed an order: they are drawn by id.
                (left, last) = ([.. left.OrderBy(c => c.Id)], [.. left.Zip(last).OrderBy(c => c.First.Id).Select(c => c.Second)]);
            }

            double draw = _random.NextDouble();
            int chosen = Cumulate(last, sum => sum > draw) - 1;
            return left[chosen].Id;
        }

        private static int Cumulate(double[] p, Func<double, bool> enough)
        {
            double sum = 0;
            for (int i = 0; i < p.Length; i++)
            {
                sum += p[i];
                if (enough(sum))
                {
                    return i + 1;
                }
            }

            return p.Length;
        }

        private static double[] Softmax(List<(int Id, double Logit)> candidates)
        {
            double max = candidates.Max(c => c.Logit);
            double sum = candidates.Sum(c => Math.Exp(c.Logit - max));
            return [.. candidates.Select(c => Math.Exp(c.Logit - max) / sum)];
        }
    }
}
