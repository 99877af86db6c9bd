using static LlmToolkit.Diagnosis.DeviceMemoryErrors;
using static LlmToolkit.Diagnosis.NativeErrors;

namespace LlmToolkit.Diagnosis.Messages;

/// <summary>Messages of llama.cpp and of what is built on it (Ollama, LLamaSharp, LM Studio, llama-cpp-python).</summary>
/// <remarks>Sources: llama.cpp ggml/src/gguf.cpp, src/llama-model-loader.cpp, src/llama-vocab.cpp, src/llama-model.cpp, src/llama-context.cpp, src/llama-adapter.cpp, tools/mtmd/clip.cpp, ggml-backend-reg.cpp.</remarks>
internal static class LlamaCppMessages
{
    private const string Lfs = "The repository was cloned without Git LFS: the file is the note that stands for the weights.";
    private const string Page = "A web page or an error text of a server was saved under the model's name.";
    private const string OtherKind = "The file holds another kind of model (images, video, speech), or is a helper file such as an importance matrix.";

    public static IReadOnlyList<KnownMessage> All { get; } =
    [
        // Bytes that are no GGUF.
        new("invalid magic characters: 'vers'", "LT1403", Lfs, Certainty.Certain),
        new("invalid magic 'vers'", "LT1403", Lfs, Certainty.Certain),
        new("invalid magic characters: '<!DO'", "LT1404", Page, Certainty.Certain),
        new("invalid magic characters: '<htm'", "LT1404", Page, Certainty.Certain),
        new("invalid magic characters: 'Inte'", "LT1404", Page),
        new("invalid magic characters: 'Entr'", "LT1404", Page),
        new("invalid magic characters: '{\"er'", "LT1405", Page, Certainty.Certain),
        .. Old("tjgg", "ggjt", "lmgg", "ggml", "fmgg", "ggmf", "algg", "ggla"),
        new("invalid magic number 67676a74", "LT1406", certainty: Certainty.Certain),
        new("invalid magic number 67676d66", "LT1406", certainty: Certainty.Certain),
        new("invalid magic number 67676d6c", "LT1406", certainty: Certainty.Certain),
        new("unknown (magic, version) combination: 46554747", VersionsMixed),
        new("unknown (magic, version) combination: 67676a74", "LT1406"),
        new("invalid magic characters: '*', expected 'GGUF'", "LT1000"),
        new("data is not within the file bounds", "LT1016", "The download or copy is incomplete."),
        new("model is corrupted or incomplete", "LT1016", "The download or copy is incomplete."),
        new("failed to read magic", "LT1400"),
        new("failed to read key-value pairs", "LT1002"),
        new("failed to read tensor info", "LT1002"),
        new("failed to read header", "LT1002"),
        new("GGUFv1 is no longer supported", GgufV1),
        new("this GGUF file is version * but this software only supports up to version", "LT1003", "The file was written by a newer tool.", Certainty.Certain),
        new("is there a mismatch between the host and model endianness", ByteOrder),
        new("has invalid ggml type", "LT1013"),
        new("not a multiple of block size", "LT1014", certainty: Certainty.Certain),
        new("tensor * has offset *, expected", "LT1019"),
        new("duplicate tensor name", "LT1010", certainty: Certainty.Certain),
        new("invalid model: tensor * is duplicated", "LT1010", certainty: Certainty.Certain),
        new("duplicate key *for tensors", "LT1006", certainty: Certainty.Certain),
        new("gguf_init_from_file*duplicate key", "LT1006", certainty: Certainty.Certain),
        new("string length * exceeds maximum", "LT1004"),
        new("number of key value pairs is * but must be in", "LT1004", certainty: Certainty.Certain),
        new("number of tensors is * but must be in", "LT1004", certainty: Certainty.Certain),

        // Models that it does not run, or that are none.
        new("unknown model architecture: ''", "LT1026", OtherKind),
        .. Pictures("flux", "sd1", "sd3", "sdxl", "wan", "qwen_image", "pig", "lumina2", "hidream", "hyvid", "cosmos", "aura", "ltxv", "t2i"),
        new("unknown model architecture: '*'", "LT4010", "The model is newer than the program, or made for a fork of llama.cpp."),
        new("CLIP cannot be used as main model", "LT1026", "The file is a vision projector (mmproj): it goes beside a language model.", Certainty.Certain),
        new("key not found in model: tokenizer.ggml", "LT3011", certainty: Certainty.Certain),
        new("cannot find tokenizer merges in model file", "LT3011", certainty: Certainty.Certain),
        new("cannot find tokenizer vocab", "LT3011", certainty: Certainty.Certain),
        new("key not found in model: *.context_length", "LT4011", "The file is an adapter or a helper file, or was converted incompletely."),
        new("key not found in model:", "LT4011"),
        new("unknown pre-tokenizer type:", "LT3013", certainty: Certainty.Certain),
        new("missing tensor '*'", "LT4020"),
        new("check_tensor_dims: tensor '*' not found", "LT4020"),
        new("tensor 'token_embd.weight' not found", "LT4020", "The file holds a vocabulary without weights, or was converted incompletely."),
        new("wrong number of tensors; expected", "LT4025", "The program is older than the file, or the file is a variant of its architecture.", Certainty.Likely),
        new("token_embd.weight' has wrong shape", "LT2203"),
        new("token_embd.weight has wrong shape", "LT2203"),
        new("has wrong shape; expected", "LT4021"),
        new("invalid n_rot: *, expected", "LT4012"),
        new("has wrong type * but expected type", "LT4012", "The file was made by a faulty converter, or its metadata was edited by hand."),
        new("wrong array length", "LT4012", "The file was made by a faulty converter, or its metadata was edited by hand."),
        new("failed to parse chat template", "LT3100"),
        new("this model does not support completions", "LT3207"),
        new("This server does not support embeddings", "LT3250"),

        // Split files.
        new("failed to load GGUF split from", "LT1022"),
        new("failed to open GGUF file", "LT1540"),
        new("illegal split file idx:", NotFirstPart),
        new("invalid split file name:", "LT1021", certainty: Certainty.Certain),
        new("corrupted model: * tensors expected but * found", "LT1024", certainty: Certainty.Certain),

        // Options, adapters, projectors.
        new("quantized V cache requires flash_attn", FlashAttention),
        new("V cache quantization requires flash_attn", FlashAttention),
        new("does not divide n_embd_head_k", CacheBlocks),
        new("does not divide n_embd_head_v", CacheBlocks),
        new("request (* tokens) exceeds the available context size", "LT3205", "The prompt is longer than the context that the model was loaded with.", Certainty.Certain),
        new("exceed_context_size_error", "LT3205", "The prompt is longer than the context that the model was loaded with.", Certainty.Certain),
        new("possible training context overflow", BeyondTraining),
        new("does not exist in base model", AdapterMismatch),
        new("model arch and LoRA arch mismatch", AdapterMismatch),
        new("unknown projector type", ProjectorMismatch),
        new("unable to find tensor v.", ProjectorMismatch),

        // Memory.
        new("model requires more system memory (*) than is available", TooLarge),
        new("mmap failed: Cannot allocate memory", Address),
        new("failed to mlock", Lock),
        new("Try increasing RLIMIT_MEMLOCK", Lock),
        new("failed to VirtualLock", Lock),
        new("ggml_aligned_malloc: insufficient memory", "LT5101"),
        new("failed to allocate buffer for kv cache", "LT4033"),
        new("failed to allocate compute * buffers", Compute),
        new("failed to allocate compute buffers", Compute),

        // Libraries and the end.
        new("failed to find ggml_backend_init", VersionsMixed),
        new("incompatible API version (backend:", VersionsMixed),
        new("no backends are loaded", VersionsMixed),
        new("GGML_ASSERT(iter != probs.end())", "LT3206"),
    ];

    private static IEnumerable<KnownMessage> Old(params string[] magics) => magics.Select(m => new KnownMessage($"invalid magic characters: '{m}'", "LT1406", certainty: Certainty.Certain));

    private static IEnumerable<KnownMessage> Pictures(params string[] names) => names.Select(n => new KnownMessage($"unknown model architecture: '{n}'", "LT1026", "The file is an image or video model, not a language model.", Certainty.Certain));

    private static Diagnostic Address(string said) => SystemFaults.Explain(12, null, windows: false)! with { Evidence = said };
}
