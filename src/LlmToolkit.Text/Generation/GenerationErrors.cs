namespace LlmToolkit.Text;

/// <summary>Errors of generation: LT3200-LT3249.</summary>
internal static class GenerationErrors
{
    public static ModelException NoTokenizer(ModelInfo info) => new(new()
    {
        Code = "LT3201",
        Kind = FaultKind.Unsupported,
        Message = $"{Name(info)} carries no tokenizer, so text cannot become tokens.",
        Field = "tokenizer",
        Cause = "No tokenizer lies in the file or beside it.",
        Fixes = ["Give token ids instead of text.", "Put the model's tokenizer.json or tokenizer.model beside its weights."],
    });

    public static ModelException EmptyPrompt() => new(new()
    {
        Code = "LT3202",
        Kind = FaultKind.Usage,
        Category = ErrorCategory.Usage,
        Message = "The prompt has 0 tokens; at least 1 is needed to continue it.",
        Field = "prompt",
        Cause = "The text is empty and this tokenizer adds no begin token.",
        Fixes = ["Give a prompt that is not empty."],
    });

    public static ModelException TokenOutOfRange(int id, int position, int vocabulary) => new(new()
    {
        Code = "LT3203",
        Kind = FaultKind.Usage,
        Category = ErrorCategory.Usage,
        Message = $"Token id {id} at position {position} of the prompt is outside the vocabulary of {vocabulary} tokens (0 to {vocabulary - 1}).",
        Field = "prompt",
        Evidence = $"id {id}",
        Fixes = ["Check that the ids were made with this model's tokenizer."],
    });

    public static ModelException NoChatTemplate(ModelInfo info) => new(new()
    {
        Code = "LT3204",
        Kind = FaultKind.Unsupported,
        Message = $"{Name(info)} carries no chat template, so messages cannot become a prompt.",
        Field = "chat_template",
        Cause = "It is a base model, or its template was left out when the file was made.",
        Fixes = ["Continue raw text instead of a conversation (llmtk run --raw).", "Use the instruct version of the model."],
    });

    public static ModelException ContextOverflow(int prompt, int context, int? modelContext) => new(new()
    {
        Code = "LT3205",
        Kind = FaultKind.Usage,
        Category = ErrorCategory.Usage,
        Message = $"The prompt has {prompt} tokens, but the context holds {context} and one token more must fit: at most {context - 1}.",
        Field = "prompt",
        Evidence = $"{prompt} tokens, context {context}" + (modelContext is null ? "" : $", the model's own context {modelContext}"),
        Fixes = modelContext > context
            ? [$"Load with a longer context (--context, up to {modelContext}).", "Shorten the prompt.", "Choose ContextOverflow.DropOldest to drop the oldest tokens."]
            : ["Shorten the prompt.", "Choose ContextOverflow.DropOldest to drop the oldest tokens.", "Use a model with a longer context."],
    });

    public static ModelException LogitsNotFinite(int position) => new(new()
    {
        Code = "LT3206",
        Kind = FaultKind.Refused,
        Category = ErrorCategory.Backend,
        Message = $"The logits after token {position} are not numbers, so no next token can be chosen.",
        Evidence = "NaN or no finite value among the logits",
        Cause = "The weights hold NaN or infinite values, or the computation overflowed.",
        Certainty = Certainty.Likely,
        Fixes = ["Check the file (llmtk validate --deep).", "Load with --exact.", "Get another copy or quantization of the model."],
    });

    public static ModelException CannotGenerate(ModelInfo info) => new(new()
    {
        Code = "LT3207",
        Kind = FaultKind.Unsupported,
        Category = ErrorCategory.Usage,
        Message = $"{Name(info)} is an encoder: it gives embeddings and cannot continue text.",
        Field = "architecture",
        Evidence = info.Architecture,
        Fixes = ["Ask it for embeddings (llmtk embed).", "Use a causal language model to generate text."],
    });

    public static ModelException BadBias(int token, float value, int vocabulary) => new(new()
    {
        Code = "LT3208",
        Kind = FaultKind.Usage,
        Category = ErrorCategory.Usage,
        Message = $"The logit bias adds {value} to token {token}; expected a token id from 0 to {vocabulary - 1} and a number or −∞.",
        Field = "LogitBias",
        Evidence = $"token {token}: {value}",
        Fixes = ["Check that the ids were made with this model's tokenizer.", "Use −∞ to forbid a token and a large number such as 100 to force it."],
    });

    private static string Name(ModelInfo info) => info.Name is { } name ? $"The model \"{name}\"" : "The model";
}
