using LlmToolkit.Formats;
using LlmToolkit.Loading;

namespace LlmToolkit.Tests.Loading;

public sealed class FormatDetectorTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData("gguf", "gguf")]
    [InlineData("a wrong ending", "gguf")]
    [InlineData("safetensors", "safetensors")]
    [InlineData("pytorch", "pytorch")]
    [InlineData("folder", "huggingface")]
    public void Detect_Model_IsNamedByItsContent(string kind, string format)
    {
        string path = kind switch
        {
            "gguf" => _folder.File("m.gguf", TinyGguf.Sound().Build()),
            "a wrong ending" => _folder.File("m.safetensors", TinyGguf.Sound().Build()),
            "safetensors" => _folder.BareWeights("m.bin"),
            "pytorch" => SharedData.Conformance("pytorch", "tied.bin"),
            _ => SharedData.Conformance("models", "llama"),
        };

        Detection detection = Detect(path);

        Assert.Equal(format, detection.Format);
        Assert.InRange(detection.Score, 0.5, 1);
        Assert.NotEmpty(detection.Reason);
        Assert.Equal(detection.Candidates.OrderByDescending(c => c.Match.Score), detection.Candidates);
        Assert.Null(detection.Recognised);
    }

    [Theory]
    [InlineData("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n", "git-lfs-pointer")]
    [InlineData("<!DOCTYPE html><html><body>Sign in</body></html>", "html")]
    [InlineData("", "empty-file")]
    public void Detect_NoModel_IsRecognisedWithAWayOut(string content, string recognised)
    {
        Detection detection = Detect(_folder.File("m.gguf", content));

        Assert.Equal(("unknown", 0.0), (detection.Format, detection.Score));
        Assert.NotNull(detection.Recognised);
        Assert.Contains(recognised.Split('-')[0], detection.Recognised, StringComparison.OrdinalIgnoreCase);
        Assert.NotEmpty(detection.Explanation!.Fixes);
        Assert.Equal(detection.Explanation.Code, Refusal(detection, null));
    }

    [Fact]
    public void Detect_Noise_IsUnknown()
    {
        byte[] noise = new byte[5000];
        new Random(1).NextBytes(noise);
        Detection detection = Detect(_folder.File("m.gguf", noise));

        Assert.Equal("unknown", detection.Format);
        Assert.Equal("LT2101", Refusal(detection, null));
    }

    [Fact]
    public void Choose_AskedFormat_IsCheckedAgainstTheContent()
    {
        Detection detection = Detect(_folder.File("m", TinyGguf.Sound().Build()));

        Assert.Equal("gguf", FormatDetector.Choose(detection, null, DefaultFormats.All).Name);
        Assert.Equal("gguf", FormatDetector.Choose(detection, "gguf", DefaultFormats.All).Name);
        Assert.Equal("LT2103", Refusal(detection, "safetensors"));
        Assert.Equal("LT2102", Refusal(detection, "gguff"));
    }

    [Theory]
    [InlineData("plain", 100, 100, 0)]
    [InlineData("plain", 10000, 4096, 0)]
    [InlineData("PK", 100, 100, 100)]
    [InlineData("PK", 100000, 4096, 65536)]
    public void Detect_File_ReadsHeadAndTheTailOfZipsOnly(string start, int length, int head, int tail)
    {
        byte[] bytes = new byte[length];
        System.Text.Encoding.ASCII.GetBytes(start, bytes);
        bytes[^1] = 42;
        Looking format = new(new FormatMatch(0.7, "it looked"));

        Detection detection = FormatDetector.Detect(ModelArtifact.FromPath(_folder.File("m", bytes)), [format]);

        Assert.Equal((head, tail), (format.Head.Length, format.Tail.Length));
        Assert.Equal(bytes[..head], format.Head);
        Assert.Equal(bytes[(length - tail)..], format.Tail);
        Assert.Equal(("looking", 0.7, "it looked"), (detection.Format, detection.Score, detection.Reason));
    }

    [Fact]
    public void Detect_EqualScores_TakesTheEarlierFormat()
    {
        Looking first = new(new FormatMatch(0.5, "first"));
        Looking second = new(new FormatMatch(0.5, "second"));
        ModelArtifact artifact = ModelArtifact.FromPath(_folder.File("m", 1));

        Assert.Equal("first", FormatDetector.Detect(artifact, [first, second]).Reason);
        Assert.Equal("second", FormatDetector.Detect(artifact, [second, first]).Reason);
    }

    public void Dispose() => _folder.Dispose();

    private static Detection Detect(string path) => FormatDetector.Detect(ModelArtifact.FromPath(path), DefaultFormats.All);

    private static string Refusal(Detection detection, string? asked) =>
        Assert.Throws<ModelException>(() => FormatDetector.Choose(detection, asked, DefaultFormats.All)).Diagnostic.Code;

    /// <summary>Keeps what it was shown.</summary>
    private sealed class Looking(FormatMatch match) : IModelFormat
    {
        public byte[] Head { get; private set; } = [];

        public byte[] Tail { get; private set; } = [];

        public string Name => "looking";

        public string Summary => "looks";

        public FormatMatch Probe(ModelArtifact artifact, ProbeBytes bytes)
        {
            (Head, Tail) = (bytes.Head.ToArray(), bytes.Tail.ToArray());
            return match;
        }

        public ModelContainer Open(ModelArtifact artifact) => throw new InvalidOperationException("Detection opens nothing.");

        public ModelDescription Describe(ModelArtifact artifact) => throw new InvalidOperationException("Detection opens nothing.");
    }
}
