namespace LlmToolkit;

/// <summary>How bad a finding is. <see cref="High"/> and <see cref="Critical"/> refuse a file; the lower two are warnings.</summary>
public enum Severity
{
    /// <summary>Worth knowing; nothing is lost.</summary>
    Low,

    /// <summary>Something may work worse than the user expects.</summary>
    Medium,

    /// <summary>The thing asked for cannot be done with this input.</summary>
    High,

    /// <summary>The input is broken or hostile; nothing in it can be trusted.</summary>
    Critical,
}

/// <summary>The area a fault belongs to.</summary>
public enum ErrorCategory
{
    /// <summary>A file's bytes: header, tensors, metadata, tokenizer, template.</summary>
    Format,

    /// <summary>An engine: architecture, quantization, native library.</summary>
    Backend,

    /// <summary>Memory or disk space.</summary>
    Memory,

    /// <summary>The network or the Hub.</summary>
    Network,

    /// <summary>A token, a gate or a licence to accept.</summary>
    Authentication,

    /// <summary>The machine: CPU level, GPU, driver.</summary>
    Hardware,

    /// <summary>What the user typed or passed.</summary>
    Usage,

    /// <summary>A bug of ours.</summary>
    Internal,
}

/// <summary>What a fault means to the caller; the numbers are the exit codes of <c>llmtk</c>.</summary>
public enum FaultKind
{
    /// <summary>A bug: says how to report it.</summary>
    Unexpected = 1,

    /// <summary>Wrong usage: an argument, an option, a path that does not exist.</summary>
    Usage = 2,

    /// <summary>The input is refused: corrupt, hostile, or not a model.</summary>
    Refused = 3,

    /// <summary>Valid, but not supported here: architecture, quantization, backend.</summary>
    Unsupported = 4,

    /// <summary>Does not fit in memory or on disk.</summary>
    DoesNotFit = 5,

    /// <summary>Network or Hub.</summary>
    Network = 6,

    /// <summary>Authentication or gate.</summary>
    Authentication = 7,
}

/// <summary>How sure a diagnostic is of its cause.</summary>
public enum Certainty
{
    /// <summary>The cause was seen.</summary>
    Certain,

    /// <summary>The evidence points there.</summary>
    Likely,

    /// <summary>One of several explanations.</summary>
    Possible,
}
