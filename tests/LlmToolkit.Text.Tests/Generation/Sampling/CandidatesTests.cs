using LlmToolkit.Text;

namespace LlmToolkit.Tests.Generation;

public sealed class CandidatesTests
{
    [Fact]
    public void Choose_RandomLogits_LargestNumberWithTheLowestId()
    {
        Random random = new(4);
        for (int round = 0; round < 2_000; round++)
        {
            float[] logits = [.. Enumerable.Range(0, random.Next(0, 80)).Select(_ => random.Next(8) switch { 0 => float.NaN, 1 => float.NegativeInfinity, int x => x })];
            int expected = -1;
            for (int id = 0; id < logits.Length; id++)
            {
                expected = logits[id] > (expected < 0 ? float.NegativeInfinity : logits[expected]) ? id : expected;
            }

            Assert.Equal(expected, GreedySampler.Choose(logits));
        }
    }

    [Fact]
    public void FillAndSortFirst_RandomLogits_EqualAFullSort()
    {
        Random random = new(3);
        for (int round = 0; round < 300; round++)
        {
            int length = random.Next(1, 200);
            float[] logits = [.. Enumerable.Range(0, length).Select(_ => random.Next(10) == 0 ? float.NegativeInfinity : random.Next(-5, round % 3 == 0 ? 5 : 5000))];
            int[] expected = [.. Enumerable.Range(0, length).Where(i => logits[i] > float.NegativeInfinity).OrderByDescending(i => logits[i]).ThenBy(i => i)];
            Candidates candidates = new(length);

            int k = random.Next(1, length + 1);
            candidates.Fill(logits, k);
            candidates.SortFirst(k);
            Assert.Equal(expected.Take(k), candidates.Items.ToArray().Take(k).Select(c => c.Id));

            candidates.Fill(logits, 0);
            for (int n = random.Next(0, 10); n < length; n += random.Next(1, 50))
            {
                candidates.SortFirst(n);
                Assert.Equal(expected.Take(n), candidates.Items.ToArray().Take(n).Select(c => c.Id));
                Assert.Equal(expected.Order(), candidates.Items.ToArray().Select(c => c.Id).Order());
            }
        }
    }
}
