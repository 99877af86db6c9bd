namespace LlmToolkit.Diagnosis.Messages;

/// <summary>Messages of the safetensors library (safetensors/src/tensor.rs), as Rust prints them and in Python's older wording.</summary>
internal static class SafetensorsMessages
{
    private const string Note = "The first 8 bytes read as an absurd length: nearly always the file is a Git LFS pointer of some 130 bytes (the repository was cloned without Git LFS), or a web page.";
    private const string Cut = "The download or copy is incomplete.";

    public static IReadOnlyList<KnownMessage> All { get; } =
    [
        new("HeaderTooLarge", "LT1403", Note),
        new("header too large", "LT1403", Note),
        new("MetadataIncompleteBuffer", "LT1110", Cut),
        new("incomplete metadata, file not fully covered", "LT1110", Cut),
        new("HeaderTooSmall", "LT1100", Cut),
        new("header too small", "LT1100", Cut),
        new("InvalidHeaderLength", "LT1101"),
        new("invalid header length", "LT1101"),
        new("InvalidHeaderDeserialization", "LT1103"),
        new("invalid JSON in header", "LT1103"),
        new("InvalidHeaderStart", "LT1103"),
        new("InvalidHeader", "LT1102"),
        new("invalid UTF-8 in header", "LT1102"),
        new("InvalidOffset", "LT1109"),
        new("invalid offset for tensor", "LT1109"),
        new("TensorInvalidInfo", "LT1108"),
        new("ValidationOverflow", "LT1107"),
    ];
}
