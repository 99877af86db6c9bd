namespace LlmToolkit.Hub;

/// <summary>The <c>Link</c> header (RFC 8288): where the next page is.</summary>
internal static class HubLinks
{
    /// <summary>The address with <c>rel="next"</c>; null: this page is the last.</summary>
    /// <param name="response">The page's answer.</param>
    /// <param name="page">The page's address: the base of a relative one.</param>
    /// <param name="endpoint">Takes the place of the Hub's own host, which a mirror passes on unchanged.</param>
    /// <exception cref="ModelException">The address is none of a web server.</exception>
    public static Uri? Next(HttpResponseMessage response, Uri page, Uri endpoint)
    {
        if (!response.Headers.TryGetValues("Link", out IEnumerable<string>? values) || Next(string.Join(", ", values)) is not { } text)
        {
            return null;
        }

        if (!Uri.TryCreate(page, text, out Uri? next) || (next.Scheme != Uri.UriSchemeHttps && next.Scheme != Uri.UriSchemeHttp) || next.UserInfo.Length > 0)
        {
            throw HubErrors.BadName("next page", text, HubFaults.What(page));
        }

        return HubTransport.SameOrigin(next, HubSettings.DefaultEndpoint) && !HubTransport.SameOrigin(endpoint, HubSettings.DefaultEndpoint)
            ? new Uri(endpoint.AbsoluteUri.TrimEnd('/') + next.PathAndQuery)
            : next;
    }

    /// <summary>Walks <c>&lt;address&gt;; name=value; name="value, with; anything", &lt;address&gt;…</c>.</summary>
    internal static string? Next(string header)
    {
        int at = 0;
        while (true)
        {
            int open = header.IndexOf('<', at);
            int close = open < 0 ? -1 : header.IndexOf('>', open);
            if (close < 0)
            {
                return null;
            }

            string target = header[(open + 1)..close].Trim();
            (at, bool isNext) = Parameters(header, close + 1);
            if (isNext)
            {
                return target;
            }
        }
    }

    /// <summary>The end of a link's parameters, and whether one of them is <c>rel</c> with <c>next</c> among its words.</summary>
    private static (int End, bool IsNext) Parameters(string header, int start)
    {
        bool isNext = false;
        int at = start;
        while (at < header.Length && header[at] != ',')
        {
            int from = at;
            bool quoted = false;
            while (at < header.Length && (quoted || header[at] is not (',' or ';')))
            {
                quoted ^= header[at] == '"';
                at++;
            }

            string[] pair = header[from..at].Split('=', 2, StringSplitOptions.TrimEntries);
            isNext |= pair.Length == 2 && pair[0].Equals("rel", StringComparison.OrdinalIgnoreCase)
                && pair[1].Trim('"').Split(' ').Contains("next", StringComparer.OrdinalIgnoreCase);
            if (at < header.Length && header[at] == ';')
            {
                at++;
            }
        }

        return (at, isNext);
    }
}
