using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace LlmToolkit.Tests.Hub.Client;

/// <summary>A server on loopback that answers each connection with the bytes of a script, right or wrong.</summary>
internal sealed class RawServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Func<Stream, string, CancellationToken, Task> _script;
    private readonly X509Certificate2? _certificate;
    private readonly Task _running;

    /// <param name="script">Gets the connection and the head of the request.</param>
    /// <param name="certificate">Speaks TLS with it.</param>
    public RawServer(Func<Stream, string, CancellationToken, Task> script, X509Certificate2? certificate = null)
    {
        (_script, _certificate) = (script, certificate);
        _listener.Start();
        _running = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public Uri Address => new($"{(_certificate is null ? "http" : "https")}://localhost:{Port}");

    /// <summary>Heads of the requests that came.</summary>
    public List<string> Heads { get; } = [];

    public static Task SendAsync(Stream stream, string text, CancellationToken cancellationToken) => stream.WriteAsync(Encoding.Latin1.GetBytes(text), cancellationToken).AsTask();

    public static string Json(string json, params string[] headers) =>
        $"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {json.Length}\r\n{string.Concat(headers.Select(h => h + "\r\n"))}\r\n{json}";

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _running;
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        List<Task> connections = [];
        try
        {
            while (true)
            {
                connections.Add(ServeAsync(await _listener.AcceptTcpClientAsync(_stop.Token)));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                Stream stream = client.GetStream();
                if (_certificate is not null)
                {
                    SslStream tls = new(stream);
                    await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = _certificate }, _stop.Token);
                    stream = tls;
                }

                await using (stream)
                {
                    using StreamReader reader = new(stream, Encoding.Latin1, leaveOpen: true);
                    StringBuilder head = new();
                    while (await reader.ReadLineAsync(_stop.Token) is { Length: > 0 } line)
                    {
                        head.Append(line).Append('\n');
                    }

                    lock (Heads)
                    {
                        Heads.Add(head.ToString());
                    }

                    await _script(stream, head.ToString(), _stop.Token);
                }
            }
            catch (Exception e) when (e is IOException or OperationCanceledException or System.Security.Authentication.AuthenticationException or SocketException)
            {
                // The client went away, or the test is over.
            }
        }
    }
}
