using System.Globalization;

namespace LlmToolkit.Formats.Foreign;

/// <summary>Explanations of what is no model or not ours, LT1400-1429 and LT1450-1499.</summary>
internal static class ForeignErrors
{
    private const string Redownload = "Download the file again and compare its size with the one that the source states.";
    private const string OtherForm = "Look in the model's repository for GGUF or safetensors files.";

    public static Diagnostic Empty(string path) => new()
    {
        Code = "LT1400",
        Kind = FaultKind.Refused,
        Message = "The file is empty: 0 bytes.",
        File = path,
        Evidence = "length 0",
        Cause = "The download was interrupted, the disk was full, or it is a file of the system that has no bytes of its own.",
        Certainty = Certainty.Possible,
        Fixes = [Redownload],
    };

    public static Diagnostic EmptyDirectory(string path) => new()
    {
        Code = "LT1401",
        Kind = FaultKind.Refused,
        Message = "The directory holds no file.",
        File = path,
        Cause = "The download was interrupted, or another directory was meant.",
        Certainty = Certainty.Possible,
        Fixes = ["Name the directory that holds config.json, or a model file."],
    };

    public static Diagnostic Incomplete(string path, string suffix, string soFar) => new()
    {
        Code = "LT1402",
        Kind = FaultKind.Refused,
        Message = $"The file is an unfinished download: its name ends in '{suffix}'. {soFar}",
        File = path,
        Evidence = soFar,
        Cause = "The download is still running, or it was interrupted.",
        Certainty = Certainty.Possible,
        Fixes = ["Let the download finish, or start it again: most programs go on where they stopped.", "Delete the partial file if nothing is downloading."],
    };

    public static Diagnostic LfsPointer(string path, string? size, string? hash) => new()
    {
        Code = "LT1403",
        Kind = FaultKind.Refused,
        Message = $"The file is a Git LFS pointer, a note of some 130 bytes that stands for the real file{(size is null ? "" : $" of {size}")}.",
        File = path,
        Evidence = hash is null ? "no hash in the pointer" : $"sha256 of the real file: {hash}",
        Cause = "The repository was cloned without Git LFS.",
        Fixes = ["Run 'git lfs install' and 'git lfs pull' in the clone.", "Download the file itself: 'resolve' in place of 'blob' in its address, or `llmtk hub download`."],
    };

    public static Diagnostic Html(string path, string name, string? title) => new()
    {
        Code = "LT1404",
        Kind = FaultKind.Refused,
        Message = $"The file is a web page or error document ({name}), saved under a model's name{(title is null ? "" : $": \"{title}\"")}.",
        File = path,
        Evidence = title ?? $"begins like {name}",
        Cause = "The address was that of a page, the login or licence was missing, or a server answered with an error.",
        Certainty = Certainty.Likely,
        Fixes = ["Use the download address ('resolve', not 'blob') of the file.", "Log in and accept the model's licence, then download again.", "Delete the file."],
    };

    public static Diagnostic Json(string path) => new()
    {
        Code = "LT1405",
        Kind = FaultKind.Refused,
        Message = "The file is JSON text, not a model.",
        File = path,
        Evidence = "begins like JSON",
        Cause = "A configuration was named instead of the weights, or an error message was saved in place of the file.",
        Certainty = Certainty.Possible,
        Fixes = ["If it is part of a model's folder, name the folder.", Redownload],
    };

    public static Diagnostic OldGgml(string path, string magic, string kind) => new()
    {
        Code = "LT1406",
        Kind = FaultKind.Refused,
        Message = $"The file is in GGML's older form '{magic}' ({kind}), which GGUF replaced in 2023.",
        File = path,
        Evidence = $"magic number '{magic}'",
        Cause = "It was made before August 2023, or by a program that still uses the old form, such as whisper.cpp.",
        Fixes = ["Download a GGUF of the model.", "Convert it with llama.cpp's convert_llama_ggml_to_gguf.py."],
    };

    public static Diagnostic TorchScript(string path) => new()
    {
        Code = "LT1407",
        Kind = FaultKind.Refused,
        Message = "The file is a TorchScript archive: a compiled program with its constants, not a state dict.",
        File = path,
        Evidence = "a zip with constants.pkl",
        Cause = "It was written by torch.jit.save.",
        Fixes = ["Take the checkpoint that it was traced from.", OtherForm],
    };

    public static Diagnostic TorchExport(string path) => new()
    {
        Code = "LT1408",
        Kind = FaultKind.Refused,
        Message = "The file is a torch.export or torch.package archive: a program, not a state dict.",
        File = path,
        Evidence = "a zip with a program of torch.export or torch.package",
        Cause = "It was written by torch.export.save or torch.package.",
        Fixes = ["Take the checkpoint that it was exported from.", OtherForm],
    };

    public static Diagnostic Distributed(string path) => new()
    {
        Code = "LT1409",
        Kind = FaultKind.Refused,
        Message = "The directory is a distributed checkpoint of torch (.metadata and .distcp files).",
        File = path,
        Evidence = ".metadata and .distcp files",
        Cause = "It was saved during a sharded training.",
        Fixes = ["Convert it: python -m torch.distributed.checkpoint.format_utils dcp_to_torch DIR model.pt.", OtherForm],
    };

    public static Diagnostic Keras(string path, string form) => new()
    {
        Code = "LT1410",
        Kind = FaultKind.Refused,
        Message = $"The file is a Keras or HDF5 file ({form}).",
        File = path,
        Evidence = form,
        Cause = "It was written by TensorFlow or Keras.",
        Fixes = [OtherForm, "Export the model with Hugging Face's transformers to safetensors."],
    };

    public static Diagnostic NumPy(string path, string form) => new()
    {
        Code = "LT1411",
        Kind = FaultKind.Refused,
        Message = $"The file holds NumPy arrays ({form}), not a model with its configuration.",
        File = path,
        Evidence = form,
        Cause = "It was written by numpy.savez or by an early version of MLX.",
        Fixes = [OtherForm, "Save the arrays as safetensors (safetensors.numpy.save_file) with the model's config.json beside them."],
    };

    public static Diagnostic TensorFlow(string path, string form) => new()
    {
        Code = "LT1412",
        Kind = FaultKind.Refused,
        Message = $"This is a TensorFlow model ({form}).",
        File = path,
        Evidence = form,
        Cause = "It was written by TensorFlow.",
        Fixes = [OtherForm, "Convert it with Hugging Face's transformers (from_tf=True) to safetensors."],
    };

    public static Diagnostic Zip(string path, string content) => new()
    {
        Code = "LT1413",
        Kind = FaultKind.Refused,
        Message = $"The file is a zip archive that is no PyTorch checkpoint; it holds {content}.",
        File = path,
        Evidence = content,
        Cause = "The model was packed, or the file is something else.",
        Certainty = Certainty.Possible,
        Fixes = ["Unpack it and name the model's file or folder inside.", OtherForm],
    };

    public static Diagnostic Compressed(string path, string tool) => new()
    {
        Code = "LT1414",
        Kind = FaultKind.Refused,
        Message = $"The file is compressed with {tool}.",
        File = path,
        Evidence = $"begins with the signature of {tool}",
        Cause = "The model was packed for the download.",
        Certainty = Certainty.Likely,
        Fixes = [$"Unpack it with {tool} and name what comes out."],
    };

    public static Diagnostic Tar(string path, string content) => new()
    {
        Code = "LT1415",
        Kind = FaultKind.Refused,
        Message = $"The file is a tar archive; it begins with {content}.",
        File = path,
        Evidence = content,
        Cause = "The model was packed (NeMo does so), or the file is a checkpoint of the first releases of torch.",
        Certainty = Certainty.Possible,
        Fixes = ["Unpack it with tar and name the model's file or folder inside.", OtherForm],
    };

    public static Diagnostic Executable(string path, string form) => new()
    {
        Code = "LT1416",
        Kind = FaultKind.Refused,
        Message = $"The file is a program ({form}), not a model. It was not run.",
        File = path,
        Evidence = form,
        Cause = "It was named by mistake, or someone disguised it.",
        Certainty = Certainty.Possible,
        Fixes = ["Name the model's file.", "A llamafile holds a GGUF: unpack it (unzip) and name that."],
    };

    public static Diagnostic Picture(string path, string form) => new()
    {
        Code = "LT1417",
        Kind = FaultKind.Refused,
        Message = $"The file is a picture, a sound or a document ({form}).",
        File = path,
        Evidence = form,
        Cause = "It was named by mistake.",
        Certainty = Certainty.Possible,
        Fixes = ["Name the model's file."],
    };

    public static Diagnostic Zeros(string path, int count, bool hasControlFile) => new()
    {
        Code = "LT1418",
        Kind = FaultKind.Refused,
        Message = string.Create(CultureInfo.InvariantCulture, $"The file begins with {count} zero bytes{(hasControlFile ? ", and the control file of a download lies beside it" : "")}."),
        File = path,
        Evidence = "zero bytes",
        Cause = "A downloader reserved the space and did not finish.",
        Certainty = Certainty.Likely,
        Fixes = ["Delete the file and download it again."],
    };

    public static Diagnostic Text(string path, string begin) => new()
    {
        Code = "LT1420",
        Kind = FaultKind.Refused,
        Message = $"The file is plain text, not a model; it begins \"{begin}\".",
        File = path,
        Evidence = begin,
        Cause = "It was named by mistake, or an error message was saved in place of the file.",
        Certainty = Certainty.Possible,
        Fixes = ["Name the model's file.", Redownload],
    };

    public static Diagnostic NumPyObjects(string path) => new()
    {
        Code = "LT1421",
        Kind = FaultKind.Refused,
        Severity = Severity.Critical,
        Message = "The file is a NumPy array of Python objects (dtype 'O'), stored as a pickle: loading it elsewhere could run code.",
        File = path,
        Evidence = "dtype 'O'",
        Cause = "It was written by numpy.save with allow_pickle, or made to run code.",
        Certainty = Certainty.Possible,
        Fixes = [OtherForm, "Do not load the file with other tools if you do not trust its source."],
    };

    public static Diagnostic JsonError(string path, string message) => new()
    {
        Code = "LT1450",
        Kind = FaultKind.Refused,
        Message = $"The file is a server's error message, saved under a model's name: \"{message}\".",
        File = path,
        Evidence = message,
        Cause = "The server answered with an error where the file was expected: a wrong address, a missing login, or too many requests.",
        Certainty = Certainty.Likely,
        Fixes = ["Do what the message says, then download again.", "Log in and accept the model's licence, if the model asks for that.", "Delete the file."],
    };

    public static Diagnostic PartOfModel(string path, string part, string folder) => new()
    {
        Code = "LT1451",
        Kind = FaultKind.Refused,
        Message = $"{Path.GetFileName(path)} is {part}, a part of a model and not the weights.",
        File = path,
        Evidence = part,
        Cause = "A file beside the weights was named.",
        Fixes = [$"Name the folder: {folder}", "Name the weight file itself."],
    };

    public static Diagnostic Tokenizer(string path, string form) => new()
    {
        Code = "LT1452",
        Kind = FaultKind.Refused,
        Message = $"{Path.GetFileName(path)} is a tokenizer ({form}), not a model.",
        File = path,
        Evidence = form,
        Cause = "The vocabulary was named in place of the weights.",
        Fixes = ["Name the model's folder or its weight file.", "Use it with 'llmtk tokenize'."],
    };

    public static Diagnostic OtherRuntime(string path, string form, string runtime) => new()
    {
        Code = "LT1453",
        Kind = FaultKind.Refused,
        Message = $"This is a model for {runtime} ({form}).",
        File = path,
        Evidence = form,
        Cause = $"It was exported for {runtime}, which is another runtime.",
        Fixes = [OtherForm, $"Run it with {runtime}."],
    };

    public static Diagnostic Llamafile(string path) => new()
    {
        Code = "LT1454",
        Kind = FaultKind.Refused,
        Message = "The file is a llamafile: a program with a model packed inside. It was not run.",
        File = path,
        Evidence = "begins with the mark of a portable program (APE)",
        Cause = "The file is made to be run, not to be opened.",
        Certainty = Certainty.Likely,
        Fixes = ["Unpack it (unzip FILE) and name the .gguf inside.", "Download the GGUF of the same model."],
    };

    public static Diagnostic OldImatrix(string path) => new()
    {
        Code = "LT1455",
        Kind = FaultKind.Refused,
        Message = "The file is an importance matrix in the form before GGUF: statistics for quantizing, not a model.",
        File = path,
        Evidence = "a list of tensor names with activations",
        Cause = "A helper file was named in place of the model.",
        Certainty = Certainty.Likely,
        Fixes = ["Name the model's own file."],
    };

    public static Diagnostic NoModelInFolder(string path, string content, IReadOnlyList<string> routes) => new()
    {
        Code = "LT1456",
        Kind = FaultKind.Refused,
        Message = $"The folder holds no model: {content}.",
        File = path,
        Evidence = content,
        Cause = "The download left the weights out, or another folder was meant.",
        Certainty = Certainty.Likely,
        Fixes = [.. routes, "Name the folder that holds config.json and the weights, or a model file.", "Download the weight files (GGUF or safetensors) into it."],
    };

    public static Diagnostic TextOnnx(string path) => new()
    {
        Code = "LT1457",
        Kind = FaultKind.Refused,
        Message = "The file is an ONNX model written as text.",
        File = path,
        Evidence = "begins like ONNX's text form",
        Cause = "It was exported for people to read; runtimes take the binary form.",
        Certainty = Certainty.Likely,
        Fixes = ["Export the model in binary form (.onnx).", OtherForm],
    };

    public static Diagnostic Piece(string path, string whole) => new()
    {
        Code = "LT1458",
        Kind = FaultKind.Refused,
        Message = "The file is a piece of a larger one, which was cut by bytes for the upload.",
        File = path,
        Evidence = whole,
        Cause = "Some repositories offer files in pieces, because of limits of their size.",
        Certainty = Certainty.Likely,
        Fixes = [$"Join the pieces in order: cat {whole}.* > {whole}", "Download a file that is not cut, or a split set (-00001-of-0000N.gguf)."],
    };
}
