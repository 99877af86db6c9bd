using LlmToolkit.Text;

namespace LlmToolkit.Tests.Generation;

public sealed class ContextWindowTests
{
    [Theory]
    // Room for the 10 wanted tokens is left exactly.
    [InlineData(120, 100, 4, 10, 4, 30)]
    // At most half of what may be dropped becomes room.
    [InlineData(100, 100, 4, 1000, 4, 48)]
    // More to keep than fits: the last token still stays.
    [InlineData(50, 10, 100, 5, 8, 41)]
    [InlineData(3, 2, 4, 5, 0, 2)]
    public void Plan_Case_KeepsAndDrops(int length, int context, int keep, int wanted, int expectedKeep, int expectedDrop) =>
        Assert.Equal((expectedKeep, expectedDrop), ContextWindow.Plan(length, context, keep, wanted));

    [Fact]
    public void Apply_EverySmallCase_LeavesRoomAndTheLastToken()
    {
        for (int context = 2; context < 9; context++)
        {
            for (int length = context; length < 20; length++)
            {
                for (int keep = 0; keep < 11; keep++)
                {
                    for (int wanted = 1; wanted < 11; wanted++)
                    {
                        int[] tokens = [.. Enumerable.Range(0, length)];
                        (int Keep, int Drop) plan = ContextWindow.Plan(length, context, keep, wanted);
                        int[] left = ContextWindow.Apply(tokens, plan);

                        Assert.InRange(left.Length, 1, context - 1);
                        Assert.Equal(length - 1, left[^1]);
                        Assert.Equal(length, left.Length + plan.Drop);
                        Assert.Equal(Enumerable.Range(0, plan.Keep), left.Take(plan.Keep));
                    }
                }
            }
        }
    }
}
