using LlmToolkit.Tests.Loading;

namespace LlmToolkit.Tests.Diagnosis;

/// <summary>GGUF files: A03-A25, A27-A31, A51.</summary>
internal static partial class FailureTable
{
    private const string Model = "model.gguf";

    private static IReadOnlyList<FailureCase> Gguf =>
    [
        Changed("A03", "cut in the data", "tensor '…' data is not within the file bounds, model is corrupted or incomplete", "LT1016", "Resume", b => b[..^40]) with { Says = "%" },
        File("A04", "cut in the metadata", "failed to read key-value pairs", "LT1002", "Download the file again", Model, () => Vocabulary[..100]),
        Sound("A04", "cut in the vocabulary", "failed to read key-value pairs", "LT1002", "Download the file again", b => b[..2000]) with { Says = "tokenizer.ggml.tokens" },
        File("A04", "empty", "failed to read magic", "LT1400", "Download the file again", Model, () => []),
        Changed("A04", "magic alone", "failed to read header", "LT1002", "Download the file again", b => b[..6]),
        Changed("A06", "version 4", "this GGUF file is version 4 but this software only supports up to version 3", "LT1003", "Update", b => Patch(b, 4, [4])),
        Changed("A06", "version 0", "bad GGUF version: 0", "LT1003", "Download the file again", b => Patch(b, 4, [0])),
        Changed("A09", "unknown tensor type", "tensor '…' has invalid ggml type 99. should be in [0, 43)", "LT1013", "another quantization", b => Type(b, "output_norm.weight", 1, 99)) with { Says = "99" },
        Changed("A10", "row no multiple of the block", "has 64 elements per row, not a multiple of block size (256)", "LT1014", "another quantization", b => Type(b, "output_norm.weight", 1, 12)) with { Says = "256" },
        Changed("A11", "offset not aligned", "tensor '…' has offset 7, expected 213760", "LT1015", "Download the file again", b => Patch(b, ValueOf(b, "output_norm.weight") + 4 + 8 + 4, [7])),
        File("A12", "tensor twice", "invalid model: tensor '…' is duplicated", "LT1010", "original file", Model, () => Replace(TinyGguf.Sound().Tensor("output_norn.weight", 8).Build(), "output_norn.weight", "output_norm.weight")),
        Changed("A12", "key twice", "duplicate key", "LT1006", "original file", b => Replace(b, "tokenizer.ggml.eos_token_id", "tokenizer.ggml.bos_token_id")),
        Changed("A13", "string longer than the file", "string length … exceeds maximum", "LT1004", "Download the file again", b => Patch(b, 24, [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F])),
        Changed("A13", "tensor count of 2^60", "number of tensors is … but must be in", "LT1004", "Download the file again", b => Patch(b, 8, [0, 0, 0, 0, 0, 0, 0, 0x10])),
        Changed("A13", "key count of 2^60", "number of key value pairs is … but must be in", "LT1004", "Download the file again", b => Patch(b, 16, [0, 0, 0, 0, 0, 0, 0, 0x10])),
        Tiny("A14", "unknown architecture", "unknown model architecture: 'rwkv9'", "LT4010", "another architecture", t => t.Set("general.architecture", "rwkv9")) with { Says = "rwkv9" },
        Tiny("A15", "image model", "unknown model architecture: 'flux'", "LT1026", "program", t => t.Set("general.architecture", "flux")) with { Says = "images" },
        Tiny("A16", "projector", "CLIP cannot be used as main model, use it with --mmproj instead", "LT1026", "language model", t => t.Set("general.architecture", "clip").Set("general.type", "mmproj")) with { Says = "projector" },
        Tiny("A17", "importance matrix", "unknown model architecture: ''", "LT1026", "model files", t => t.Without("general.architecture").Set("general.type", "imatrix")) with { Says = "importance matrix" },
        Tiny("A17", "control vector", "unknown model architecture: 'controlvector'", "LT1026", "made for", t => t.Set("general.architecture", "controlvector").Set("controlvector.model_hint", "llama")) with { Says = "control vector" },
        Tiny("A18", "LoRA adapter", "key not found in model: llama.context_length", "LT1026", "base model", t => t.Set("general.type", "adapter").Set("adapter.type", "lora").Set("general.base_model.0.name", "Llama 3 8B").Without("llama.")) with { Says = "Llama 3 8B", MayLoad = true },
        File("A19", "vocabulary only", "tensor 'token_embd.weight' not found", "LT1026", "own file", "ggml-vocab-x.gguf", () => Vocabulary) with { Says = "vocabulary", MayLoad = true },
        Sound("A20", "tensor missing", "missing tensor 'blk.0.attn_q.weight'", "LT2222", "Download every file", b => Replace(b, "blk.0.attn_q.weight", "blk.0.attn_x.weight")) with { Says = "blk.0.attn_q.weight" },
        Sound("A22", "shape of another model", "tensor '…' has wrong shape; expected 64, 128, got 64, 96, 1, 1", "LT4021", "same revision", b => PatchKey(b, "llama.feed_forward_length", 96)) with { Says = "feed_forward_length" },
        Sound("A24", "unknown pre-tokenizer", "unknown pre-tokenizer type: 'newpre'", "LT3013", "--pre", b => Replace(b, "\u0005\0\0\0\0\0\0\0gpt-2", "\u0005\0\0\0\0\0\0\0newpt"), "gpt2") with { Says = "newpt", MayLoad = true },
        Sound("A25", "merges missing", "cannot find tokenizer merges in model file", "LT3011", "Convert", b => Replace(b, "tokenizer.ggml.merges", "tokenizer.ggml.mergez"), "gpt2") with { Says = "tokenizer.ggml.merges", MayLoad = true },
        Folder("A27", "part missing", "failed to load GGUF split from …-00002-of-00003.gguf", "LT1022", "missing parts", f => Parts(f, 3, skip: 2), "model-00001-of-00003.gguf") with { Says = "model-00002-of-00003.gguf" },
        Folder("A29", "part renamed", "invalid split file name: …", "LT1021", "names back", f => f.File("renamed.gguf", Part(0, 3)), "renamed.gguf"),
        Folder("A29", "parts joined with cat", "tensor '…' data is not within the file bounds", "LT1028", "parts", f => f.File("model-00001-of-00003.gguf", [.. Part(0, 3), .. Part(1, 3)]), "model-00001-of-00003.gguf"),
        File("A30", "piece of a cut file", "invalid magic characters", "LT1029", "Join", "model.gguf.part2of2", () => [.. Enumerable.Range(0, 400).Select(i => (byte)(i * 37))]),
        Folder("A31", "parts of two revisions", "corrupted model: 21 tensors expected but 20 found", "LT1024", "one revision", f => Parts(f, 2, skip: 0, tensors: 99), "model-00001-of-00002.gguf"),
        Tiny("A51", "key of another type", "key … has wrong type str but expected type u32", "LT2210", "", t => t.Set("llama.block_count", "two")) with { Says = "llama.block_count" },
    ];

    /// <summary>Tokens and merges without a tensor.</summary>
    private static byte[] Vocabulary => new TinyGguf().Set("general.architecture", "llama").Set("tokenizer.ggml.model", "gpt2").Set("tokenizer.ggml.tokens", "a", "b", "ab").Set("tokenizer.ggml.merges", ["a b"]).Build();

    private static FailureCase Changed(string id, string what, string elsewhere, string code, string fix, Func<byte[], byte[]> change) => File(id, what, elsewhere, code, fix, Model, () => change(TinyGguf.Sound().Build()));

    private static FailureCase Tiny(string id, string what, string elsewhere, string code, string fix, Func<TinyGguf, TinyGguf> change) => File(id, what, elsewhere, code, fix, Model, () => change(TinyGguf.Sound()).Build());

    /// <summary>A model that would run, changed in place.</summary>
    private static FailureCase Sound(string id, string what, string elsewhere, string code, string fix, Func<byte[], byte[]> change, string model = "llama") =>
        File(id, what, elsewhere, code, fix, Model, () => change(System.IO.File.ReadAllBytes(Path.Combine(SharedData.Fixtures, "conformance", "gguf", model + ".gguf"))));

    private static byte[] Patch(byte[] bytes, int at, byte[] with)
    {
        byte[] copy = [.. bytes];
        with.CopyTo(copy, at);
        return copy;
    }

    /// <summary>Replaces texts of equal length; every second argument is the new one.</summary>
    private static byte[] Replace(byte[] bytes, params string[] texts)
    {
        byte[] copy = [.. bytes];
        for (int i = 0; i < texts.Length; i += 2)
        {
            byte[] from = System.Text.Encoding.Latin1.GetBytes(texts[i]);
            int at = copy.AsSpan().IndexOf(from);
            Assert.True(at >= 0, $"{texts[i]} is not in the file");
            System.Text.Encoding.Latin1.GetBytes(texts[i + 1].PadRight(texts[i].Length)[..texts[i].Length]).CopyTo(copy, at);
        }

        return copy;
    }

    private static int ValueOf(byte[] bytes, string key)
    {
        byte[] text = System.Text.Encoding.Latin1.GetBytes(key);
        int at = bytes.AsSpan().IndexOf(text);
        Assert.True(at >= 0, $"{key} is not in the file");
        return at + text.Length;
    }

    /// <summary>Gives a tensor of so many dimensions another ggml type.</summary>
    private static byte[] Type(byte[] bytes, string tensor, int dimensions, byte type) => Patch(bytes, ValueOf(bytes, tensor) + 4 + (8 * dimensions), [type, 0, 0, 0]);

    private static byte[] PatchKey(byte[] bytes, string key, byte value) => Patch(bytes, ValueOf(bytes, key) + 4, [value, 0, 0, 0]);

    private static byte[] Part(int number, int count, int tensors = 2) => TinyGguf.Sound().Set("split.no", (uint)number).Set("split.count", (uint)count).Set("split.tensors.count", (uint)tensors).Build();

    private static void Parts(TemporaryFolder folder, int count, int skip, int tensors = 2)
    {
        for (int i = 1; i <= count; i++)
        {
            if (i != skip)
            {
                TinyGguf part = i == 1 ? TinyGguf.Sound() : new TinyGguf().Tensor($"blk.0.part{i}.weight", 8);
                folder.File($"model-{i:D5}-of-{count:D5}.gguf", part.Set("split.no", (uint)(i - 1)).Set("split.count", (uint)count).Set("split.tensors.count", (uint)tensors).Build());
            }
        }
    }
}
