using LlmToolkit;

namespace Acme.Tens;

/// <summary>A rule of a user's own: tensors may not be called after their author.</summary>
public sealed class NoVanity : IModelCheck
{
    /// <inheritdoc/>
    public string Name => "no-vanity";

    /// <inheritdoc/>
    public IEnumerable<Diagnostic> Check(ModelDescription description)
    {
        ArgumentNullException.ThrowIfNull(description);
        return description.Tensors.Where(t => t.Name.Contains("acme", StringComparison.Ordinal)).Select(t => new Diagnostic
        {
            Code = "ACME01",
            Kind = FaultKind.Refused,
            Severity = Severity.Medium,
            Message = $"The tensor {t.Name} is named after its author.",
            Field = t.Name,
            Fixes = ["Rename it."],
        });
    }
}

/// <summary>Explains what a library of the user's throws and says.</summary>
public sealed class DongleExplainer : IErrorExplainer
{
    /// <inheritdoc/>
    public Diagnostic? Explain(Exception exception, LoadContext context) => exception is TensDongleException ? Missing(context?.File) : null;

    /// <inheritdoc/>
    public Diagnostic? Explain(string message, LoadContext context) =>
        message is not null && message.Contains("dongle", StringComparison.Ordinal) ? Missing(context?.File) : null;

    private static Diagnostic Missing(string? file) => new()
    {
        Code = "ACME02",
        Kind = FaultKind.Unsupported,
        Category = ErrorCategory.Hardware,
        Message = "The dongle does not answer.",
        File = file,
        Fixes = ["Plug it in."],
    };
}

/// <summary>Knows a device that the toolkit does not.</summary>
public sealed class AcmeCard : IHardwareSource
{
    /// <inheritdoc/>
    public HardwareInfo Probe(HardwareInfo known)
    {
        ArgumentNullException.ThrowIfNull(known);
        return known with { Accelerators = [.. known.Accelerators, "Acme card"] };
    }
}

/// <summary>A backend that runs nothing but .tens files, and answers with their name.</summary>
public sealed class AcmeBackend : IModelBackend
{
    /// <inheritdoc/>
    public string Name => "acme";

    /// <inheritdoc/>
    public BackendStatus Diagnose() => new(true, "The card is there.", [], "card");

    /// <inheritdoc/>
    public BackendFit Assess(ModelInfo model, HardwareInfo hardware, LoadOptions options)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(hardware);
        bool fits = model.Format == "tens" && hardware.Accelerators.Contains("Acme card");
        return new BackendFit
        {
            Backend = Name,
            Accepted = fits,
            SpeedClass = SpeedClass.Gpu,
            Reasons = [fits ? new BackendReason("ACME10", "It is a .tens file.") : new BackendReason("ACME11", "It is no .tens file, or there is no card.", null, FaultKind.Unsupported)],
        };
    }

    /// <inheritdoc/>
    public Task<ILanguageModel> LoadAsync(LoadPlan plan, LoadInput input, IProgress<LoadProgress>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(input);
        return Task.FromResult<ILanguageModel>(new AcmeModel(input.Container!.Info));
    }

    private sealed class AcmeModel(ModelInfo info) : ILanguageModel
    {
        public ModelInfo Info => info;

        public string Backend => "acme";

        public int ContextLength => info.ContextLength ?? 1;

        public async IAsyncEnumerable<TextChunk> GenerateAsync(Prompt prompt, GenerateOptions? options = null, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            await Task.Yield();
            yield return new TextChunk { Text = $"I am {info.Architecture}." };
        }

        public Task<TextEmbedding> EmbedAsync(string text, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public Prompt ApplyTemplate(IReadOnlyList<ChatTurn> messages, bool addGenerationPrompt = true) => Prompt.FromText(messages[^1].Content);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
