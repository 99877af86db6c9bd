using System.Globalization;
using System.Net.Http.Headers;

namespace LlmToolkit.Hub;

/// <summary>How long an answer asks to wait.</summary>
/// <remarks><c>RateLimit: "resolvers";r=0;t=57</c> (IETF draft ratelimit-headers) where the quota is used up, else <c>Retry-After</c> (RFC 9110, 10.2.3).</remarks>
internal static class HubRateLimit
{
    /// <summary>Longest single wait: the Hub's windows are 5 minutes.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromMinutes(10);

    /// <summary>The wait; null: the answer does not say, or says what makes no sense.</summary>
    /// <param name="headers">Those of the answer.</param>
    /// <param name="now">This machine's time, for an answer that does not carry its own.</param>
    public static TimeSpan? Wait(HttpResponseHeaders headers, DateTimeOffset now) => UsedUp(headers) ?? RetryAfter(headers, now);

    /// <summary>The time to the next window of a quota of which nothing is left, and a second, since the header rounds down.</summary>
    private static TimeSpan? UsedUp(HttpResponseHeaders headers)
    {
        if (!headers.TryGetValues("RateLimit", out IEnumerable<string>? values))
        {
            return null;
        }

        TimeSpan? longest = null;
        foreach (string policy in string.Join(',', values).Split(','))
        {
            long? left = null;
            long? seconds = null;
            foreach (string parameter in policy.Split(';'))
            {
                ReadOnlySpan<char> text = parameter.AsSpan().Trim();
                if (text.StartsWith("r="))
                {
                    left = Number(text[2..]);
                }
                else if (text.StartsWith("t="))
                {
                    seconds = Number(text[2..]);
                }
            }

            if (left == 0 && seconds is { } t && Clamp(t + 1.0) is var wait && (longest is null || wait > longest))
            {
                longest = wait;
            }
        }

        return longest;
    }

    private static TimeSpan? RetryAfter(HttpResponseHeaders headers, DateTimeOffset now)
    {
        if (!headers.TryGetValues("Retry-After", out IEnumerable<string>? values) || values.FirstOrDefault()?.Trim() is not { Length: > 0 } text)
        {
            return null;
        }

        if (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double seconds))
        {
            return Clamp(seconds);
        }

        // The server's own clock is the only one that its date can be compared with.
        return RetryConditionHeaderValue.TryParse(text, out RetryConditionHeaderValue? parsed) && parsed.Date is { } date && date - (headers.Date ?? now) is { Ticks: > 0 } left
            ? Clamp(left.TotalSeconds)
            : null;
    }

    private static long? Number(ReadOnlySpan<char> text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number : null;

    private static TimeSpan Clamp(double seconds) => seconds >= Longest.TotalSeconds ? Longest : TimeSpan.FromSeconds(seconds);
}
