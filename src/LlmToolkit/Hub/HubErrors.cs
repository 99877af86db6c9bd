using System.Globalization;

namespace LlmToolkit.Hub;

/// <summary>Faults of the Hub's client: LT6000-LT6019. What a status says is explained by <see cref="Diagnosis.HubAnswerErrors"/>.</summary>
internal static class HubErrors
{
    /// <summary>HF_ENDPOINT is no address.</summary>
    public static ModelException BadEndpoint(string text) => Setting(
        "LT6000", "HF_ENDPOINT is not the address of a server.", "HF_ENDPOINT", Uri.TryCreate(text, UriKind.Absolute, out Uri? address) && address.UserInfo.Length > 0 ? "it carries a user name" : text,
        "Write it as https://host or https://host/path, without user name, '?' and '#'.", "Unset HF_ENDPOINT to use https://huggingface.co.");

    /// <summary>A time limit is no number of seconds.</summary>
    public static ModelException BadSeconds(string name, string text, TimeSpan longest) => Setting(
        "LT6001", $"{name} is \"{text}\"; expected seconds, more than 0 and at most {longest.TotalSeconds.ToString(CultureInfo.InvariantCulture)}.", name, null,
        $"Set {name} to a number such as 10.", $"Unset {name} to use 10 s.");

    private static ModelException Setting(string code, string message, string field, string? evidence, params IReadOnlyList<string> fixes) => new(new Diagnostic
    {
        Code = code,
        Kind = FaultKind.Usage,
        Category = ErrorCategory.Usage,
        Message = message,
        Field = field,
        Evidence = evidence,
        Cause = "The environment variable is misspelt or meant for something else.",
        Certainty = Certainty.Likely,
        Fixes = fixes,
        Stops = [LoadStop.Download],
    });
}
