using System.Reflection;
using System.Text.Json;
using LlmToolkit.Diagnosis;
using LlmToolkit.Diagnosis.Messages;

namespace LlmToolkit.Tests.Diagnosis;

/// <summary>What is asked first, what is unwrapped, and what must not be taken for something else.</summary>
public sealed class ErrorReporterTests
{
    /// <summary>Sentences that hold words of faults and mean none of them.</summary>
    [Theory]
    [InlineData("error loading the hyperparameters of the parameter group")]
    [InlineData("the device memory statistics look fine")]
    [InlineData("SSL connection established, connection reused")]
    [InlineData("program, diagram and telegram")]
    [InlineData("the file was not found to be malicious")]
    [InlineData("memory location of the tensor")]
    [InlineData("permission was denied by nobody")]
    [InlineData("killed two birds with one stone")]
    [InlineData("disconnection refusedness")]
    [InlineData("prebus errors")]
    [InlineData("timeout is set to 100 s")]
    [InlineData("")]
    [InlineData("\n\n\t ")]
    public void Explain_WordsInsideOtherWords_AreNothing(string message) => Assert.Null(new ErrorReporter().Explain(message));

    /// <summary>Exceptions whose text names another fault than their type: the type decides.</summary>
    [Fact]
    public void Explain_TypeAndNumber_WinOverTheText()
    {
        ErrorReporter reporter = new();
        Assert.Equal("LT1542", reporter.Explain(new IOException("device hyperparameter", 28)).Code);
        Assert.Equal("LT5110", reporter.Explain(FailureTable.OutOfMemory("No space left on device")).Code);
        Assert.Equal("LT1541", reporter.Explain(new UnauthorizedAccessException("Connection refused")).Code);
        Assert.Equal("LT9000", reporter.Explain(new InvalidOperationException("parameter")).Code);
        Assert.Equal("LT9000", reporter.Explain(new KeyNotFoundException()).Code);
    }

    [Fact]
    public void Explain_Wrappers_AreTakenOff()
    {
        ErrorReporter reporter = new();
        Exception inner = new DllNotFoundException("libllama");
        Assert.All(
            (Exception[])[new AggregateException(inner), new AggregateException(new AggregateException(inner), new IOException()), new TargetInvocationException(inner), new TypeInitializationException("T", inner), new InvalidOperationException("outer", inner)],
            e => Assert.Equal("LT4200", reporter.Explain(e).Code));
        ModelException own = new(new Diagnostic { Code = "LT1002", Message = "m", Kind = FaultKind.Refused });
        Assert.Equal("LT1002", reporter.Explain(new AggregateException(own)).Code);
    }

    [Fact]
    public void Explain_DeepNesting_Ends()
    {
        Exception deep = new InvalidOperationException("core");
        for (int i = 0; i < 10_000; i++)
        {
            deep = new InvalidOperationException("layer", deep);
        }

        Assert.Equal("LT9000", new ErrorReporter().Explain(deep).Code);
    }

    [Fact]
    public void Explain_CancellationAndTimeLimit_AreTwoThings()
    {
        ErrorReporter reporter = new();
        Assert.Equal("LT8015", reporter.Explain(new TaskCanceledException()).Code);
        Assert.Equal("LT6102", reporter.Explain(new TaskCanceledException("", new TimeoutException())).Code);
    }

    [Fact]
    public void Explain_Json_NamesTheFile()
    {
        JsonException json = Assert.ThrowsAny<JsonException>(() => JsonDocument.Parse("{"));
        Diagnostic diagnostic = new ErrorReporter().Explain(json, new LoadContext { File = "/m/config.json", Stop = LoadStop.Open });
        Assert.Equal("LT1521", diagnostic.Code);
        Assert.Contains("config.json", diagnostic.Message, StringComparison.Ordinal);
        Assert.Equal([LoadStop.Open], diagnostic.Stops);
    }

    [Fact]
    public void Explain_SecretsOfAddresses_AreNotRepeated()
    {
        Diagnostic diagnostic = new ErrorReporter().Explain(
            new HttpRequestException("404", null, System.Net.HttpStatusCode.NotFound), new LoadContext { Address = new Uri("https://user:pw@host/a/b?token=hf_secret") });
        Assert.DoesNotContain("hf_secret", diagnostic.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("pw", diagnostic.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Explain_UsersExplainer_IsAskedFirstAndMayFail()
    {
        ErrorReporter reporter = new([new Throwing(), new Own()]);
        Assert.Equal("XY0001", reporter.Explain(new IOException("x", 28)).Code);
        Assert.Equal("XY0002", reporter.Explain("our words")!.Code);
        Assert.Equal("LT1541", reporter.Explain(new UnauthorizedAccessException()).Code);
    }

    [Fact]
    public async Task ModelLoader_ForeignExceptionOfABackend_IsExplainedByTheRegistrysExplainers()
    {
        ToolkitRegistry registry = new();
        registry.Backends.Clear();
        registry.Backends.Add(new Breaking());
        registry.Explainers.Add(new Own());
        LoadResult result = await new ModelLoader(registry).TryLoadAsync(Loading.TemporaryFolder.PackedModel, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal("XY0001", result.Error!.Code);
        Assert.Contains(LoadStop.Load, result.Error.Stops);
    }

    /// <summary>Every code that a phrase names is one of the catalogue, and no phrase is shorter than a phrase.</summary>
    [Fact]
    public void Messages_AllPhrases_AreWholeAndKnown()
    {
        foreach (MessageExplainer producer in DefaultExplainers.All.OfType<MessageExplainer>())
        {
            Assert.Equal(producer.Messages.Count, producer.Messages.Select(m => m.Phrase).Distinct().Count());
            Assert.All(producer.Messages, m => Assert.True(m.Phrase.Length >= 6, m.Phrase));
            Assert.All(producer.Messages, m => Assert.True(ErrorCatalog.Find(m.Explain("said").Code) is not null, m.Phrase));
            Assert.All(producer.Messages, m => Assert.NotEmpty(m.Explain("said").Fixes));
        }
    }

    [Fact]
    public void Messages_LongText_TakesLinearTime()
    {
        string text = string.Concat(Enumerable.Repeat("key not found in model error loading key ", 50_000));
        System.Diagnostics.Stopwatch watch = System.Diagnostics.Stopwatch.StartNew();
        _ = new ErrorReporter().Explain(text);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(5), $"{watch.Elapsed}");
    }

    [Theory]
    [InlineData("LT1203")]
    [InlineData("lt1203")]
    [InlineData(" 1203 ")]
    [InlineData("LT-1203")]
    public void Find_AnyForm_IsTheCode(string code) => Assert.Equal("LT1203", ErrorCatalog.Find(code)!.Code);

    [Theory]
    [InlineData("LT1299")]
    [InlineData("12034")]
    [InlineData("LT")]
    [InlineData("")]
    [InlineData("-120")]
    [InlineData("１２０３")]
    public void Find_NoCode_IsNull(string code) => Assert.Null(ErrorCatalog.Find(code));

    private sealed class Own : IErrorExplainer
    {
        public Diagnostic? Explain(Exception exception, LoadContext context) => exception is IOException ? Make("XY0001") : null;

        public Diagnostic? Explain(string message, LoadContext context) => message == "our words" ? Make("XY0002") : null;

        private static Diagnostic Make(string code) => new() { Code = code, Message = "ours", Kind = FaultKind.Refused, Fixes = ["ours"] };
    }

    private sealed class Throwing : IErrorExplainer
    {
        public Diagnostic? Explain(Exception exception, LoadContext context) => throw new InvalidOperationException("the explainer is broken");
    }

    private sealed class Breaking : IModelBackend
    {
        public string Name => "breaking";

        public BackendStatus Diagnose() => new(true, "always", []);

        public BackendFit Assess(ModelInfo model, HardwareInfo hardware, LoadOptions options) => new() { Backend = Name, Accepted = true };

        public Task<ILanguageModel> LoadAsync(LoadPlan plan, LoadInput input, IProgress<LoadProgress>? progress, CancellationToken cancellationToken) => throw new IOException("from a library");
    }
}
