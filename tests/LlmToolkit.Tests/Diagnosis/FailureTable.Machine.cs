using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using LlmToolkit.Tests.Loading;

namespace LlmToolkit.Tests.Diagnosis;

/// <summary>What the machine, the network and the Hub say, as exceptions: B01-B03, B12, C05, C07-C09, D01-D12, E01-E05, F01, F07-F18.</summary>
internal static partial class FailureTable
{
    private static readonly Uri s_hub = new("https://huggingface.co/owner/name/resolve/main/model.safetensors?token=hf_secret");

    private static IReadOnlyList<FailureCase> Machine =>
    [
        Thrown("B01", "library missing", new TypeInitializationException("Native", new DllNotFoundException("Unable to load shared library 'llama' or one of its dependencies. libllama.so: cannot open shared object file: No such file or directory")), "LT4200", "package"),
        Thrown("B01", "library of a library missing", new DllNotFoundException("Unable to load shared library 'llama': libgomp.so.1: cannot open shared object file: No such file or directory"), "LT4201", "libgomp1"),
        Thrown("B01", "system too old", new DllNotFoundException("Unable to load shared library 'llama': /lib/x86_64-linux-gnu/libstdc++.so.6: version `GLIBCXX_3.4.32' not found (required by libllama.so)"), "LT4205", "newer release"),
        Thrown("B03", "function missing", new EntryPointNotFoundException("Unable to find an entry point named 'llama_model_load_from_file' in shared library 'llama'."), "LT4202", "binding's version"),
        Ended("B12", 132, "", "LT4210", "older processors"),
        Ended("B12", 134, "ggml.c:1234: GGML_ASSERT(x) failed", "LT4211", "first error line"),
        Ended("B12", 134, "terminate called\ncudaMalloc failed: out of memory", "LT5111", "fewer layers"),
        Ended("F16", 135, "", "LT4212", "local disk"),
        Ended("C08", 137, "Killed", "LT5112", "limit"),
        Ended("B12", 139, "", "LT4214", "validate"),
        Ended("F01", unchecked((int)0xC000001D), "", "LT4210", "older processors"),
        Ended("B12", unchecked((int)0xC0000005), "", "LT4214", "validate"),
        Thrown("C05", "mapping refused", Io(12, "Cannot allocate memory"), "LT5100", "ulimit -v"),
        Thrown("C07", "paging file", Io(unchecked((int)0x800705AF), "Die Auslagerungsdatei ist zu klein"), "LT5102", "paging file"),
        Thrown("C09", "managed heap full", OutOfMemory("Exception of type 'System.OutOfMemoryException' was thrown."), "LT5110", "memory limit"),
        Thrown("D01", "no name", new HttpRequestException(HttpRequestError.NameResolutionError, "Name or service not known (huggingface.co:443)", new SocketException((int)SocketError.HostNotFound)), "LT6100", "network connection"),
        Thrown("D02", "refused", new HttpRequestException("Connection refused", new SocketException((int)SocketError.ConnectionRefused)), "LT6101", "server runs"),
        Thrown("D02", "time limit", new TaskCanceledException("The request was canceled due to the configured HttpClient.Timeout of 100 seconds elapsing.", new TimeoutException()), "LT6102", "Try again"),
        Answered("D03", 407, null, null, "LT6105", "HTTPS_PROXY"),
        Thrown("D04", "certificate", new HttpRequestException("The SSL connection could not be established, see inner exception.", new AuthenticationException("The remote certificate is invalid because of errors in the certificate chain: UntrustedRoot")), "LT6106", "certificate of your company"),
        Thrown("D04", "clock", new HttpRequestException("The SSL connection could not be established, see inner exception.", new AuthenticationException("The remote certificate is invalid because of errors in the certificate chain: NotTimeValid")), "LT6107", "clock"),
        Answered("D05", 429, null, null, "LT6153", "Wait"),
        Answered("D06", 503, null, null, "LT6154", "Try again"),
        Thrown("D06", "reset in a download", new HttpIOException(HttpRequestError.ResponseEnded, "The response ended prematurely.", new SocketException((int)SocketError.ConnectionReset)), "LT6104", "Try again"),
        Answered("D07", 404, "RevisionNotFound", null, "LT6151", "revision"),
        Answered("D07", 404, "EntryNotFound", null, "LT6152", "List"),
        Answered("D07", 404, "RepoNotFound", true, "LT6150", "Check owner"),
        Answered("D07", 401, "RepoNotFound", false, "LT6159", "Check owner"),
        Answered("D08", 416, null, null, "LT6155", "partial download"),
        Thrown("D11", "disk full", Io(28, "No space left on device"), "LT1542", "Free space"),
        Thrown("D11", "disk full on Windows", Io(unchecked((int)0x80070070), "Es steht nicht genug Speicherplatz auf dem Datenträger zur Verfügung."), "LT1542", "Free space"),
        Thrown("D11", "quota", Io(122, "Disk quota exceeded"), "LT1543", "Delete"),
        Thrown("D12", "file too large", Io(27, "File too large"), "LT1550", "another file system"),
        Answered("E01", 401, "GatedRepo", false, "LT6170", "Accept the terms"),
        Answered("E01", 403, "GatedRepo", true, "LT6171", "Accept the terms"),
        Answered("E02", 401, null, true, "LT6172", "new token"),
        Answered("E03", 403, null, true, "LT6173", "Tick"),
        new("E05", "disabled", "Access to this resource is disabled.", "LT6174", "another source") { Context = new LoadContext { HttpStatus = 403, Answer = "Access to this resource is disabled.", TokenSent = true, Address = s_hub } },
        Thrown("F07", "access denied", new UnauthorizedAccessException("Access to the path '/models/m.gguf' is denied.", Io(13, "Permission denied")), "LT1541", "chmod"),
        new("F08", "link to nothing", "No such file or directory", "LT2007", "Download") { Make = BrokenLink },
        new("F08", "quotes in the path", "No such file or directory", "LT2001", "m.gguf") { Make = f => $"\"{f.File("m.gguf", TinyGguf.Sound().Build())}\"" },
        new("F08", "capitals", "No such file or directory", "LT2001", "Model.gguf") { Make = f => f.File("Model.gguf", TinyGguf.Sound().Build()).Replace("Model", "model", StringComparison.Ordinal) },
        Thrown("F09", "no right for links", Io(unchecked((int)0x80070522), "A required privilege is not held by the client"), "LT1553", "developer mode"),
        Thrown("F10", "path too long", new PathTooLongException(), "LT1546", "shorter folder"),
        Thrown("F10", "path too long by number", Io(unchecked((int)0x800700CE), "The filename or extension is too long."), "LT1546", "shorter folder"),
        Thrown("F12", "in use", Io(unchecked((int)0x80070020), "The process cannot access the file because it is being used by another process."), "LT1545", "try again"),
        Thrown("F14", "too many open files", Io(24, "Too many open files"), "LT1544", "ulimit -n"),
        Thrown("F16", "stale share", Io(116, "Stale file handle"), "LT1549", "local disk"),
        Thrown("F16", "disk fault", Io(5, "Input/output error"), "LT1547", "another disk"),
        Thrown("F18", "wrong processor", new BadImageFormatException("An attempt was made to load a program with an incorrect format. (0x8007000B)"), "LT4203", "this processor"),
    ];

#pragma warning disable CA2201 // The runtime's own exception is what is explained here.
    public static OutOfMemoryException OutOfMemory(string message) => new(message);
#pragma warning restore CA2201

    private static IOException Io(int number, string text) => new(text, number);

    private static FailureCase Thrown(string id, string what, Exception exception, string code, string fix) => new(id, what, exception.GetBaseException().Message, code, fix)
    {
        Do = (_, _) => Task.FromResult<Diagnostic?>(new ErrorReporter().Explain(exception, new LoadContext { File = "/models/m.gguf", Stop = LoadStop.Load, Address = exception is HttpRequestException ? s_hub : null })),
    };

    private static FailureCase Ended(string id, int exitCode, string output, string code, string fix) =>
        new(id, $"process ended with {(exitCode < 0 ? $"0x{exitCode:X8}" : exitCode)}", output.Length == 0 ? "(no message)" : output, code, fix) { Context = new LoadContext { ExitCode = exitCode, Output = output } };

    private static FailureCase Answered(string id, int status, string? hubCode, bool? token, string code, string fix) =>
        new(id, $"HTTP {status}{(hubCode is null ? "" : " " + hubCode)}{(token == true ? " with a token" : "")}", $"{status} Client Error", code, fix)
        {
            Do = (_, _) => Task.FromResult<Diagnostic?>(new ErrorReporter().Explain(
                new HttpRequestException($"Response status code does not indicate success: {status}.", null, (HttpStatusCode)status), new LoadContext { HubErrorCode = hubCode, TokenSent = token, Address = s_hub, Stop = LoadStop.Download })),
        };

    private static string BrokenLink(TemporaryFolder folder)
    {
        string path = Path.Combine(folder.Path, "model.gguf");
        System.IO.File.CreateSymbolicLink(path, "../blobs/4d7a214614ab");
        return path;
    }
}
