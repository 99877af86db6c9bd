using LlmToolkit.Hub;

namespace LlmToolkit.Tests.Hub.Selection;

/// <summary>Which files are needed, over the shapes that real repositories have.</summary>
public sealed class HubSelectionTests
{
    /// <summary>Name, files (a size in MB after '='; 1 without), selector, what a model needs, the entry (null: the folder).</summary>
    public static TheoryData<string, string, string?, string, string?> Shapes => new()
    {
        { "one safetensors", "config.json model.safetensors=500 tokenizer.json tokenizer_config.json README.md .gitattributes", null, "config.json model.safetensors tokenizer.json tokenizer_config.json", null },
        { "shards", "config.json generation_config.json model-00001-of-00002.safetensors=5000 model-00002-of-00002.safetensors=900 model.safetensors.index.json tokenizer.model LICENSE", null, "config.json generation_config.json model-00001-of-00002.safetensors model-00002-of-00002.safetensors model.safetensors.index.json tokenizer.model", null },
        { "both kinds of shards", "config.json model-00001-of-00002.safetensors=50 model-00002-of-00002.safetensors=50 model.safetensors.index.json pytorch_model-00001-of-00002.bin=50 pytorch_model-00002-of-00002.bin=50 pytorch_model.bin.index.json", null, "config.json model-00001-of-00002.safetensors model-00002-of-00002.safetensors model.safetensors.index.json", null },
        { "original layout beside", "config.json model.safetensors=9 original/consolidated.00.pth=9 original/params.json original/tokenizer.model consolidated.safetensors=9 tokenizer.json chat_template.jinja", null, "chat_template.jinja config.json model.safetensors tokenizer.json", null },
        { "all frameworks (gpt2)", "64.tflite=125 config.json flax_model.msgpack=500 generation_config.json merges.txt model.safetensors=548 onnx/config.json onnx/decoder_model.onnx=650 pytorch_model.bin=548 rust_model.ot=700 tf_model.h5=498 tokenizer.json tokenizer_config.json vocab.json", null, "config.json generation_config.json merges.txt model.safetensors tokenizer.json tokenizer_config.json vocab.json", null },
        { "PyTorch alone", "config.json pytorch_model.bin=400 optimizer.pt=800 scheduler.pt rng_state.pth training_args.bin trainer_state.json vocab.txt", null, "config.json pytorch_model.bin trainer_state.json vocab.txt", null },
        { "a name of its own", "config.json weights-final.safetensors=5", null, "config.json weights-final.safetensors", null },
        { "a variant beside", "config.json model.fp16.safetensors=5 model.safetensors=10", null, "config.json model.safetensors", null },
        { "no configuration", "gemma.pt=5 README.md", null, "gemma.pt", "gemma.pt" },
        { "sentence-transformers", "1_Pooling/config.json 2_Dense/config.json 2_Dense/model.safetensors 2_Dense/pytorch_model.bin config.json config_sentence_transformers.json model.safetensors=90 modules.json onnx/model.onnx=90 openvino/openvino_model.bin=90 openvino/openvino_model.xml sentence_bert_config.json tokenizer.json vocab.txt", null, "1_Pooling/config.json 2_Dense/config.json 2_Dense/model.safetensors config.json config_sentence_transformers.json model.safetensors modules.json sentence_bert_config.json tokenizer.json vocab.txt", null },
        { "an adapter", "README.md adapter_config.json adapter_model.safetensors=20 tokenizer.json", null, "adapter_config.json adapter_model.safetensors tokenizer.json", null },
        { "quantizations", "M-IQ2_M.gguf=300 M-Q4_K_L.gguf=500 M-Q4_K_M.gguf=450 M-Q8_0.gguf=800 M-bf16.gguf=1500 M.imatrix mmproj-M-f16.gguf=90 README.md", null, "M-Q4_K_M.gguf", "M-Q4_K_M.gguf" },
        { "one quantization", "M-Q4_K_M.gguf=450 M-Q8_0.gguf=800 config.json", "q8_0", "M-Q8_0.gguf", "M-Q8_0.gguf" },
        { "dots before the tag", "m.Q3_K_S.gguf=3 m.Q4_K_M.gguf=4 m.Q4_K_S.gguf=4", "Q4_K_S", "m.Q4_K_S.gguf", "m.Q4_K_S.gguf" },
        { "folders, split", "BF16/M-BF16-00001-of-00002.gguf=50 BF16/M-BF16-00002-of-00002.gguf=50 Q4_K_M/M-Q4_K_M-00001-of-00002.gguf=20 Q4_K_M/M-Q4_K_M-00002-of-00002.gguf=5 UD-Q4_K_XL/M-UD-Q4_K_XL-00001-of-00001.gguf=22", null, "Q4_K_M/M-Q4_K_M-00001-of-00002.gguf Q4_K_M/M-Q4_K_M-00002-of-00002.gguf", "Q4_K_M/M-Q4_K_M-00001-of-00002.gguf" },
        { "a tag with a prefix", "M-Q4_K_M.gguf=4 M-UD-Q4_K_XL.gguf=5", "UD-Q4_K_XL", "M-UD-Q4_K_XL.gguf", "M-UD-Q4_K_XL.gguf" },
        { "a file by its name", "a.gguf=4 b.gguf=5", "b.gguf", "b.gguf", "b.gguf" },
        { "any part of a set by its name", "s/a-00001-of-00002.gguf=4 s/a-00002-of-00002.gguf=5", "s/a-00002-of-00002.gguf", "s/a-00001-of-00002.gguf s/a-00002-of-00002.gguf", "s/a-00001-of-00002.gguf" },
        { "GGUF beside a checkpoint", "config.json model.safetensors=50 M-Q4_K_M.gguf=10 tokenizer.json", null, "config.json model.safetensors tokenizer.json", null },
        { "a list without its shards", "config.json model.safetensors.index.json README.md", null, "config.json model.safetensors.index.json", null },
        { "projector alone", "mmproj.gguf=5", null, "mmproj.gguf", "mmproj.gguf" },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Model_NeedsTheseFiles(string shape, string files, string? selector, string expected, string? entry)
    {
        HubListing listing = Listing(files);

        HubSelectionResult result = HubSelection.ForModel(listing, Id(selector));

        Assert.NotEmpty(shape);
        Assert.Equal(expected.Split(' ').Order(StringComparer.Ordinal), result.Files.Select(f => f.Path).Order(StringComparer.Ordinal));
        Assert.Equal(entry, result.Entry?.Path);
        Assert.Equal(listing.Files.Count, result.Files.Count + result.Skipped.Count);
        Assert.All(result.Skipped, s => Assert.NotEmpty(s.Reason));
    }

    [Theory]
    [InlineData(10_000, "M-Q4_K_M.gguf", "is taken of 4")]
    [InlineData(430, "M-Q3_K_M.gguf", "Q4_K_M does not fit")]
    [InlineData(320, "M-IQ2_M.gguf", "Q4_K_M does not fit")]
    [InlineData(10, "M-IQ2_M.gguf", "None of 4")]
    public void Quantization_FitsTheMemory_SaidAloud(long megabytes, string expected, string note)
    {
        HubSelectionResult result = HubSelection.ForModel(Listing("M-IQ2_M.gguf=300 M-Q3_K_M.gguf=400 M-Q4_K_M.gguf=450 M-Q8_0.gguf=800"), Id(null), bytes => bytes <= megabytes * 1_000_000);

        Assert.Equal(expected, result.Entry!.Path);
        Assert.Contains(note, result.Note, StringComparison.Ordinal);
    }

    [Fact]
    public void Checkpoint_TooLarge_GivesWayToAGguf()
    {
        HubSelectionResult result = HubSelection.ForModel(Listing("config.json model.safetensors=5000 M-Q4_K_M.gguf=900"), Id(null), bytes => bytes <= 1_000_000_000);

        Assert.Equal("M-Q4_K_M.gguf", result.Entry!.Path);
        Assert.Contains("does not fit", result.Note, StringComparison.Ordinal);
    }

    [Fact]
    public void Download_LeavesOutSecondCopiesAlone()
    {
        HubListing listing = Listing("README.md config.json images/x.png model.safetensors=50 pytorch_model.bin=50 tf_model.h5=50 notes.txt optimizer.pt=90 other.bin M-Q8_0.gguf=20");

        HubSelectionResult result = HubSelection.ForDownload(Id(null))(listing);

        Assert.Equal(["README.md", "config.json", "images/x.png", "model.safetensors", "notes.txt", "other.bin"], result.Files.Select(f => f.Path));
        Assert.Equal(["M-Q8_0.gguf", "optimizer.pt", "pytorch_model.bin", "tf_model.h5"], result.Skipped.Select(s => s.Path));
        Assert.Equal(["README.md"], HubSelection.ForDownload(Id("README.md"))(listing).Files.Select(f => f.Path));
        HubListing plain = Listing("a.txt b/c.csv");
        Assert.Equal(plain.Files, HubSelection.ForDownload(Id(null))(plain).Files);
    }

    [Fact]
    public void Tokenizer_NeedsNoWeights()
    {
        HubSelectionResult? result = HubSelection.ForTokenizer(Listing("config.json model-00001-of-00002.safetensors=50 model.safetensors.index.json tokenizer.json tokenizer_config.json chat_template.jinja README.md"), Id(null));

        Assert.Equal(["chat_template.jinja", "config.json", "tokenizer.json", "tokenizer_config.json"], result!.Files.Select(f => f.Path));
        Assert.Null(HubSelection.ForTokenizer(Listing("M-Q4_K_M.gguf=5"), Id(null)));
    }

    [Theory]
    [InlineData("README.md data.csv", null, "LT6050")]
    [InlineData("model_index.json vae/diffusion_pytorch_model.safetensors unet/config.json", null, "LT6050")]
    [InlineData("M-Q4_K_M.gguf=4", "Q5_K_M", "LT6051")]
    [InlineData("M-Q4_K_M.gguf=4", "absent.gguf", "LT6051")]
    [InlineData("M-Q4_K_M.gguf=4", "Q4_K", "LT6051")]
    public void Nothing_IsOneClearError(string files, string? selector, string code) =>
        Assert.Equal(code, Assert.Throws<ModelException>(() => HubSelection.ForModel(Listing(files), Id(selector))).Diagnostic.Code);

    private static HubModelId Id(string? selector) => HubModelId.TryParse("owner/name" + (selector is null ? "" : ":" + selector), out HubModelId? id) ? id : throw new ArgumentException(selector);

    private static HubListing Listing(string files) => new()
    {
        Repository = new HubRepository("owner/name"),
        Revision = "main",
        Commit = new string('a', 40),
        Files = [.. files.Split(' ').Select(f => f.Split('=')).Select(f => new HubFile { Path = f[0], Size = (f.Length > 1 ? int.Parse(f[1], System.Globalization.CultureInfo.InvariantCulture) : 1) * 1_000_000L, BlobId = new string('b', 40) }).OrderBy(f => f.Path, StringComparer.Ordinal)],
    };
}
