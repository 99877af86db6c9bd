using System.Runtime.InteropServices;

namespace LlmToolkit.Diagnosis.Explainers;

/// <summary>Native libraries that cannot be loaded or called.</summary>
internal sealed class NativeFaults : IErrorExplainer
{
    private const int WrongFormat = unchecked((int)0x8007000B);

    /// <inheritdoc/>
    public Diagnostic? Explain(Exception exception, LoadContext context) => exception switch
    {
        EntryPointNotFoundException => NativeErrors.EntryPointMissing(exception.Message),
        BadImageFormatException => NativeErrors.WrongProcessor(exception.Message),
        // The text of dlopen's error names what is missing; LibraryMessages knows its forms.
        DllNotFoundException => LibraryMessage(exception.Message, context) ?? NativeErrors.LibraryMissing(exception.Message),
        SEHException or AccessViolationException => NativeErrors.Segfault(exception.Message),
        { HResult: WrongFormat } => NativeErrors.WrongProcessor(exception.Message),
        PlatformNotSupportedException => UnexpectedErrors.Platform(exception.Message),
        _ => null,
    };

    private static Diagnostic? LibraryMessage(string text, LoadContext context) => new Messages.MessageExplainer("the loader", Messages.LibraryMessages.Causes).Explain(text, context);
}
