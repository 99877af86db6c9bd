namespace LlmToolkit.Loading.Checks;

/// <summary>Findings of the model checks: LT2200-LT2299.</summary>
internal static class CheckErrors
{
    public static Diagnostic NoArchitecture(string file) => new()
    {
        Code = "LT2201",
        Kind = FaultKind.Unsupported,
        Severity = Severity.Medium,
        Message = "The file holds tensors but says nothing of the architecture they belong to.",
        File = file,
        Cause = "Bare weight files carry no configuration; it lies in the config.json of the model's folder.",
        Fixes = ["Name the model's folder instead of the weight file.", "Put the model's config.json and tokenizer beside the file."],
    };

    public static Diagnostic HeadsDoNotDivide(string file, int heads, int kvHeads) => new()
    {
        Code = "LT2202",
        Kind = FaultKind.Refused,
        Message = $"{heads} query heads cannot share {kvHeads} key-value heads: the first must be a multiple of the second.",
        File = file,
        Field = "attention.head_count_kv",
        Evidence = $"heads = {heads}, kv_heads = {kvHeads}",
        Cause = "The configuration was edited or damaged, or belongs to another model.",
        Certainty = Certainty.Likely,
        Fixes = ["Download the file again and compare its hash.", "Convert the model again from its source."],
    };

    public static Diagnostic VocabularyMismatch(string file, string tensor, long rows, int tokens) => new()
    {
        Code = "LT2203",
        Kind = FaultKind.Refused,
        Message = $"The tokenizer has {tokens} tokens, but {tensor} has only {rows} rows: some tokens have no embedding.",
        File = file,
        Field = tensor,
        Evidence = $"tokens = {tokens}, rows = {rows}",
        Cause = "Tokenizer and weights belong to different models.",
        Certainty = Certainty.Likely,
        Fixes = ["Use the tokenizer that was published with these weights.", "Convert the model again from its source."],
    };

    public static Diagnostic SpecialOutOfRange(string file, string role, int id, int tokens) => new()
    {
        Code = "LT2204",
        Kind = FaultKind.Refused,
        Severity = Severity.Medium,
        Message = $"The {role} token is {id}, outside the vocabulary of {tokens} tokens.",
        File = file,
        Field = role,
        Evidence = $"{role} = {id}, vocabulary = {tokens}",
        Cause = "The tokenizer's settings and its vocabulary belong to different models.",
        Certainty = Certainty.Likely,
        Fixes = ["Use the tokenizer that was published with these weights."],
    };

    public static Diagnostic NotFinite(string file, string tensor, long count) => new()
    {
        Code = "LT2206",
        Kind = FaultKind.Refused,
        Severity = Severity.Medium,
        Message = $"{count} values of {tensor} are infinite or no numbers; every result that they touch is lost.",
        File = file,
        Field = tensor,
        Evidence = $"not finite = {count}",
        Cause = "The training or the conversion overflowed, or the bytes were damaged.",
        Certainty = Certainty.Possible,
        Fixes = ["Download the file again and compare its hash.", "Convert the model again in a wider type (BF16 or F32)."],
    };

    public static Diagnostic NoTokenizer(string file) => new()
    {
        Code = "LT2205",
        Kind = FaultKind.Unsupported,
        Severity = Severity.Medium,
        Message = "No tokenizer was found: the model can compute logits from ids but cannot read text.",
        File = file,
        Cause = "tokenizer.json, tokenizer.model and vocab files are absent, and the file carries no vocabulary of its own.",
        Fixes = ["Put the model's tokenizer.json (or tokenizer.model) into its folder.", "Download the whole repository."],
    };
}
