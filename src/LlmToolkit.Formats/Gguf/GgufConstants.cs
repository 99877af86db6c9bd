namespace LlmToolkit.Formats.Gguf;

/// <summary>Numbers and names of GGUF. Source: ggml, <c>docs/gguf.md</c> and <c>src/gguf.cpp</c>; llama.cpp, <c>include/llama.h</c> (llama_ftype).</summary>
internal static class GgufConstants
{
    /// <summary>The newest version whose layout is known; 2 and 3 differ in nothing but big-endian files.</summary>
    public const uint NewestVersion = 3;

    /// <summary>Default of <c>general.alignment</c>.</summary>
    public const uint DefaultAlignment = 32;

    /// <summary>Largest header read, in bytes. A vocabulary of 260,000 tokens with merges takes 20 MB.</summary>
    public const int MaxHeaderBytes = 1 << 30;

    /// <summary>Most metadata keys. Real files have under 200.</summary>
    public const int MaxKeys = 1 << 18;

    /// <summary>Most tensors of a file. Real files have under 10,000.</summary>
    public const int MaxTensors = 1 << 18;

    /// <summary>Deepest nesting of arrays.</summary>
    public const int MaxArrayDepth = 4;

    /// <summary>Most dimensions of a tensor (GGML_MAX_DIMS).</summary>
    public const int MaxDimensions = 4;

    /// <summary>Longest tensor name, in bytes; ggml itself stops at 63 (GGML_MAX_NAME).</summary>
    public const int MaxNameBytes = 1 << 16;

    /// <summary>Longest tensor name that llama.cpp takes, in bytes.</summary>
    public const int GgmlNameBytes = 63;

    /// <summary>Most parts of a split set.</summary>
    public const int MaxParts = 4096;

    /// <summary>Names of <c>general.file_type</c> by number; null: taken out of ggml.</summary>
    private static readonly string?[] s_fileTypes =
    [
        "F32", "F16", "Q4_0", "Q4_1", "Q4_1_SOME_F16", null, null, "Q8_0", "Q5_0", "Q5_1", "Q2_K", "Q3_K_S", "Q3_K_M", "Q3_K_L", "Q4_K_S", "Q4_K_M", "Q5_K_S", "Q5_K_M", "Q6_K", "IQ2_XXS",
        "IQ2_XS", "Q2_K_S", "IQ3_XS", "IQ3_XXS", "IQ1_S", "IQ4_NL", "IQ3_S", "IQ3_M", "IQ2_S", "IQ2_M", "IQ4_XS", "IQ1_M", "BF16", null, null, null, "TQ1_0", "TQ2_0", "MXFP4_MOE", "NVFP4",
        "Q1_0", "Q2_0",
    ];

    /// <summary>Architectures that give hidden states and no logits. Source: gguf-py, <c>gguf/constants.py</c>: those without an OUTPUT tensor and with non-causal attention.</summary>
    private static readonly HashSet<string> s_encoders =
    [
        "bert", "modern-bert", "nomic-bert", "nomic-bert-moe", "neo-bert", "jina-bert-v2", "jina-bert-v3", "eurobert", "gemma-embedding", "llama-embed", "t5encoder",
    ];

    /// <summary>The special tokens' keys (<c>tokenizer.ggml.{key}_token_id</c>) and the roles they stand for.</summary>
    public static IReadOnlyList<(string Key, string Role)> SpecialTokens { get; } =
    [
        ("bos", "bos"), ("eos", "eos"), ("eot", "eot"), ("eom", "eom"), ("unknown", "unk"), ("seperator", "sep"), ("padding", "pad"), ("mask", "mask"), ("cls", "cls"),
        ("fim_pre", "fim_pre"), ("fim_suf", "fim_suf"), ("fim_mid", "fim_mid"), ("fim_pad", "fim_pad"), ("fim_rep", "fim_rep"), ("fim_sep", "fim_sep"),
        ("prefix", "fim_pre"), ("suffix", "fim_suf"), ("middle", "fim_mid"),
    ];

    /// <summary>Name of a type that was taken out of ggml, and what to take instead; null: it never was one.</summary>
    public static (string Name, string Instead)? RemovedType(uint id) => id switch
    {
        4 => ("Q4_2", "Q4_0"),
        5 => ("Q4_3", "Q4_1"),
        31 => ("Q4_0_4_4", "Q4_0"),
        32 => ("Q4_0_4_8", "Q4_0"),
        33 => ("Q4_0_8_8", "Q4_0"),
        36 => ("IQ4_NL_4_4", "IQ4_NL"),
        37 => ("IQ4_NL_4_8", "IQ4_NL"),
        38 => ("IQ4_NL_8_8", "IQ4_NL"),
        _ => null,
    };

    /// <summary>Name of a <c>general.file_type</c>, without its "guessed" bit; null: unknown.</summary>
    public static string? FileType(long id) => (id & ~1024L) is long known and >= 0 && known < s_fileTypes.Length ? s_fileTypes[known] : null;

    /// <summary>Our word for a <c>tokenizer.ggml.model</c>; the file's own where there is none.</summary>
    public static string TokenizerKind(string model) => model switch
    {
        "gpt2" => "bpe",
        "llama" or "gemma4" => "spm",
        "bert" => "wordpiece",
        "t5" => "unigram",
        _ => model,
    };

    /// <summary>True for an architecture that gives no logits.</summary>
    public static bool IsEncoder(string architecture) => s_encoders.Contains(architecture);
}

/// <summary>Types of metadata values. Source: ggml, <c>include/gguf.h</c> (enum gguf_type).</summary>
internal enum GgufType : uint
{
    U8,
    I8,
    U16,
    I16,
    U32,
    I32,
    F32,
    Bool,
    String,
    Array,
    U64,
    I64,
    F64,
}

/// <summary>Facts of the value types.</summary>
internal static class GgufTypes
{
    /// <summary>The type's name in our output.</summary>
    public static string Name(this GgufType type) => type.ToString().ToLowerInvariant();

    /// <summary>Bytes of a value; for strings and arrays the least they take.</summary>
    public static int Size(this GgufType type, bool wide) => type switch
    {
        GgufType.U8 or GgufType.I8 or GgufType.Bool => 1,
        GgufType.U16 or GgufType.I16 => 2,
        GgufType.U32 or GgufType.I32 or GgufType.F32 => 4,
        GgufType.U64 or GgufType.I64 or GgufType.F64 => 8,
        GgufType.String => wide ? 8 : 4,
        _ => wide ? 12 : 8,
    };
}
