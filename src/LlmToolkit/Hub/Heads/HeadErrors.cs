using System.Globalization;

namespace LlmToolkit.Hub;

/// <summary>Faults of judging a model from afar: LT6070-LT6089.</summary>
internal static class HeadErrors
{
    /// <summary>A file's head is larger than what is fetched to judge it.</summary>
    public static ModelException TooMuch(string name, long length, long most) => Fault(
        "LT6070", FaultKind.Unsupported, string.Create(CultureInfo.InvariantCulture, $"{name} cannot be judged without downloading it: more than {most:N0} of its {length:N0} bytes would be needed."),
        null, "Its header is damaged or made so, or its form has no header that lies together.", ["Download it and judge the copy: `llmtk hub download`."], Certainty.Likely);

    /// <summary>The server gives no ranges.</summary>
    public static ModelException NoRanges(string name) => Fault(
        "LT6071", FaultKind.Network, $"{name} cannot be judged without downloading it: its server gives files only from their beginning.",
        "a range was asked for, the whole came", "The server or a proxy ignores ranges.", ["Download it and judge the copy."], Certainty.Certain);

    /// <summary>Something was asked that needs all bytes.</summary>
    public static ModelException NeedsAll(string name, string what) => Fault(
        "LT6072", FaultKind.Usage, $"{what} reads every byte of {name}, which is not on this machine.",
        null, "Only the heads of remote files are fetched.", [$"Download it first: `llmtk hub download {name}`.", $"Leave {what} out."], Certainty.Certain);

    /// <summary>The size of a file behind an address is not told.</summary>
    public static ModelException NoLength(string name) => Fault(
        "LT6073", FaultKind.Network, $"The server does not tell the size of {name}.", "neither Content-Range nor Content-Length", "It makes the file as it sends it, or a proxy hides its size.", ["Download the file and name the copy."], Certainty.Likely);

    /// <summary>A file changed at its address.</summary>
    public static ModelException Changed(string name) => Fault(
        "LT6074", FaultKind.Network, $"{name} changed while it was read.", "another etag or size", "The file was replaced on its server.", ["Run the command again."], Certainty.Likely);

    private static ModelException Fault(string code, FaultKind kind, string message, string? evidence, string cause, IReadOnlyList<string> fixes, Certainty certainty) => new(new Diagnostic
    {
        Code = code,
        Kind = kind,
        Category = kind == FaultKind.Usage ? ErrorCategory.Usage : ErrorCategory.Network,
        Message = message,
        Evidence = evidence,
        Cause = cause,
        Certainty = certainty,
        Fixes = fixes,
        Stops = [LoadStop.Download],
    });
}
