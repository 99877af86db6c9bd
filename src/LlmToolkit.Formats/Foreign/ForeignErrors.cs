using System.Globalization;

namespace LlmToolkit.Formats.Foreign;

/// <summary>Explanations of what is no model or not ours, LT1400-1499.</summary>
internal static class ForeignErrors
{
    private const string Redownload = "Download the file again and compare its size with the one that the source states.";
    private const string OtherForm = "Look in the model's repository for GGUF or safetensors files.";

    public static Diagnostic Empty(string path) => Refuse("LT1400", path, "The file is empty: 0 bytes.", "The download was interrupted, or the disk was full.", [Redownload]);

    public static Diagnostic EmptyDirectory(string path) => Refuse("LT1401", path, "The directory holds no file.", "The download was interrupted, or another directory was meant.", ["Name the directory that holds config.json, or a model file."]);

    public static Diagnostic Incomplete(string path, string suffix) => Refuse("LT1402", path, $"The file is an unfinished download: its name ends in '{suffix}'.", "The download is still running, or it was interrupted.", ["Let the download finish, or start it again.", "Delete the partial file if nothing is downloading."]);

    public static Diagnostic LfsPointer(string path, string? size) => Refuse("LT1403", path, $"The file is a Git LFS pointer, a note of some 130 bytes that stands for the real file{(size is null ? "" : $" of {size} bytes")}.", "The repository was cloned without Git LFS.", ["Run 'git lfs install' and 'git lfs pull' in the clone.", "Download the file itself with 'llmtk hub download'."], Certainty.Certain);

    public static Diagnostic Html(string path, string name) => Refuse("LT1404", path, $"The file is a web page or error document ({name}), saved under a model's name.", "The address was that of a page, the login or licence was missing, or a server answered with an error.", ["Use the download address ('resolve', not 'blob') of the file.", "Log in and accept the model's licence, then download again."], Certainty.Likely);

    public static Diagnostic Json(string path) => Refuse("LT1405", path, "The file is JSON text, not a model.", "An error message was saved in place of the file, or a configuration was named instead of the weights.", ["If it is part of a model's folder, name the folder.", Redownload], Certainty.Possible);

    public static Diagnostic OldGgml(string path, string magic) => Unsupported("LT1406", path, $"The file is in GGML's older form '{magic}', which GGUF replaced in 2023.", "It was made before August 2023.", ["Download a GGUF of the model.", "Convert it with llama.cpp's convert_llama_ggml_to_gguf.py."]);

    public static Diagnostic TorchScript(string path) => Unsupported("LT1407", path, "The file is a TorchScript archive: a compiled program with its constants, not a state dict.", "It was written by torch.jit.save.", ["Take the checkpoint that it was traced from.", OtherForm]);

    public static Diagnostic TorchExport(string path) => Unsupported("LT1408", path, "The file is a torch.export or torch.package archive: a program, not a state dict.", "It was written by torch.export.save or torch.package.", ["Take the checkpoint that it was exported from.", OtherForm]);

    public static Diagnostic Distributed(string path) => Unsupported("LT1409", path, "The directory is a distributed checkpoint of torch (.metadata and .distcp files).", "It was saved during a sharded training.", ["Convert it: python -m torch.distributed.checkpoint.format_utils dcp_to_torch DIR model.pt.", OtherForm]);

    public static Diagnostic Keras(string path, string form) => Unsupported("LT1410", path, $"The file is a Keras or HDF5 file ({form}).", "It was written by TensorFlow or Keras.", [OtherForm, "Export the model with Hugging Face's transformers to safetensors."]);

    public static Diagnostic NumPy(string path, string form) => Unsupported("LT1411", path, $"The file holds NumPy arrays ({form}), not a model with its names.", "It was written by numpy.save or numpy.savez.", [OtherForm]);

    public static Diagnostic NumPyObjects(string path) => Refuse("LT1421", path, "The file is a NumPy array of Python objects (dtype 'O'), stored as a pickle: loading it elsewhere could run code.", "It was written by numpy.save with allow_pickle, or made to run code.", [OtherForm, "Do not load the file with other tools if you do not trust its source."]) with { Severity = Severity.Critical };

    public static Diagnostic TensorFlow(string path, string form) => Unsupported("LT1412", path, $"This is a TensorFlow model ({form}).", "It was written by TensorFlow.", [OtherForm]);

    public static Diagnostic Zip(string path) => Refuse("LT1413", path, "The file is a zip archive that is no PyTorch checkpoint.", "The model was packed, or the file is something else.", ["Unpack it and name the model's file or folder inside.", OtherForm]);

    public static Diagnostic Compressed(string path, string tool) => Refuse("LT1414", path, $"The file is compressed with {tool}.", "The model was packed for the download.", [$"Unpack it with {tool} and name what comes out."], Certainty.Likely);

    public static Diagnostic Tar(string path) => Refuse("LT1415", path, "The file is a tar archive.", "The model was packed, or the file is a checkpoint of the first releases of torch.", ["Unpack it with tar and name the model's file or folder inside."]);

    public static Diagnostic Executable(string path, string form) => Refuse("LT1416", path, $"The file is a program ({form}), not a model. It was not run.", "It was named by mistake, or someone disguised it.", ["Name the model's file.", "A llamafile holds a GGUF: unpack it (unzip) and name that."]);

    public static Diagnostic Picture(string path, string form) => Refuse("LT1417", path, $"The file is a picture or document ({form}).", "It was named by mistake.", ["Name the model's file."]);

    public static Diagnostic Zeros(string path, int count) => Refuse("LT1418", path, string.Create(CultureInfo.InvariantCulture, $"The file begins with {count} zero bytes."), "A downloader reserved the space and did not finish.", ["Delete the file and download it again."], Certainty.Likely);

    public static Diagnostic Text(string path) => Refuse("LT1420", path, "The file is plain text, not a model.", "It was named by mistake, or an error message was saved in place of the file.", ["Name the model's file.", Redownload]);

    private static Diagnostic Refuse(string code, string path, string message, string cause, IReadOnlyList<string> fixes, Certainty certainty = Certainty.Possible) => new()
    {
        Code = code,
        Kind = FaultKind.Refused,
        Message = message,
        File = path,
        Cause = cause,
        Certainty = certainty,
        Fixes = fixes,
    };

    private static Diagnostic Unsupported(string code, string path, string message, string cause, IReadOnlyList<string> fixes) =>
        Refuse(code, path, message, cause, fixes, Certainty.Certain) with { Kind = FaultKind.Unsupported };
}
