using LlmToolkit.Testing;
using LlmToolkit.Text;

namespace LlmToolkit.Tests.Embedding;

public sealed class EncoderModelTests
{
    [Fact]
    public async Task EmbedAsync_Text_PoolsTheStatesOfAllTokens()
    {
        await using Encoder model = new(new PoolingOptions { Mode = "mean" });

        TextEmbedding embedding = await model.EmbedAsync("ab", TestContext.Current.CancellationToken);

        Assert.Equal(3, embedding.Tokens);
        Assert.Equal(0, embedding.DroppedTokens);
        Assert.Equal([(256f + 97 + 98) / 3, 1f], embedding.Vector.ToArray());
    }

    [Theory]
    [InlineData(4, 2)]
    [InlineData(null, 0)]
    [InlineData(50, 0)]
    public async Task EmbedAsync_LongText_IsCutAndSaysSo(int? max, int dropped)
    {
        await using Encoder model = new(new PoolingOptions { MaxTokens = max }, context: 10);

        TextEmbedding embedding = await model.EmbedAsync("abcde", TestContext.Current.CancellationToken);

        Assert.Equal(dropped, embedding.DroppedTokens);
        Assert.Equal(6 - dropped, embedding.Tokens);
    }

    [Fact]
    public void Cut_SpecialTokensAround_Stay()
    {
        TokenizerEncoding encoding = new([101, 1, 2, 3, 4, 102], [], null, [], [1, 0, 0, 0, 0, 1], [], null);

        Assert.Equal([101, 1, 2, 102], EncoderModel.Cut(encoding, 4));
        Assert.Equal([101, 1, 2, 3, 4, 102], EncoderModel.Cut(encoding, 6));
        Assert.Equal([102], EncoderModel.Cut(encoding, 1));
    }

    [Fact]
    public async Task GenerateAsync_Encoder_SaysThatItCannot()
    {
        await using Encoder model = new(new PoolingOptions());

        ModelException error = Assert.Throws<ModelException>(() => model.GenerateAsync("x", null, TestContext.Current.CancellationToken));

        Assert.Equal("LT3207", error.Diagnostic.Code);
        Assert.Equal(FaultKind.Unsupported, error.Diagnostic.Kind);
        Assert.NotEmpty(error.Diagnostic.Fixes);
    }

    [Fact]
    public async Task EmbedAsync_ManyAtOnce_TakeTurns()
    {
        await using Encoder model = new(new PoolingOptions());

        await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => model.EmbedAsync("abc", TestContext.Current.CancellationToken)));

        Assert.Equal(1, model.MostAtOnce);
    }

    [Fact]
    public async Task EmbedAsync_Disposed_Throws()
    {
        Encoder model = new(new PoolingOptions());
        await model.DisposeAsync();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => model.EmbedAsync("x", TestContext.Current.CancellationToken));
    }

    /// <summary>The hidden state of a token is its id and 1.</summary>
    private sealed class Encoder(PoolingOptions pooling, int context = 100)
        : EncoderModel(new ModelInfo { Format = "test", FileBytes = 0, IsEncoder = true }, "test", context, new TextAssets(() => new ByteTokenizer()) { Pooling = pooling })
    {
        private int _now;

        public int MostAtOnce { get; private set; }

        public override int Width => 2;

        public override void Encode(ReadOnlySpan<int> ids, Span<float> hidden, CancellationToken cancellationToken = default)
        {
            MostAtOnce = Math.Max(MostAtOnce, Interlocked.Increment(ref _now));
            for (int i = 0; i < ids.Length; i++)
            {
                (hidden[2 * i], hidden[(2 * i) + 1]) = (ids[i], 1);
            }

            Interlocked.Decrement(ref _now);
        }
    }
}
