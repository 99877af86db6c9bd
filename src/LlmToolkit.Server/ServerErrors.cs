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

    public static ModelException BadHost(string host) => new(new()
    {
        Code = "LT7002",
        Kind = FaultKind.Usage,
        Category = ErrorCategory.Usage,
        Message = $"\"{host}\" is not an address of this machine to listen on.",
        Field = "--host",
        Fixes = ["Listen on this machine only: --host 127.0.0.1", "Listen on every network it is in: --host 0.0.0.0"],
    });

    public static ModelException BadPort(int port) => new(new()
    {
        Code = "LT7003",
        Kind = FaultKind.Usage,
        Category = ErrorCategory.Usage,
        Message = $"{port} is no port; ports lie between 0 and 65535.",
        Field = "--port",
        Fixes = ["Take a free port: --port 0"],
    });
}
