using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace LlmToolkit.Server;

/// <summary><c>GET /healthz</c>, and <c>/</c> for probes.</summary>
internal static class HealthEndpoint
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapMethods("/healthz", ["GET", "HEAD"], context => Json.WriteAsync(context, w =>
        {
            w.WriteStartObject();
            w.WriteString("status", "ok");
            w.WriteEndObject();
        }));
        routes.MapMethods("/", ["GET", "HEAD"], context => context.Response.WriteAsync("LLM Toolkit is running", context.RequestAborted));
    }
}
