using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace LlmToolkit.Server;

/// <summary>A request that cannot be answered.</summary>
internal sealed class ApiException(ApiError error) : Exception(error.Message)
{
    public ApiError Error { get; } = error;
}

/// <summary>OpenAI's error object with its status.</summary>
internal sealed record ApiError(int Status, string Type, string Message, string? Parameter, string? Code)
{
    /// <summary>The code of a prompt that leaves no room for an answer.</summary>
    private const string ContextOverflow = "LT3205";

    /// <summary>The code of a model file that was cut or overwritten while it was served.</summary>
    private const string FileChanged = "LT1504";

    public static ApiException BadField(string field, string expected) =>
        new(new ApiError(400, "invalid_request_error", $"\"{field}\" must be {expected}.", field, "invalid_value"));

    public static ApiException Unsupported(string field, string why) =>
        new(new ApiError(400, "invalid_request_error", $"\"{field}\" is not supported: {why}", field, "unsupported_parameter"));

    public static ApiError NotFound(string message, string? code) => new(404, "invalid_request_error", message, null, code);

    public static ApiError From(Diagnostic diagnostic) => diagnostic.Kind switch
    {
        _ when diagnostic.Code == FileChanged => new(500, "server_error", diagnostic.Message, null, "model_file_changed"),
        FaultKind.Usage or FaultKind.Refused => new(400, "invalid_request_error", diagnostic.Message, diagnostic.Field, diagnostic.Code == ContextOverflow ? "context_length_exceeded" : null),
        FaultKind.Unsupported => new(501, "not_supported_error", diagnostic.Message, diagnostic.Field, null),
        _ => new(500, "server_error", diagnostic.Message, null, diagnostic.Code),
    };

    public static ApiError From(Exception exception) => exception switch
    {
        ApiException e => e.Error,
        ModelException e => From(e.Diagnostic),
        BadHttpRequestException e => new(e.StatusCode, "invalid_request_error", e.Message, null, null),
        // What went wrong inside is for the log of whoever runs the server, not for its clients.
        _ => new(500, "server_error", $"The server failed: {exception.GetType().Name}.", null, null),
    };

    public async Task WriteAsync(HttpContext context)
    {
        context.Response.StatusCode = Status;
        context.Response.ContentType = "application/json; charset=utf-8";
        if (Status is 429 or 503)
        {
            context.Response.Headers.RetryAfter = "1";
        }

        byte[] body = Json.Bytes(Write);
        context.Response.ContentLength = body.Length;
        await context.Response.Body.WriteAsync(body, context.RequestAborted).ConfigureAwait(false);
    }

    public void Write(Utf8JsonWriter w)
    {
        w.WriteStartObject();
        w.WriteStartObject("error");
        w.WriteString("message", Message);
        w.WriteString("type", Type);
        w.WriteString("param", Parameter);
        w.WriteString("code", Code);
        w.WriteEndObject();
        w.WriteEndObject();
    }
}
