using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace LlmToolkit.Server.OpenAI;

/// <summary><c>GET /v1/models</c> and <c>/v1/models/{id}</c>.</summary>
internal static class ModelsEndpoint
{
    public static void Map(IEndpointRouteBuilder routes, ServedModels models)
    {
        routes.MapGet("/v1/models", context => Json.WriteAsync(context, w =>
        {
            w.WriteStartObject();
            w.WriteString("object", "list");
            w.WriteStartArray("data");
            foreach (ServedModels.Slot slot in models.All)
            {
                Write(w, slot, models.Created);
            }

            w.WriteEndArray();
            w.WriteEndObject();
        }));
        routes.MapGet("/v1/models/{**id}", context =>
        {
            // A path keeps %2F as it is written; ids may hold slashes.
            ServedModels.Slot slot = models.Find(Uri.UnescapeDataString(context.Request.RouteValues["id"] as string ?? ""));
            return Json.WriteAsync(context, w => Write(w, slot, models.Created));
        });
    }

    private static void Write(Utf8JsonWriter w, ServedModels.Slot slot, long created)
    {
        w.WriteStartObject();
        w.WriteString("id", slot.Id);
        w.WriteString("object", "model");
        w.WriteNumber("created", created);
        w.WriteString("owned_by", "llmtoolkit");
        w.WriteNumber("max_model_len", slot.Model.ContextLength);
        w.WriteEndObject();
    }
}
