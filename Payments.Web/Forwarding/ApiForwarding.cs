using System.Diagnostics;
using System.Net;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.AspNetCore.Http.Features;
using Payments.ServiceDefaults;

namespace Payments.Web.Forwarding;

/// <summary>
/// Passes <c>/api/**</c> on to the API as it came: method, path, query, headers and body, in both directions, each
/// piece of a body as soon as it arrives. Callers bring their own credential; none is added.
/// </summary>
internal static class ApiForwarding
{
    public const string ClientName = "api-forwarding";

    public static void AddApiForwarding(this IServiceCollection services) => services
        .AddHttpClient(ClientName, client =>
        {
            client.BaseAddress = ApiAccess.Address;
            client.Timeout = Timeout.InfiniteTimeSpan;
        })
        .ConfigurePrimaryHttpMessageHandler(() => new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            UseCookies = false,
            UseProxy = false,
            ConnectTimeout = TimeSpan.FromSeconds(5),
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        })
        .WithoutResilience();

    public static void MapApiForwarding(this IEndpointRouteBuilder routes) =>
        routes.Map("/api/{**path}", ForwardAsync).DisableAntiforgery().ExcludeFromDescription();

    private static async Task ForwardAsync(
        HttpContext context, IHttpClientFactory clients, ILoggerFactory logs)
    {
        var cancel = context.RequestAborted;
        using var client = clients.CreateClient(ClientName);
        using var request = CreateRequest(context);

        try
        {
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);

            context.Response.StatusCode = (int)response.StatusCode;
            ForwardedHeaders.CopyToAnswer(response, context.Response.Headers);
            context.Features.GetRequiredFeature<IHttpResponseBodyFeature>().DisableBuffering();
            // Headers go out at once, so that a stream is open before its first event.
            await context.Response.Body.FlushAsync(cancel);
            await response.Content.CopyToAsync(context.Response.Body, cancel);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            // The caller has left, and with it the call to the API.
        }
        catch (Exception error) when (error is HttpRequestException or IOException)
        {
            logs.CreateLogger(typeof(ApiForwarding)).LogWarning(
                error, "{Method} {Path} could not be forwarded", context.Request.Method, context.Request.Path);
            await RefuseAsync(context);
        }
    }

    private static HttpRequestMessage CreateRequest(HttpContext context)
    {
        var incoming = context.Request;
        var request = new HttpRequestMessage(new HttpMethod(incoming.Method), Target(context));

        if (context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody ?? true)
        {
            request.Content = new ForwardedBody(incoming);
        }

        ForwardedHeaders.CopyToRequest(context, request);
        return request;
    }

    // The target as it was sent: decoding and encoding it again would turn %2F in a segment into a slash.
    private static Uri Target(HttpContext context)
    {
        var sent = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        var target = sent.StartsWith("/api/", StringComparison.Ordinal)
            ? sent
            : context.Request.GetEncodedPathAndQuery();

        return new Uri(target, UriKind.Relative);
    }

    private static async Task RefuseAsync(HttpContext context)
    {
        if (context.Response.HasStarted)
        {
            // Half an answer must not look like a whole one.
            context.Abort();
            return;
        }

        context.Response.StatusCode = StatusCodes.Status502BadGateway;
        await context.Response.WriteAsJsonAsync(
            new
            {
                type = "about:blank",
                title = "Bad Gateway",
                status = StatusCodes.Status502BadGateway,
                detail = "The payments service could not be reached; whether it carried out the request is not known.",
                code = "api_unreachable",
                traceId = Activity.Current?.TraceId.ToString(),
            },
            options: null,
            contentType: "application/problem+json",
            context.RequestAborted);
    }
}
