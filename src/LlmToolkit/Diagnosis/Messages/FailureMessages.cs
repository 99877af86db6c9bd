namespace LlmToolkit.Diagnosis.Messages;

/// <summary>Lines that end a failed load of several programs and tell no cause: asked last of all.</summary>
internal static class FailureMessages
{
    public static IReadOnlyList<KnownMessage> All { get; } =
    [
        new("failed to load model", UnexpectedErrors.NoCause),
        new("unable to load model", UnexpectedErrors.NoCause),
        new("error loading model", UnexpectedErrors.NoCause),
        new("Engine core initialization failed", UnexpectedErrors.NoCause),
        new("llama runner process has terminated", UnexpectedErrors.NoCause),
        new("llama runner process no longer running", UnexpectedErrors.NoCause),
        new("Unknown error. Try a different model and/or config", UnexpectedErrors.NoCause),
        new("grpc service not ready", UnexpectedErrors.NoCause),
    ];
}
