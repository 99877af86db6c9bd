namespace LlmToolkit.Engine;

/// <summary>Errors of the engine: LT4000-LT4099.</summary>
internal static class EngineErrors
{
    public static ModelException UnknownSimdLevel(string value) => new(new()
    {
        Code = "LT4001",
        Kind = FaultKind.Usage,
        Category = ErrorCategory.Usage,
        Message = $"LLMTK_SIMD is \"{value}\"; expected scalar, 128, 256 or 512.",
        Field = "LLMTK_SIMD",
        Fixes = ["Unset LLMTK_SIMD: the widest level of this machine is used."],
    });

    public static ModelException SimdLevelMissing(string value, string widest) => new(new()
    {
        Code = "LT4002",
        Kind = FaultKind.Unsupported,
        Category = ErrorCategory.Hardware,
        Message = $"LLMTK_SIMD asks for {value}, but the widest level of this machine is {widest}.",
        Field = "LLMTK_SIMD",
        Cause = "The processor, or the virtual machine, lacks it.",
        Fixes = ["Unset LLMTK_SIMD, or name a narrower level."],
    });

    public static ModelException UnknownArchitecture(string file, string? found, IEnumerable<string> known) => new(new()
    {
        Code = "LT4010",
        Kind = FaultKind.Unsupported,
        Category = ErrorCategory.Backend,
        Message = UnknownArchitectureText(found, known),
        File = file,
        Field = "architecture",
        Evidence = found,
        Cause = "The model is newer than this version, or its architecture has not been built yet.",
        Certainty = Certainty.Likely,
        Fixes = [UnknownArchitectureRemedy(found, known), "Use a newer version of the toolkit.", "Run it with a program that knows the architecture."],
    });

    /// <summary>The sentence of LT4010, also a reason of the backend's verdict.</summary>
    public static string UnknownArchitectureText(string? found, IEnumerable<string> known) => found is null
        ? "The model does not name its architecture, so the managed engine cannot run it."
        : $"The architecture is \"{found}\", which is none of the {known.Count()} that the managed engine runs.";

    /// <summary>The first remedy of LT4010: a relative by name, if there is one.</summary>
    public static string UnknownArchitectureRemedy(string? found, IEnumerable<string> known) =>
        found is not null && ArchitectureNames.Nearest(found, [.. known]) is { } near ? $"Take a model of another architecture, such as {near}, the nearest by name (`llmtk list-architectures` shows all)."
        : "Take a model of another architecture (`llmtk list-architectures` shows all).";

    public static ModelException MissingConfig(string file, string key) => new(new()
    {
        Code = "LT4011",
        Kind = FaultKind.Refused,
        Message = $"The configuration lacks {key}, which the architecture needs.",
        File = file,
        Field = key,
        Cause = "config.json or the metadata was cut, edited or made by an old converter.",
        Certainty = Certainty.Likely,
        Fixes = ["Download the model again, with its config.json.", "Convert the model again with a current converter."],
    });

    public static ModelException BadConfig(string file, string key, string found, string expected) => new(new()
    {
        Code = "LT4012",
        Kind = FaultKind.Refused,
        Message = $"{key} is {found}; expected {expected}.",
        File = file,
        Field = key,
        Evidence = found,
        Cause = "The configuration was edited or damaged, or belongs to another model.",
        Certainty = Certainty.Likely,
        Fixes = ["Compare the configuration with the one of the model's page, and correct or download it again."],
    });

    public static ModelException UnsupportedConfig(string file, string key, string found, string known) => new(new()
    {
        Code = "LT4013",
        Kind = FaultKind.Unsupported,
        Category = ErrorCategory.Backend,
        Message = $"{key} is \"{found}\", which the managed engine does not compute; it knows {known}.",
        File = file,
        Field = key,
        Evidence = found,
        Cause = "The model is newer than this version.",
        Certainty = Certainty.Likely,
        Fixes = ["Run it with a backend that knows it: llmtk plan shows what each backend says."],
    });

    public static ModelException MissingTensor(string file, IReadOnlyList<string> names) => new(new()
    {
        Code = "LT4020",
        Kind = FaultKind.Refused,
        Message = $"The tensor {names[0]} is missing{(names.Count > 1 ? $" (also looked for as {string.Join(", ", names.Skip(1).Take(3))}{(names.Count > 4 ? " …" : "")})" : "")}.",
        File = file,
        Field = names[0],
        Cause = "The file is incomplete, or its configuration describes another model.",
        Certainty = Certainty.Likely,
        Fixes = ["Download every file of the model again; a sharded model needs all its shards.", "Check that config.json belongs to these weights."],
    });

    public static ModelException WrongShape(TensorInfo tensor, string expected, string? disagreement) => new(new()
    {
        Code = "LT4021",
        Kind = FaultKind.Refused,
        Message = $"The tensor {tensor.Name} has the shape {tensor.Shape}; the configuration asks for {expected}{(disagreement is null ? "" : $": {disagreement}")}.",
        File = tensor.File.Path,
        Field = tensor.Name,
        Evidence = tensor.Shape.ToString(),
        Cause = "The configuration describes another model than the weights.",
        Certainty = Certainty.Likely,
        Fixes = ["Take config.json and weights from the same revision of the model.", "Download or convert the model again."],
    });

    public static ModelException UnsupportedType(TensorInfo tensor) => new(new()
    {
        Code = "LT4022",
        Kind = FaultKind.Unsupported,
        Category = ErrorCategory.Backend,
        Message = $"The tensor {tensor.Name} is stored as {tensor.DType}; {TypesText}",
        File = tensor.File.Path,
        Field = tensor.Name,
        Evidence = tensor.DType.Name,
        Cause = "The quantization is newer than this version, or is not multiplied here.",
        Certainty = Certainty.Likely,
        Fixes = ["Take a file with another quantization, such as Q4_K_M or Q8_0.", "Run it with a backend that knows the type: llmtk plan shows what each backend says."],
    });

    /// <summary>What the engine multiplies, as a sentence; also a reason of the backend's verdict.</summary>
    public static string TypesText => $"the managed engine multiplies {string.Join(", ", DefaultQuants.All.Select(q => q.DType.Name))}.";

    public static ModelException TransposedBlocks(TensorInfo tensor) => new(new()
    {
        Code = "LT4023",
        Kind = FaultKind.Unsupported,
        Category = ErrorCategory.Backend,
        Message = $"The tensor {tensor.Name} is stored [in, out] in blocks of type {tensor.DType}; only plain types can be transposed.",
        File = tensor.File.Path,
        Field = tensor.Name,
        Cause = "GPT-2 and its kin store weights the other way round.",
        Fixes = ["Convert the checkpoint to GGUF, which stores the weights [out, in], and quantize that."],
    });

    public static ModelException ScaledTensor(TensorInfo tensor, string scale) => new(new()
    {
        Code = "LT4024",
        Kind = FaultKind.Unsupported,
        Category = ErrorCategory.Backend,
        Message = $"The tensor {tensor.Name} comes with {scale}, a scale of the whole matrix, which the managed engine does not apply.",
        File = tensor.File.Path,
        Field = scale,
        Cause = "The checkpoint was quantized by another method than its types tell.",
        Certainty = Certainty.Likely,
        Fixes = ["Take a file with another quantization, such as Q4_K_M or Q8_0."],
    });

    public static Diagnostic UnusedTensors(string file, IReadOnlyList<TensorInfo> tensors) => new()
    {
        Code = "LT4025",
        Kind = FaultKind.Unsupported,
        Category = ErrorCategory.Backend,
        Severity = Severity.Medium,
        Message = $"{tensors.Count} tensor(s) are used by nothing: {string.Join(", ", tensors.Take(5).Select(t => t.Name))}{(tensors.Count > 5 ? " …" : "")}.",
        File = file,
        Field = tensors[0].Name,
        Cause = "The model has a part that this engine does not know, or the file carries another model's tensors.",
        Certainty = Certainty.Possible,
        Fixes = ["Compare the answers with those of another backend before relying on them."],
    };

    public static ModelException AdaptersUnsupported(string file) => new(new()
    {
        Code = "LT4028",
        Kind = FaultKind.Unsupported,
        Category = ErrorCategory.Backend,
        Message = "The managed engine does not apply adapters.",
        File = file,
        Field = "adapter",
        Cause = "Adapters are not built into this engine.",
        Fixes = ["Merge the adapter into its model and load the result.", "Leave the adapter out."],
    });

    public static ModelException ContextFull(int length, int added, int context) => new(new()
    {
        Code = "LT4030",
        Kind = FaultKind.Usage,
        Category = ErrorCategory.Usage,
        Message = $"{added} token(s) after {length} do not fit the context of {context} tokens.",
        Field = "context",
        Evidence = $"{length} + {added} > {context}",
        Fixes = ["Shorten the prompt.", "Load the model with a longer context (--context), if it was trained for one."],
    });

    public static ModelException TokenOutside(int id, int index, int vocabulary) => new(new()
    {
        Code = "LT4031",
        Kind = FaultKind.Usage,
        Category = ErrorCategory.Usage,
        Message = $"Token {index} of the input has the id {id}; the vocabulary has the ids 0 to {vocabulary - 1}.",
        Field = "ids",
        Evidence = id.ToString(System.Globalization.CultureInfo.InvariantCulture),
        Cause = "The tokenizer belongs to another model, or the ids come from elsewhere.",
        Certainty = Certainty.Likely,
        Fixes = ["Use the tokenizer that comes with the model."],
    });

    public static ModelException ContextTooLong(string file, int context, int positions) => new(new()
    {
        Code = "LT4032",
        Kind = FaultKind.Usage,
        Category = ErrorCategory.Usage,
        Message = $"A context of {context} tokens was asked for; the model has a table of {positions} learned positions and cannot go beyond it.",
        File = file,
        Field = "context",
        Fixes = [$"Load with --context {positions} or less, or leave --context out."],
    });

    public static ModelException NoMemoryForCache(int context, int made, int layers, Exception inner) => new(
        new()
        {
            Code = "LT4033",
            Kind = FaultKind.DoesNotFit,
            Category = ErrorCategory.Memory,
            Message = $"The system gave no memory for the keys and values of {context} tokens: it ended at layer {made} of {layers}.",
            Field = "context",
            Cause = "The context is long, or other programs use the memory.",
            Certainty = Certainty.Likely,
            Fixes = ["Load with a shorter context (--context).", "Free memory, or take a machine with more."],
        },
        inner);

    public static ModelException KvTypeMissing(KvType type) => new(new()
    {
        Code = "LT4050",
        Kind = FaultKind.Unsupported,
        Category = ErrorCategory.Hardware,
        Message = $"The engine's cache of keys and values was asked for as {type}; it can be F16 or F32.",
        Field = "KvType",
        Cause = "The cache types of this engine are F16 and F32.",
        Fixes = ["Leave the cache type out: F16 is used.", "Use F16, or F32 where exactness counts more than memory."],
    });
}
