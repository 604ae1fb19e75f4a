using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using OpenTelemetry;

namespace Payments.ServiceDefaults;

/// <summary>
/// Gives the server span of a sampled request its name (<c>POST /payments</c>), its semantic attributes and its
/// error status. Requests for health make no spans, nor does what they call.
/// </summary>
/// <remarks>
/// ASP.NET Core 10 leaves its activity without all of that (its switch for creation tags knows neither route nor
/// status, and pays for unsampled requests too). A request that is not sampled costs one look at its features.
/// </remarks>
internal sealed class RequestSpans : IStartupFilter
{
    public const string HealthPath = "/health";
    public const string AlivePath = "/alive";
    public const string VersionedHealthPath = "/api/v1/health";

    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.Use(Describe);
        next(app);
    };

    private static Task Describe(HttpContext context, RequestDelegate next)
    {
        if (context.Features.Get<IHttpActivityFeature>()?.Activity is not { IsAllDataRequested: true } activity)
        {
            return next(context);
        }

        return IsHealth(context.Request.Path)
            ? RunUnseenAsync(context, next, activity)
            : RunDescribedAsync(context, next, activity);
    }

    private static bool IsHealth(PathString path) =>
        path.Equals(HealthPath, StringComparison.OrdinalIgnoreCase)
        || path.Equals(VersionedHealthPath, StringComparison.OrdinalIgnoreCase)
        || path.Equals(AlivePath, StringComparison.OrdinalIgnoreCase);

    private static async Task RunUnseenAsync(HttpContext context, RequestDelegate next, Activity activity)
    {
        activity.IsAllDataRequested = false;
        activity.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded;

        using (SuppressInstrumentationScope.Begin())
        {
            await next(context);
        }
    }

    private static async Task RunDescribedAsync(HttpContext context, RequestDelegate next, Activity activity)
    {
        // Middleware may rewrite both on the way in, and clear both when it handles an exception.
        var method = context.Request.Method;
        activity.SetTag("http.request.method", method);
        activity.SetTag("url.scheme", context.Request.Scheme);
        activity.SetTag("url.path", (context.Request.PathBase + context.Request.Path).Value);
        activity.DisplayName = method;

        try
        {
            await next(context);
        }
        catch (Exception exception)
        {
            // Nothing above answers any more: the server does, with 500, unless the answer had begun.
            var status = context.Response.HasStarted
                ? context.Response.StatusCode
                : (exception as BadHttpRequestException)?.StatusCode ?? StatusCodes.Status500InternalServerError;
            End(context, activity, method, status, exception);
            throw;
        }

        End(context, activity, method, context.Response.StatusCode,
            context.Features.Get<IExceptionHandlerFeature>()?.Error);
    }

    private static void End(HttpContext context, Activity activity, string method, int status, Exception? exception)
    {
        var endpoint = context.Features.Get<IExceptionHandlerFeature>()?.Endpoint ?? context.GetEndpoint();

        if (endpoint is RouteEndpoint { RoutePattern.RawText: { } pattern })
        {
            var route = '/' + pattern.Trim('/');
            activity.SetTag("http.route", route);
            activity.DisplayName = $"{method} {route}";
        }

        activity.SetTag("http.response.status_code", status);

        if (status >= StatusCodes.Status500InternalServerError)
        {
            activity.SetTag("error.type", exception?.GetType().FullName ?? status.ToString("D", null));
            activity.SetStatus(ActivityStatusCode.Error, exception?.Message);

            if (exception is not null)
            {
                activity.AddException(exception);
            }
        }
    }
}
