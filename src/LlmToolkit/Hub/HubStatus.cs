using System.Globalization;
using System.Net;
using System.Text.Json;
using LlmToolkit.Diagnosis;
using LlmToolkit.Diagnosis.Explainers;

namespace LlmToolkit.Hub;

/// <summary>Turns an answer that is no into the error that says why, with what its headers and its body tell.</summary>
internal static class HubStatus
{
    /// <summary>Longest body of an error that is read: the Hub's have some hundred bytes.</summary>
    private const int MaxBody = 16 << 10;

    /// <summary>How long an error's body is waited for; its headers say the most.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(2);

    private static readonly HubAnswers s_answers = new();

    /// <summary>The error of an answer whose status is none of success.</summary>
    /// <param name="answer">The answer.</param>
    /// <param name="request">What was asked for.</param>
    /// <param name="token">The client's token.</param>
    /// <param name="now">This machine's time.</param>
    /// <param name="cancellationToken">Stops reading the body.</param>
    public static async Task<ModelException> ErrorAsync(HubAnswer answer, HubRequest request, HubToken token, DateTimeOffset now, CancellationToken cancellationToken)
    {
        HttpResponseMessage response = answer.Response;
        int status = (int)response.StatusCode;
        string said = HubFacts.Header(response, "X-Error-Message") ?? await BodyAsync(response, cancellationToken).ConfigureAwait(false) ?? "";
        TimeSpan? wait = response.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable ? HubRateLimit.Wait(response.Headers, now) : null;
        string? code = HubFacts.Header(response, "X-Error-Code");
        HubStatusException inner = new(response.StatusCode) { Wait = wait };
        if (!answer.IsHub && code is null && response.StatusCode is (HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden or HttpStatusCode.Gone))
        {
            // Nobody's token is asked for there: advice about tokens would mislead.
            return request.Authorize ? HubErrors.StorageRefused(answer.Address.Host, status, inner) : new ModelException(HubAnswerErrors.Other(status, HubFaults.What(answer.Address), said), inner);
        }

        Diagnostic diagnostic = s_answers.Explain("", new LoadContext
        {
            Address = HubFaults.Place(answer.Address),
            HttpStatus = status,
            HubErrorCode = code,
            Answer = said,
            RetryAfter = wait,
            TokenSent = answer.TokenSent,
            TokenSource = answer.TokenSent ? token.ToString() : null,
        }) ?? HubErrors.NotHubAnswer(HubFaults.What(answer.Address), string.Create(CultureInfo.InvariantCulture, $"HTTP {status}")).Diagnostic;
        string? id = HubFacts.Header(response, "X-Request-Id") ?? HubFacts.Header(response, "X-Amzn-Trace-Id") ?? HubFacts.Header(response, "X-Amz-Cf-Id");
        return new ModelException(
            Scrub(diagnostic with { Evidence = $"{diagnostic.Evidence}{(id is null ? "" : $"; request {id}")}{(answer.TokenSent ? $"; token from {token}" : "; no token sent")}" }, token),
            inner);
    }

    /// <summary>A server that sends back what it was sent must not bring the token into a text.</summary>
    private static Diagnostic Scrub(Diagnostic diagnostic, HubToken token) => diagnostic with
    {
        Message = token.Scrub(diagnostic.Message),
        Evidence = token.Scrub(diagnostic.Evidence ?? ""),
        Cause = token.Scrub(diagnostic.Cause ?? ""),
        Fixes = [.. diagnostic.Fixes.Select(token.Scrub)],
    };

    /// <summary>What the JSON of an error says: <c>error</c> (a text or an array), <c>errors[].message</c>, <c>error_description</c>, <c>message</c>.</summary>
    private static async Task<string?> BodyAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (response.Content.Headers.ContentType?.MediaType?.Contains("json", StringComparison.OrdinalIgnoreCase) != true)
        {
            return null;
        }

        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(s_patience);
        try
        {
            byte[] body = new byte[MaxBody];
            using Stream stream = await response.Content.ReadAsStreamAsync(limit.Token).ConfigureAwait(false);
            int length = await stream.ReadAtLeastAsync(body, body.Length, throwOnEndOfStream: false, limit.Token).ConfigureAwait(false);
            using JsonDocument document = JsonDocument.Parse(body.AsMemory(0, length));
            return Texts(document.RootElement);
        }
        catch (Exception e) when (e is IOException or HttpRequestException or JsonException or InvalidOperationException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return null;
        }
    }

    private static string? Texts(JsonElement root)
    {
        List<string> texts = [];
        void Add(JsonElement element)
        {
            if (element.ValueKind == JsonValueKind.String && element.GetString() is { Length: > 0 } text && !texts.Contains(text, StringComparer.Ordinal))
            {
                texts.Add(text);
            }
            else if (element.ValueKind == JsonValueKind.Array)
            {
                foreach (JsonElement item in element.EnumerateArray().Take(4))
                {
                    Add(item);
                }
            }
            else if (element.ValueKind == JsonValueKind.Object && element.TryGetProperty("message", out JsonElement message))
            {
                Add(message);
            }
        }

        if (root.ValueKind == JsonValueKind.Object)
        {
            foreach (string name in (string[])["error", "errors", "error_description", "message"])
            {
                if (root.TryGetProperty(name, out JsonElement value))
                {
                    Add(value);
                }
            }
        }

        return texts.Count == 0 ? null : string.Join("; ", texts);
    }
}
