using System.Collections.Frozen;
using System.Diagnostics;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Payments.Web.Forwarding;

/// <summary>Which headers pass through: all but those of one connection (RFC 9110, section 7.6.1).</summary>
internal static class ForwardedHeaders
{
    private static readonly FrozenSet<string> HopByHop = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase,
        HeaderNames.Connection,
        HeaderNames.KeepAlive,
        HeaderNames.ProxyAuthenticate,
        HeaderNames.ProxyAuthorization,
        "Proxy-Connection",
        HeaderNames.TE,
        HeaderNames.Trailer,
        HeaderNames.TransferEncoding,
        HeaderNames.Upgrade);

    // Host is the API's own. Expect was answered when the body was read. Cookies belong to the screens.
    private static readonly FrozenSet<string> NotForTheApi = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase, HeaderNames.Host, HeaderNames.Expect, HeaderNames.Cookie);

    // HttpClient writes these from the span of this request, whose parent is what the caller sent.
    private static readonly FrozenSet<string> TraceContext = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase, HeaderNames.TraceParent, HeaderNames.TraceState, HeaderNames.Baggage);

    public static void CopyToRequest(HttpContext context, HttpRequestMessage request)
    {
        var incoming = context.Request.Headers;
        var named = Tokens(incoming.Connection);

        foreach (var (name, values) in incoming)
        {
            if (HopByHop.Contains(name) || NotForTheApi.Contains(name) || named.Contains(name)
                || (Activity.Current is not null && TraceContext.Contains(name)))
            {
                continue;
            }

            if (!request.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values))
            {
                request.Content?.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values);
            }
        }

        // So that the API can tell a forwarded caller from a local one.
        request.Headers.TryAddWithoutValidation(
            "X-Forwarded-For", context.Connection.RemoteIpAddress?.ToString() ?? "unknown");
        request.Headers.TryAddWithoutValidation("X-Forwarded-Host", context.Request.Host.Value);
        request.Headers.TryAddWithoutValidation("X-Forwarded-Proto", context.Request.Scheme);
    }

    public static void CopyToAnswer(HttpResponseMessage response, IHeaderDictionary answer)
    {
        var named = response.Headers.Connection.ToHashSet(StringComparer.OrdinalIgnoreCase);

        // NonValidated: values are passed on as they came, never parsed and written anew.
        foreach (var (name, values) in response.Headers.NonValidated.Concat(response.Content.Headers.NonValidated))
        {
            if (!HopByHop.Contains(name) && !named.Contains(name))
            {
                answer[name] = new StringValues([.. values]);
            }
        }
    }

    private static HashSet<string> Tokens(StringValues header) => header
        .SelectMany(value => (value ?? "").Split(
            ',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        .ToHashSet(StringComparer.OrdinalIgnoreCase);
}
