namespace LlmToolkit.Core.Tests.Tensors;

public sealed class TensorDataTests
{
    private static readonly TensorInfo s_info = new() { Name = "t", DType = DTypes.F32, Shape = [3, 2], File = new ArtifactFile("/t", 24), Offset = 0, Bytes = 24 };

    [Fact]
    public void Row_OfEachRow_IsItsBytes()
    {
        NativeBuffer buffer = new(24);
        for (int i = 0; i < 24; i++)
        {
            buffer.Span(i, 1)[0] = (byte)i;
        }

        using TensorData data = new(s_info, buffer.Address, buffer, copied: true);
        buffer.Release();

        Assert.Equal((3, 8, true), (data.Rows, data.RowBytes, data.Copied));
        Assert.Equal([16, 17, 18, 19, 20, 21, 22, 23], data.Row(2).ToArray());
        Assert.Throws<ArgumentOutOfRangeException>(() => data.Row(3).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => data.Row(-1).Length);
    }

    [Fact]
    public void Row_AfterDisposal_Throws()
    {
        Memory memory = new();
        TensorData data = new(s_info, 0, memory);
        data.Dispose();

        Assert.Throws<ObjectDisposedException>(() => data.Row(0).Length);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Dispose_OfTheLastOwner_FreesOnce(bool containerFirst)
    {
        Memory memory = new();
        TensorData first = new(s_info, 0, memory);
        TensorData second = new(s_info, 0, memory);
        List<Action> owners = [first.Dispose, first.Dispose, second.Dispose, memory.Release];
        if (containerFirst)
        {
            owners.Reverse();
        }

        foreach (Action letGo in owners.SkipLast(1))
        {
            letGo();
        }

        int before = memory.Freed;
        owners[^1]();

        // In reverse order the last call is the second disposal of a tensor that let go already.
        Assert.Equal((containerFirst ? 1 : 0, 1), (before, memory.Freed));
        Assert.Throws<ObjectDisposedException>(() => new TensorData(s_info, 0, memory));
    }

    [Fact]
    public void AddReference_FromManyThreads_FreesOnceAtTheEnd()
    {
        Memory memory = new();
        Parallel.For(0, 1000, _ =>
        {
            memory.AddReference();
            memory.Release();
        });
        Assert.Equal(0, memory.Freed);

        memory.Release();

        Assert.Equal(1, memory.Freed);
    }

    [Theory]
    [InlineData(-1, 1)]
    [InlineData(0, 65)]
    [InlineData(64, 1)]
    [InlineData(long.MaxValue, 1)]
    public void Span_OutsideTheBuffer_Throws(long offset, int length)
    {
        NativeBuffer buffer = new(64);
        Assert.ThrowsAny<ArgumentException>(() => buffer.Span(offset, length).Length);
        buffer.Release();
    }

    [Fact]
    public void NativeBuffer_Address_IsAligned()
    {
        NativeBuffer buffer = new(1);
        Assert.Equal(0, buffer.Address % 64);
        Assert.Equal(1, buffer.Bytes);
        buffer.Release();
    }

    private sealed class Memory : TensorMemory
    {
        public int Freed { get; private set; }

        protected override void Free() => Freed++;
    }
}
