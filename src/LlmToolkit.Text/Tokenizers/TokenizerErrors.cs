namespace LlmToolkit.Text;

/// <summary>Errors of tokenizers: LT3000-LT3099.</summary>
internal static class TokenizerErrors
{
    private const string Reload = "Download the tokenizer's files again from the model's own repository.";

    public static ModelException NoFiles(string? place, IEnumerable<string> found) => new(new()
    {
        Code = "LT3001",
        Kind = FaultKind.Refused,
        Message = $"No tokenizer here: expected tokenizer.json, tokenizer.model, vocab.json with merges.txt, vocab.txt, *.tiktoken or tekken.json; found {List(found)}.",
        File = place,
        Cause = "The tokenizer was not downloaded, or only weights were published.",
        Certainty = Certainty.Likely,
        Fixes = ["Put the model's tokenizer.json beside the model.", "Name the tokenizer's file itself."],
    });

    public static ModelException NotThere(string path) => new(new()
    {
        Code = "LT3002",
        Kind = FaultKind.Usage,
        Category = ErrorCategory.Usage,
        Message = $"There is no file or directory {path}.",
        File = path,
        Fixes = ["Check the path."],
    });

    public static ModelException NotPlain(string path, FileNodeKind kind) => new(new()
    {
        Code = "LT3040",
        Kind = FaultKind.Refused,
        Severity = Severity.Critical,
        Message = $"{path} is no plain file ({kind}); it was not opened.",
        File = path,
        Evidence = kind.ToString(),
        Cause = "A tokenizer's files must lie on a disk: opening a pipe waits for a writer, and a device may have no end.",
        Fixes = ["Write the data to a file and use that."],
    });

    public static ModelException LinkLeavesFolder(string path) => new(new()
    {
        Code = "LT3041",
        Kind = FaultKind.Refused,
        Severity = Severity.Critical,
        Message = $"{path} is a link that leaves its model's folder; it was not opened.",
        File = path,
        Cause = "A model's folder may link to its own files and to the blobs of the Hub cache, to nothing else.",
        Fixes = ["Replace the link by the file itself.", "Name the target file directly if you trust it."],
    });

    public static ModelException Unreadable(string path, Exception inner) => new(SystemFaults.Refine(
        new()
        {
            Code = "LT3042",
            Kind = FaultKind.Refused,
            Message = $"{path} cannot be read: {inner.Message}",
            File = path,
            Evidence = inner.GetType().Name,
            Cause = "The system refused to open it.",
            Fixes = ["Check the permissions of the file and of its folders."],
        },
        inner,
        path), inner);

    public static ModelException BadJson(string? file, string field, string found, string expected, Exception? inner = null) => new(new()
    {
        Code = "LT3003",
        Kind = FaultKind.Refused,
        Message = $"{field} of the tokenizer is {found}; expected {expected}.",
        File = file,
        Field = field,
        Evidence = found,
        Cause = "The file is damaged, was edited by hand, or was written by a newer tool.",
        Certainty = Certainty.Possible,
        Fixes = [Reload],
    }, inner);

    public static ModelException UnknownType(string? file, string field, string type) => new(new()
    {
        Code = "LT3004",
        Kind = FaultKind.Unsupported,
        Message = $"{field} has the type \"{type}\", which is not known.",
        File = file,
        Field = field,
        Evidence = type,
        Cause = "The file was written by a newer tokenizer library, or it is damaged.",
        Certainty = Certainty.Likely,
        Fixes = ["Use a version of the toolkit that knows this type.", Reload],
    });

    public static ModelException BadMerge(string? file, int index, string merge, string why) => new(new()
    {
        Code = "LT3005",
        Kind = FaultKind.Refused,
        Message = $"Merge {index} (\"{merge}\") cannot be used: {why}.",
        File = file,
        Field = "merges",
        Evidence = merge,
        Cause = "Vocabulary and merges belong to different tokenizers, or the file was edited.",
        Certainty = Certainty.Likely,
        Fixes = [Reload],
    });

    public static ModelException BadId(string token, long id, int count) => new(new()
    {
        Code = "LT3006",
        Kind = FaultKind.Refused,
        Message = $"The token \"{token}\" has the id {id} in a vocabulary of {count} tokens.",
        Field = "vocab",
        Evidence = $"{id}",
        Cause = "The vocabulary was edited, or the file is damaged.",
        Certainty = Certainty.Likely,
        Fixes = [Reload],
    });

    public static ModelException BadRegex(string pattern, int at, string what) => new(new()
    {
        Code = "LT3007",
        Kind = FaultKind.Unsupported,
        Message = $"The pattern of the tokenizer cannot be read at character {at}: {what}.",
        Field = "pattern",
        Evidence = pattern,
        Cause = "The pattern uses what only some regular-expression engines know, or it is damaged.",
        Certainty = Certainty.Possible,
        Fixes = ["Check the pattern in tokenizer.json.", "Report it if the reference library accepts it."],
    });

    public static ModelException NoUnknown(string text, string? unknown) => new(new()
    {
        Code = "LT3008",
        Kind = FaultKind.Refused,
        Message = $"\"{text}\" is not in the vocabulary, and the vocabulary has no unknown token ({(unknown is null ? "none is named" : $"\"{unknown}\"")}).",
        Field = "unk_token",
        Evidence = text,
        Cause = "The vocabulary covers only the characters that it was trained on.",
        Fixes = ["Leave the text out.", "Use a tokenizer with an unknown token."],
    });

    public static ModelException BadCharsMap(int length, uint size) => new(new()
    {
        Code = "LT3009",
        Kind = FaultKind.Refused,
        Message = $"The precompiled character map has {length} bytes and says that its table has {size}; expected a multiple of 4 below the length.",
        Field = "precompiled_charsmap",
        Cause = "The file is damaged.",
        Certainty = Certainty.Likely,
        Fixes = [Reload],
    });

    public static ModelException BadProtobuf(string? file, int at, string what) => new(new()
    {
        Code = "LT3010",
        Kind = FaultKind.Refused,
        Message = $"Not a SentencePiece model: {what} at byte {at}.",
        File = file,
        Evidence = $"offset {at}",
        Cause = "The file is cut, is something else, or is a Git LFS pointer.",
        Certainty = Certainty.Likely,
        Fixes = [Reload, "Check that the file is no Git LFS pointer."],
    });

    public static ModelException MissingKey(string key) => new(new()
    {
        Code = "LT3011",
        Kind = FaultKind.Refused,
        Message = $"The GGUF has no usable {key}, which its tokenizer needs.",
        Field = key,
        Cause = "The file was made by an old or faulty converter.",
        Certainty = Certainty.Likely,
        Fixes = ["Convert the model again with a current converter.", "Put the model's tokenizer.json beside the file."],
    });

    public static ModelException BadLength(string key, long found, long expected) => new(new()
    {
        Code = "LT3012",
        Kind = FaultKind.Refused,
        Message = $"{key} has {found} entries; expected at least {expected}, one for each token.",
        Field = key,
        Evidence = $"{found}",
        Cause = "The file was made by a faulty converter, or its lists were edited.",
        Certainty = Certainty.Likely,
        Fixes = ["Convert the model again with a current converter."],
    });

    public static ModelException UnknownPre(string pre) => new(new()
    {
        Code = "LT3013",
        Kind = FaultKind.Unsupported,
        Message = $"tokenizer.ggml.pre is \"{pre}\", which names no known pre-tokenizer.",
        Field = "tokenizer.ggml.pre",
        Evidence = pre,
        Cause = "The model is newer than this version of the toolkit.",
        Certainty = Certainty.Likely,
        Fixes = ["Choose one that is known with --pre NAME (\"default\" works, with worse quality).", "Use a newer version of the toolkit."],
    });

    public static ModelException UnknownModel(string? file, string field, string model) => new(new()
    {
        Code = "LT3014",
        Kind = FaultKind.Unsupported,
        Message = $"{field} is \"{model}\"; supported are gpt2, llama, bert, t5 and gemma4 in GGUF, unigram, bpe, word and char in SentencePiece.",
        File = file,
        Field = field,
        Evidence = model,
        Cause = "The model uses a kind of tokenizer that is not built here.",
        Certainty = Certainty.Likely,
        Fixes = ["Use a model with one of these tokenizers."],
    });

    public static ModelException Duplicate(string token, int first, int second) => new(new()
    {
        Code = "LT3015",
        Kind = FaultKind.Refused,
        Message = $"The token \"{token}\" has two ids, {first} and {second}.",
        Field = "tokenizer.ggml.tokens",
        Evidence = token,
        Cause = "The vocabulary was edited, or the converter was faulty.",
        Certainty = Certainty.Likely,
        Fixes = ["Convert the model again with a current converter."],
    });

    public static ModelException BadRankFile(string? file, int line) => new(new()
    {
        Code = "LT3016",
        Kind = FaultKind.Refused,
        Message = $"Line {line} of the rank file is not a base64 token, a space and its rank.",
        File = file,
        Evidence = $"line {line}",
        Cause = "The file is cut or is no rank file.",
        Certainty = Certainty.Likely,
        Fixes = [Reload],
    });

    public static ModelException UnknownRankFile(string? file, int count) => new(new()
    {
        Code = "LT3017",
        Kind = FaultKind.Unsupported,
        Message = $"The rank file has {count} tokens and a name that is not known: it does not say its pattern and its special tokens.",
        File = file,
        Evidence = $"{count} tokens",
        Cause = "A rank file holds tokens only; everything else is known by its name.",
        Fixes = ["Put the model's tokenizer_config.json or tokenizer.json beside it.", "Name it as its authors do: qwen.tiktoken, cl100k_base.tiktoken, o200k_base.tiktoken …"],
    });

    public static ModelException PatternTooSlow() => new(new()
    {
        Code = "LT3018",
        Kind = FaultKind.Refused,
        Message = "A pattern of the tokenizer goes back and forth over the text without end: it was stopped.",
        Field = "pattern",
        Cause = "The pattern has repetitions inside repetitions that match the same text in exponentially many ways.",
        Certainty = Certainty.Likely,
        Fixes = ["Check the patterns in tokenizer.json.", Reload],
    });

    public static ModelException GrowsTooLarge(long limit) => new(new()
    {
        Code = "LT3021",
        Kind = FaultKind.Refused,
        Message = $"The normalizer makes more than {limit} characters of the text: it was stopped.",
        Field = "normalizer",
        Evidence = $"limit {limit}",
        Cause = "A replacement puts in more than it takes out, again and again.",
        Certainty = Certainty.Likely,
        Fixes = ["Check the normalizer in tokenizer.json.", Reload],
    });

    public static ModelException TooMuchWork(string field) => new(new()
    {
        Code = "LT3022",
        Kind = FaultKind.Refused,
        Message = $"The tokenizer's {field} makes the work grow with the square of the text: it was stopped.",
        Field = field,
        Cause = "Some tokens are as long as a text, or begin with one another by the thousand.",
        Certainty = Certainty.Likely,
        Fixes = ["Check the vocabulary and the added tokens in tokenizer.json.", Reload],
    });

    public static ModelException UnusableLimits(string file, Exception inner) => new(
        new()
        {
            Code = "LT3019",
            Kind = FaultKind.Refused,
            Message = $"The truncation and padding of tokenizer.json cannot be read: {inner.Message}",
            File = file,
            Cause = "The file was edited by hand, or was written by a newer tool.",
            Certainty = Certainty.Possible,
            Fixes = ["Download the file again.", "Leave --configured out."],
        },
        inner);

    public static ModelException CannotTruncate(string strategy, int count, int surplus) => new(new()
    {
        Code = "LT3020",
        Kind = FaultKind.Usage,
        Category = ErrorCategory.Usage,
        Message = $"The tokenizer truncates by {strategy}, but that text has {count} tokens and {surplus} would have to go.",
        Field = "truncation.strategy",
        Fixes = ["Give a shorter text in the other place.", "Leave --configured out."],
    });

    private static string List(IEnumerable<string> names)
    {
        string list = string.Join(", ", names);
        return list.Length == 0 ? "nothing" : list;
    }
}
