namespace LlmToolkit.Diagnosis.Messages;

/// <summary>Messages of PyTorch and of Python's unpickler.</summary>
internal static class TorchMessages
{
    public static IReadOnlyList<KnownMessage> All { get; } =
    [
        new("PytorchStreamReader failed reading zip archive: failed finding central directory", "LT1207", certainty: Certainty.Certain),
        new("PytorchStreamReader failed reading zip archive: invalid header or archive is corrupted", "LT1208"),
        new("PytorchStreamReader failed reading file", "LT1206"),
        new("unexpected EOF, expected * more bytes", "LT1206", certainty: Certainty.Certain),
        new("invalid load key, 'v'", "LT1403", "The file is a Git LFS pointer: the repository was cloned without Git LFS.", Certainty.Certain),
        new("invalid load key, '<'", "LT1404", "A web page was saved under the file's name.", Certainty.Certain),
        new("invalid load key, '\\x00'", "LT1418"),
        new("invalid load key, '{'", "LT1405"),
        new("invalid load key, 'E'", "LT1404", "An error text (\"Entry not found\") was saved under the file's name."),
        new("invalid load key, '*'", "LT1201"),
        new("Cannot use ``weights_only=True`` with TorchScript archives", "LT1204", certainty: Certainty.Certain),
        new("Weights only load failed", "LT1220", "The pickle names something outside the list of what tensors need: training state, classes of a project, or code that someone put there."),
        new("Unsupported global: GLOBAL * was not an allowed global", "LT1220"),
        new("Unsupported operand", "LT1222"),
        new("size mismatch for lm_head.weight", "LT2203"),
        new("size mismatch for *embed_tokens.weight", "LT2203"),
        new("size mismatch for *: copying a param with shape", "LT4021"),
        new("Missing key(s) in state_dict", "LT4020"),
        new("Unexpected key(s) in state_dict", "LT4025", certainty: Certainty.Possible),
        new("CUDA out of memory. Tried to allocate", DeviceMemoryErrors.Gpu),
        new("torch.OutOfMemoryError", DeviceMemoryErrors.Gpu),
        new("DefaultCPUAllocator: can't allocate memory", "LT5101"),
        new("DefaultCPUAllocator: not enough memory: you tried to allocate", "LT5101"),
        new("unable to mmap * bytes from file", "LT5100"),
        new("probability tensor contains either `inf`, `nan` or element < 0", "LT3206"),
    ];
}
