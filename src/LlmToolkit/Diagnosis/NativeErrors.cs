namespace LlmToolkit.Diagnosis;

/// <summary>Native libraries, worker processes and other engines: LT4200-LT4299.</summary>
internal static class NativeErrors
{
    private const string Managed = "Run the model with the managed engine, which needs no native library: --backend managed.";

    /// <summary>A native library is missing.</summary>
    public static Diagnostic LibraryMissing(string said) => Fault(
        "LT4200", "A native library cannot be loaded.", said, "The package with the library for this system and processor is not installed, or a library that it needs itself is missing.",
        ["Install the backend's package for this system (the same version as the managed one).", "On Linux, see what is missing: ldd on the library.", Managed], Certainty.Likely);

    /// <summary>A library that another one needs is missing.</summary>
    public static Diagnostic DependencyMissing(string said, string library) => Fault(
        "LT4201", $"The library {library} is missing; another library needs it.", said, "A package of the system is not installed, or it lies where the loader does not look.",
        [PackageOf(library), "If it is installed, name its folder in LD_LIBRARY_PATH (PATH on Windows).", Managed]);

    /// <summary>A function is missing in a native library.</summary>
    public static Diagnostic EntryPointMissing(string said) => Fault(
        "LT4202", "A native library lacks a function that its binding calls.", said, "Library and binding are of different versions.",
        ["Install the native package of exactly the binding's version.", "Remove other copies of the library from PATH and LD_LIBRARY_PATH.", Managed], Certainty.Likely);

    /// <summary>A native library is made for another processor.</summary>
    public static Diagnostic WrongProcessor(string said) => Fault(
        "LT4203", "A native library is made for another processor than this process.", said, "The package for another system was installed, or a 32-bit program or an x64 program under emulation loads it.",
        ["Install the package for this processor (win-x64, linux-x64, osx-arm64 …).", "Run the program with a runtime of the same kind.", Managed], Certainty.Likely, ErrorCategory.Hardware);

    /// <summary>Native libraries of different versions.</summary>
    public static Diagnostic VersionsMixed(string said) => Fault(
        "LT4204", "Native libraries of different versions were mixed.", said, "Parts of two releases of llama.cpp lie in the folder, or the library is older than the file.",
        ["Delete all of them and install one release.", "Update the binding and its native package together.", Managed], Certainty.Likely);

    /// <summary>The system is older than a library needs.</summary>
    public static Diagnostic SystemTooOld(string said) => Fault(
        "LT4205", "The C or C++ library of this system is older than a native library needs.", said, "The library was built on a newer Linux.",
        ["Use a newer release of the system, or a container with one.", "Take a build for older systems (manylinux, musl).", Managed]);

    /// <summary>macOS does not allow the library.</summary>
    public static Diagnostic Quarantine(string said) => Fault(
        "LT4206", "macOS does not allow an unsigned library to run.", said, "It was downloaded with a browser, or its signature is broken.",
        ["Remove the mark of the download: xattr -d com.apple.quarantine FILE.", "Sign it anew: codesign --force -s - FILE.", Managed], Certainty.Likely);

    /// <summary>A process used an instruction that this processor has not.</summary>
    public static Diagnostic IllegalInstruction(string said) => Fault(
        "LT4210", "A process used an instruction that this processor has not (SIGILL).", said, "The build is for processors with AVX2 or AVX-512, or a virtual machine hides them.",
        ["Take a build for older processors.", "In a virtual machine, set the CPU type to host.", Managed], Certainty.Likely, ErrorCategory.Hardware);

    /// <summary>A process aborted itself.</summary>
    public static Diagnostic Aborted(string said) => Fault(
        "LT4211", "A process ended itself after a failed assertion (SIGABRT).", said, "A native library met what it did not expect; the line before its end names it.",
        ["Read the first error line that it wrote (--verbose).", "Update the backend, or report the line to its project.", Managed], Certainty.Possible);

    /// <summary>A mapped file was cut or its disk went away.</summary>
    public static Diagnostic BusError(string said) => Fault(
        "LT4212", "A process read a mapped file where nothing is any more (SIGBUS).", said, "The file was cut or replaced while it was in use, a network disk went away, or /dev/shm of a container is too small.",
        ["Copy the model to a local disk and compare its size with the one that the source states.", "Replace model files by renaming, never by writing into them.", "In a container, start it with --shm-size=8g or --ipc=host."], Certainty.Likely, ErrorCategory.Hardware);

    /// <summary>A process touched memory that is not its own.</summary>
    public static Diagnostic Segfault(string said) => Fault(
        "LT4214", "A process touched memory that is not its own (SIGSEGV).", said, "A bug in a native library or driver, mixed versions of libraries, or a damaged file.",
        ["Run `llmtk validate MODEL`: a damaged file shows there.", "Update the backend and the driver.", Managed], Certainty.Possible);

    /// <summary>A process ended with an error.</summary>
    public static Diagnostic Exited(int exitCode, string said) => Fault(
        "LT4215", $"A process ended with the exit code {exitCode}.", said, "The process met an error; its output names it.", ["Read its output (--verbose).", Managed], Certainty.Possible);

    /// <summary>The GPU driver is too old.</summary>
    public static Diagnostic DriverTooOld(string said) => Fault(
        "LT4220", "The GPU's driver is older than the library needs.", said, "CUDA's runtime is newer than the driver.", ["Update the GPU's driver.", "Take a build for an older CUDA.", Managed], category: ErrorCategory.Hardware);

    /// <summary>The build has no code for this GPU.</summary>
    public static Diagnostic NoKernel(string said) => Fault(
        "LT4221", "The build holds no code for this GPU.", said, "The GPU is older or newer than those that the library was built for.", ["Take a build that names this GPU's compute capability, or a newer release.", "Use the Vulkan build.", Managed], category: ErrorCategory.Hardware);

    /// <summary>No GPU can be used.</summary>
    public static Diagnostic NoDevice(string said) => Fault(
        "LT4222", "No GPU can be used.", said, "The driver is not installed, a container was started without the GPU, or the driver hangs after a suspend.",
        ["Check with nvidia-smi (or vulkaninfo) that the system sees the GPU.", "Start the container with --gpus all.", Managed], Certainty.Likely, ErrorCategory.Hardware);

    /// <summary>The GPU stopped answering.</summary>
    public static Diagnostic DeviceLost(string said) => Fault(
        "LT4223", "The GPU stopped answering and was reset.", said, "A computation took longer than the system allows, the GPU is unstable, or its driver has a fault.", ["Update the driver.", "Use a smaller micro-batch or context.", Managed], Certainty.Likely, ErrorCategory.Hardware);

    /// <summary>llama.cpp wants flash attention for a quantized V cache.</summary>
    public static Diagnostic FlashAttention(string said) => Fault(
        "LT4230", "A quantized V cache needs flash attention in llama.cpp.", said, "The two options exclude each other.", ["Turn flash attention on (-fa on).", "Keep the V cache in F16."], category: ErrorCategory.Usage);

    /// <summary>The cache type does not divide the heads.</summary>
    public static Diagnostic CacheBlocks(string said) => Fault(
        "LT4231", "The heads of this model are too narrow for the blocks of that cache type.", said, "A block of 32 values must divide the width of a head.", ["Keep the cache in F16."], category: ErrorCategory.Usage);

    /// <summary>The adapter belongs to another model.</summary>
    public static Diagnostic AdapterMismatch(string said) => Fault(
        "LT4232", "The adapter belongs to another model than the one it was put on.", said, "Its tensors have other names or shapes than the model's.", ["Use the base model that the adapter names (base_model_name_or_path, general.base_model.0.name).", "Convert the adapter again for this model."], Certainty.Likely, ErrorCategory.Format);

    /// <summary>The projector belongs to another model.</summary>
    public static Diagnostic ProjectorMismatch(string said) => Fault(
        "LT4233", "The vision projector (mmproj) does not fit the model or the version of llama.cpp.", said, "It comes from another repository, or is newer than the library.", ["Take the mmproj file of the model's own repository.", "Update llama.cpp."], Certainty.Likely, ErrorCategory.Format);

    /// <summary>llama.cpp no longer reads GGUF version 1.</summary>
    public static Diagnostic GgufV1(string said) => Fault(
        "LT4234", "llama.cpp no longer reads GGUF version 1.", said, "The file was made in August 2023.", ["Run it with the managed engine, which reads version 1: --backend managed.", "Get a newer file of the same model."]);

    /// <summary>llama.cpp does not read files of the other byte order.</summary>
    public static Diagnostic ByteOrder(string said) => Fault(
        "LT4235", "The GGUF has the byte order of another kind of machine, which llama.cpp does not read.", said, "It was made for s390x or AIX (big-endian).", ["Run it with the managed engine, which reads plain types of such files: --backend managed.", "Get the little-endian file, or convert it: gguf_convert_endian.py of gguf-py."]);

    /// <summary>llama.cpp wants the first part of a split model.</summary>
    public static Diagnostic NotFirstPart(string said) => Fault(
        "LT4236", "llama.cpp was given a later part of a split model; it wants the first.", said, "The parts were listed in another order, or the wrong file was chosen.", ["Name the file that ends in -00001-of-0000N.gguf.", "Name any part to llmtk: it finds the others."], severity: Severity.Low);

    /// <summary>The context is longer than the model was trained for.</summary>
    public static Diagnostic BeyondTraining(string said) => Fault(
        "LT4237", "The context is longer than the one that the model was trained with.", said, "Positions beyond the training are new to the model: its answers get worse there.", ["Use at most the model's own context length (leave --context out).", "If the model knows RoPE scaling (YaRN), turn it on."], category: ErrorCategory.Usage, severity: Severity.Low);

    /// <summary>ONNX Runtime cannot parse the file.</summary>
    public static Diagnostic OnnxParse(string said) => Fault(
        "LT4260", "The ONNX file cannot be parsed.", said, "The file is cut, is an LFS pointer or a web page, or is larger than protobuf's 2 GiB.", ["Run `llmtk detect FILE` to see what it is, and download it again.", "Export models over 2 GiB with external data."], Certainty.Likely, ErrorCategory.Format);

    /// <summary>A data file of an ONNX model is missing.</summary>
    public static Diagnostic OnnxExternalData(string said) => Fault(
        "LT4261", "A file with the weights of an ONNX model is missing.", said, "Large models keep their weights in a second file (model.onnx_data), which was not downloaded or was renamed.", ["Download every file of the ONNX folder, model.onnx_data too, and keep their names."], Certainty.Likely, ErrorCategory.Format);

    /// <summary>The ONNX model is newer than the runtime.</summary>
    public static Diagnostic OnnxVersion(string said) => Fault(
        "LT4262", "The ONNX model has a newer version than the runtime knows.", said, "It was exported with a newer opset or IR version.", ["Update ONNX Runtime.", "Export the model with an older opset."]);

    private static string PackageOf(string library) => library switch
    {
        _ when library.StartsWith("libgomp", StringComparison.Ordinal) => "Install it: apt install libgomp1 (dnf install libgomp).",
        _ when library.StartsWith("libcudart", StringComparison.Ordinal) || library.StartsWith("libcublas", StringComparison.Ordinal) => "Install the CUDA runtime of the library's version.",
        _ when library.StartsWith("libcuda.", StringComparison.Ordinal) => "Install the NVIDIA driver; in a container, start it with --gpus all.",
        _ when library.StartsWith("libstdc++", StringComparison.Ordinal) => "Install it: apt install libstdc++6.",
        _ when library.StartsWith("libvulkan", StringComparison.Ordinal) => "Install it: apt install libvulkan1.",
        _ => $"Install the package that holds {library}.",
    };

    private static Diagnostic Fault(
        string code, string message, string said, string cause, IReadOnlyList<string> fixes, Certainty certainty = Certainty.Certain, ErrorCategory category = ErrorCategory.Backend, Severity severity = Severity.High) => new()
        {
            Code = code,
            Kind = category == ErrorCategory.Usage ? FaultKind.Usage : category == ErrorCategory.Format ? FaultKind.Refused : FaultKind.Unsupported,
            Category = category,
            Severity = severity,
            Message = message,
            Evidence = said,
            Cause = cause,
            Certainty = certainty,
            Fixes = fixes,
            Stops = [LoadStop.Load],
        };
}
