using LlmToolkit.Text;

namespace LlmToolkit.Tests.Generation;

public sealed class TextAssetsTests
{
    [Fact]
    public async Task From_Container_HoldsTheTokenizersDataUntilTheModelIsDisposed()
    {
        Container container = new();
        TokenizerSource? seen = null;
        TextAssets assets = TextAssets.From(
            container, new LoadOptions { Pre = "qwen2" }, source => { seen = source; return HashModel.Bytes; }, (_, _) => throw new InvalidOperationException("not asked for"));
        container.Dispose();
        Assert.Equal(1, container.Leases);

        HashModel model = new(text: assets);
        Assert.Same(HashModel.Bytes, assets.Tokenizer);
        await model.DisposeAsync();

        Assert.Equal(0, container.Leases);
        Assert.Equal("qwen2", seen!.Pre);
        Assert.Equal(0.3f, assets.Defaults.Temperature);
        Assert.Contains(77, assets.AllEndTokens);
        Assert.Equal("cls", assets.Pooling.Mode);
    }

    private sealed class Container : ModelContainer
    {
        public int Leases { get; private set; }

        public override ModelArtifact Artifact => throw new NotSupportedException();

        public override IReadOnlyList<ArtifactFile> Files => [];

        public override ModelInfo Info { get; } = new() { Format = "test", FileBytes = 0 };

        public override NamingScheme Naming => NamingScheme.Gguf;

        public override IModelMetadata Metadata => throw new NotSupportedException();

        public override IReadOnlyList<TensorInfo> Tensors => [];

        public override TokenizerSource? Tokenizer => new() { Lease = () => { Leases++; return new Release(this); } };

        public override string? ChatTemplate => "{{ x }}";

        public override GenerateOptions GenerationDefaults => new() { Temperature = 0.3f };

        public override IReadOnlyList<int> EndTokens => [77];

        public override PoolingOptions Pooling => new() { Mode = "cls" };

        public override TensorData Read(TensorInfo tensor) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
        }

        private sealed class Release(Container container) : IDisposable
        {
            public void Dispose() => container.Leases--;
        }
    }
}
