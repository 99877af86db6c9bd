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

    public static Diagnostic HeadsDoNotDivide(string file, string key, int heads, int kvHeads) => new()
    {
        Code = "LT2202",
        Kind = FaultKind.Refused,
        Message = $"{heads} query heads cannot share {kvHeads} key-value heads: the first must be a multiple of the second.",
        File = file,
        Field = key,
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

    public static Diagnostic NotFinite(string file, string tensor, long count, string first, bool scales) => new()
    {
        Code = "LT2206",
        Kind = FaultKind.Refused,
        Severity = Severity.Medium,
        Message = $"{count} {(scales ? "scales" : "values")} of {tensor} are infinite or no numbers, the first at {first}; every result that they touch is lost.",
        File = file,
        Field = tensor,
        Evidence = $"not finite = {count}, first = {first}",
        Cause = "The training or the conversion overflowed, or the bytes were damaged.",
        Certainty = Certainty.Possible,
        Fixes = ["Download the file again and compare its hash.", "Convert the model again in a wider type (BF16 or F32)."],
    };

    public static Diagnostic AllZero(string file, string tensor, TensorShape shape) => new()
    {
        Code = "LT2226",
        Kind = FaultKind.Refused,
        Severity = Severity.Medium,
        Message = $"All values of {tensor} {shape} are zero.",
        File = file,
        Field = tensor,
        Evidence = "largest magnitude = 0",
        Cause = "A download reserved the space and did not fill it, or the conversion lost the tensor. A few models have blocks that begin as zero on purpose.",
        Certainty = Certainty.Possible,
        Fixes = ["Download the file again and compare its hash.", "Convert the model again from its source."],
    };

    public static Diagnostic Constant(string file, string tensor, TensorShape shape) => new()
    {
        Code = "LT2227",
        Kind = FaultKind.Refused,
        Severity = Severity.Medium,
        Message = $"All values of {tensor} {shape} are the same.",
        File = file,
        Field = tensor,
        Evidence = "one value",
        Cause = "The tensor was never trained, or the bytes were overwritten.",
        Certainty = Certainty.Possible,
        Fixes = ["Download the file again and compare its hash.", "Convert the model again from its source."],
    };

    public static Diagnostic OutOfProportion(string file, string tensor, double found, double usual) => new()
    {
        Code = "LT2228",
        Kind = FaultKind.Refused,
        Severity = Severity.Medium,
        Message = System.FormattableString.Invariant($"The values of {tensor} are {(found > usual ? found / usual : usual / found):g3} times {(found > usual ? "larger" : "smaller")} than those of the same tensor in other layers (root mean square {found:g3}, usually {usual:g3})."),
        File = file,
        Field = tensor,
        Evidence = System.FormattableString.Invariant($"rms = {found:g3}, median = {usual:g3}"),
        Cause = "A scale was forgotten or applied twice in the conversion, or bytes were damaged.",
        Certainty = Certainty.Possible,
        Fixes = ["Download the file again and compare its hash.", "Convert the model again from its source."],
    };

    public static Diagnostic NoTokenizer(string file, Severity severity) => new()
    {
        Code = "LT2205",
        Kind = FaultKind.Unsupported,
        Severity = severity,
        Message = "No tokenizer was found: the model can compute logits from ids but cannot read text.",
        File = file,
        Cause = "tokenizer.json, tokenizer.model and vocab files are absent, and the file carries no vocabulary of its own.",
        Fixes = ["Put the model's tokenizer.json (or tokenizer.model) into its folder.", "Download the whole repository.", "Use `llmtk logits` with ids: it needs no tokenizer."],
    };

    public static Diagnostic NoGgufArchitecture(string file, string found) => new()
    {
        Code = "LT2207",
        Kind = FaultKind.Refused,
        Message = $"general.architecture is {found}; a GGUF model names its architecture there.",
        File = file,
        Field = "general.architecture",
        Evidence = found,
        Cause = "The file was edited or its conversion was interrupted.",
        Certainty = Certainty.Likely,
        Fixes = ["Download the file again and compare its hash.", "Convert the model again from its source."],
    };

    public static Diagnostic NoModelType(string file) => new()
    {
        Code = "LT2208",
        Kind = FaultKind.Unsupported,
        Category = ErrorCategory.Backend,
        Message = "config.json names no model_type: nothing says which architecture the weights belong to.",
        File = file,
        Field = "model_type",
        Cause = "The configuration is another program's, or was edited.",
        Certainty = Certainty.Likely,
        Fixes = ["Download config.json again from the model's repository.", "Add the model_type that its page names."],
    };

    public static Diagnostic NoSettings(string file, string architecture) => new()
    {
        Code = "LT2209",
        Kind = FaultKind.Unsupported,
        Severity = Severity.Medium,
        Message = $"The file names the architecture \"{architecture}\" but holds none of its settings: it is a container of tensors, not a model that can be run.",
        File = file,
        Field = $"{architecture}.block_count",
        Cause = "The file was converted without its settings, or they were removed.",
        Certainty = Certainty.Likely,
        Fixes = ["Use the model's own file.", "Convert the model again from its source if it should be one."],
    };

    public static Diagnostic WrongType(string file, string key, string found, string expected) => new()
    {
        Code = "LT2210",
        Kind = FaultKind.Refused,
        Message = $"{key} is {found}; expected {expected}.",
        File = file,
        Field = key,
        Evidence = found,
        Cause = "The configuration was written or edited wrongly.",
        Fixes = ["Compare the configuration with the one of the model's page, and correct or download it again."],
    };

    public static Diagnostic OutOfRange(string file, string key, string found, string expected, Severity severity) => new()
    {
        Code = "LT2211",
        Kind = FaultKind.Refused,
        Severity = severity,
        Message = $"{key} is {found}; expected {expected}.",
        File = file,
        Field = key,
        Evidence = found,
        Cause = "The configuration was edited or damaged, or belongs to another model.",
        Certainty = Certainty.Likely,
        Fixes = ["Compare the configuration with the one of the model's page, and correct or download it again.", "Convert the model again from its source."],
    };

    public static Diagnostic ListLength(string file, string key, long found, long layers, Severity severity) => new()
    {
        Code = "LT2212",
        Kind = FaultKind.Refused,
        Severity = severity,
        Message = $"{key} is a list of {found} for {layers} layers; expected one entry for each layer.",
        File = file,
        Field = key,
        Evidence = $"entries = {found}, layers = {layers}",
        Cause = "List and number of layers were written by different programs, or one was edited.",
        Certainty = Certainty.Likely,
        Fixes = ["Convert the model again with a current converter.", "Compare the configuration with the one of the model's page."],
    };

    public static Diagnostic TooManyLayers(string file, string key, long stated, int found) => new()
    {
        Code = "LT2213",
        Kind = FaultKind.Refused,
        Message = $"{key} is {stated}, but the file holds tensors of {found} layer(s).",
        File = file,
        Field = key,
        Evidence = $"stated = {stated}, found = {found}",
        Cause = "The configuration was edited or damaged, or most of the weights are missing.",
        Certainty = Certainty.Likely,
        Fixes = ["Download the file again and compare its hash; a sharded model needs all its shards.", "Compare the configuration with the one of the model's page."],
    };

    public static Diagnostic LayersMissing(string file, string first, long missing, long layers) => new()
    {
        Code = "LT2214",
        Kind = FaultKind.Refused,
        Severity = Severity.Medium,
        Message = $"{missing} of {layers} layers have no tensor, the first of them {first}.",
        File = file,
        Field = first,
        Evidence = $"missing = {missing}, layers = {layers}",
        Cause = "A part of the weights is missing. A few families have layers without weights.",
        Certainty = Certainty.Likely,
        Fixes = ["Download every file of the model again.", "Compare the number of layers with the model's page."],
    };

    public static Diagnostic LayerLacks(string file, string tensor, long layer, IReadOnlyList<string> lacking) => new()
    {
        Code = "LT2215",
        Kind = FaultKind.Refused,
        Severity = Severity.Medium,
        Message = $"Layer {layer} lacks {string.Join(", ", lacking)}, which the other layers of its kind have.",
        File = file,
        Field = tensor,
        Evidence = string.Join(", ", lacking),
        Cause = "The conversion was interrupted, or tensors were taken out.",
        Certainty = Certainty.Possible,
        Fixes = ["Download the file again and compare its hash.", "Convert the model again from its source."],
    };

    public static Diagnostic EmbeddingWidth(string file, TensorInfo table, string key, long width) => new()
    {
        Code = "LT2216",
        Kind = FaultKind.Refused,
        Severity = Severity.Medium,
        Message = $"The rows of {table.Name} are {table.Shape.Columns} wide, but {key} is {width}.",
        File = file,
        Field = table.Name,
        Evidence = $"columns = {table.Shape.Columns}, {key} = {width}",
        Cause = "Configuration and weights belong to different models. A few families project a narrower table.",
        Certainty = Certainty.Possible,
        Fixes = ["Take configuration and weights from the same revision of the model."],
    };

    public static Diagnostic UntiedWithoutOutput(string file, string table) => new()
    {
        Code = "LT2217",
        Kind = FaultKind.Refused,
        Severity = Severity.Medium,
        Message = $"tie_word_embeddings is false, but there is no lm_head.weight; {table} is used in its place.",
        File = file,
        Field = "tie_word_embeddings",
        Evidence = "no output matrix",
        Cause = "The configuration is wrong, or the output matrix was left out when the model was saved.",
        Certainty = Certainty.Likely,
        Fixes = ["Set tie_word_embeddings to true if the model ties them.", "Download every weight file of the model again."],
    };

    public static Diagnostic OutputRows(string file, TensorInfo output, TensorInfo table) => new()
    {
        Code = "LT2218",
        Kind = FaultKind.Refused,
        Severity = Severity.Medium,
        Message = $"{output.Name} has {output.Shape.Rows} rows and {table.Name} has {table.Shape.Rows}: some tokens can be read but not written, or the other way round.",
        File = file,
        Field = output.Name,
        Evidence = $"{output.Shape.Rows} != {table.Shape.Rows}",
        Cause = "Tokens were added to one of them only, or they come from different models.",
        Certainty = Certainty.Likely,
        Fixes = ["Take all weights from the same revision of the model."],
    };

    public static Diagnostic IntegerWeights(string file, TensorInfo tensor) => new()
    {
        Code = "LT2219",
        Kind = FaultKind.Refused,
        Message = $"The weights {tensor.Name} are stored as {tensor.DType}, plain integers without a scale.",
        File = file,
        Field = tensor.Name,
        Evidence = tensor.DType.Name,
        Cause = "The type in the header was damaged or the conversion went wrong.",
        Certainty = Certainty.Likely,
        Fixes = ["Download the file again and compare its hash.", "Convert the model again from its source."],
    };

    public static Diagnostic QuantizedVectors(string file, IReadOnlyList<TensorInfo> tensors) => new()
    {
        Code = "LT2220",
        Kind = FaultKind.Refused,
        Severity = Severity.Medium,
        Message = $"{tensors.Count} norm(s) or bias(es) are stored in blocks, {tensors[0].Name} as {tensors[0].DType}; converters keep them as floats, because every result depends on them.",
        File = file,
        Field = tensors[0].Name,
        Evidence = tensors[0].DType.Name,
        Cause = "The file was quantized by a program that makes no exception for vectors.",
        Certainty = Certainty.Likely,
        Fixes = ["Take a file that was quantized with llama-quantize."],
    };

    public static Diagnostic DoubleWeights(string file, IReadOnlyList<TensorInfo> tensors) => new()
    {
        Code = "LT2221",
        Kind = FaultKind.Unsupported,
        Severity = Severity.Low,
        Message = $"{tensors.Count} weight(s) are stored in double precision, the first is {tensors[0].Name}; they are rounded to single precision in a copy.",
        File = file,
        Field = tensors[0].Name,
        Cause = "The model was saved as it was computed.",
        Certainty = Certainty.Likely,
        Fixes = ["Save the weights as F32 or BF16: that halves the file and saves the copy."],
    };

    public static Diagnostic Missing(string file, IReadOnlyList<string> names, bool cut, string cause) => new()
    {
        Code = "LT2222",
        Kind = FaultKind.Refused,
        Message = $"{(cut ? "At least " : "")}{names.Count} tensor{(names.Count == 1 ? "" : "s")} that the architecture needs {(names.Count == 1 ? "is" : "are")} missing: {string.Join(", ", names.Take(5))}{(names.Count > 5 ? " …" : "")}.",
        File = file,
        Field = names[0],
        Evidence = $"missing = {names.Count}",
        Cause = cause,
        Certainty = Certainty.Likely,
        Fixes = ["Download every file of the model again; a sharded model needs all its shards.", "Check that the configuration belongs to these weights.", "Convert the model again from its source."],
    };

    public static Diagnostic Packed(string file, string tensor) => new()
    {
        Code = "LT2223",
        Kind = FaultKind.Unsupported,
        Category = ErrorCategory.Backend,
        Message = $"The weights are packed by a quantization that is not unpacked here: {tensor} stands where a plain weight should.",
        File = file,
        Field = tensor,
        Evidence = tensor,
        Cause = "The checkpoint was quantized, and its configuration does not say how or names a method that is not known.",
        Certainty = Certainty.Likely,
        Fixes = ["Take the unquantized checkpoint, or a GGUF of the model."],
    };

    public static Diagnostic TemplateLosesText(string file) => new()
    {
        Code = "LT2224",
        Kind = FaultKind.Refused,
        Severity = Severity.Medium,
        Message = "The chat template leaves out what the user says.",
        File = file,
        Field = "chat_template",
        Cause = "The template is cut, or written for messages of another form.",
        Certainty = Certainty.Likely,
        Fixes = ["Use another template for this model: take chat_template.jinja from its repository."],
    };

    public static Diagnostic NoSystemMessage(string file, string message) => new()
    {
        Code = "LT2225",
        Kind = FaultKind.Unsupported,
        Severity = Severity.Low,
        Message = $"The chat template refuses a system message: {message}",
        File = file,
        Field = "chat_template",
        Evidence = message,
        Cause = "The model was trained without system messages.",
        Certainty = Certainty.Likely,
        Fixes = ["Put what the system message should say before the first user message."],
    };
}
