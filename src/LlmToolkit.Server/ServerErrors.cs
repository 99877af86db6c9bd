namespace LlmToolkit.Server;

/// <summary>Errors of the server: LT7000-LT7099.</summary>
internal static class ServerErrors
{
    public static ModelException CannotBind(string host, int port, Exception inner) => new(
        new()
        {
            Code = "LT7001",
            Kind = FaultKind.Usage,
            Category = ErrorCategory.Network,
            Message = $"Cannot listen on {host}:{port}: {inner.Message}",
            Field = "--port",
            Cause = "Another program listens there, or the address is not this machine's.",
            Certainty = Certainty.Likely,
            Fixes = ["Take another port: --port 8081, or --port 0 for a free one.", "Stop the other program."],
        },
        inner);
}
