using System.Text;

namespace Payments.Api.Events;

/// <summary>
/// Server-sent events for live screens: <c>payments</c>, <c>accounts</c>, <c>reconciliation</c> and <c>flows</c> say
/// that something of that kind changed and is worth fetching again, each at most once a second.
/// </summary>
internal static class EventEndpoints
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    // Below the idle timeouts of common proxies, and how soon a vanished client is noticed.
    private static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(15);

    public static void AddEvents(this IServiceCollection services)
    {
        services.AddSingleton<ChangeFeed>();
        services.AddHostedService<ChangesListener>();
    }

    public static void MapEvents(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/events", StreamAsync)
            .RequireAuthorization(Keys.Scopes.PaymentsRead)
            .WithTags("Events").WithName("StreamEvents")
            .WithSummary("Server-sent events, one kind for each kind of thing that changed and is worth fetching again")
            .AnswersText("retry: 2000\n: listening\n\nevent: payments\ndata: {}\n\n", "text/event-stream")
            .ProducesProblems(ProblemTypes.Overloaded);
    }

    private static async Task<IResult> StreamAsync(
        HttpContext context, ChangeFeed feed, IHostApplicationLifetime lifetime, TimeProvider clock)
    {
        using var listener = feed.Listen();
        if (listener is null)
        {
            return new Problem(
                ProblemTypes.Overloaded, "Too many clients listen to events already.", RetryAfterSeconds: 10);
        }

        // Streams end with the process at once, instead of holding up its shutdown.
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(
            context.RequestAborted, lifetime.ApplicationStopping);
        try
        {
            await SendAsync(context.Response, listener, clock, ending.Token);
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            // The client left, or the process stops: both end the stream.
        }

        return Results.Empty;
    }

    private static async Task SendAsync(
        HttpResponse response, ChangeFeed.Listener listener, TimeProvider clock, CancellationToken cancel)
    {
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-cache, no-store";
        response.Headers["X-Accel-Buffering"] = "no";

        // Sent at once, so that the client knows it listens; it reconnects after two seconds when the stream ends.
        await WriteAsync(response, "retry: 2000\n: listening\n\n", cancel);
        while (true)
        {
            var changes = await listener.NextAsync(KeepAlive, cancel);
            if (changes == Change.None)
            {
                await WriteAsync(response, ": keep-alive\n\n", cancel);
                continue;
            }

            await WriteAsync(response, Format(changes), cancel);
            await Task.Delay(Interval, clock, cancel);
        }
    }

    private static string Format(Change changes) =>
        (changes.HasFlag(Change.Payments) ? "event: payments\ndata: {}\n\n" : "")
        + (changes.HasFlag(Change.Accounts) ? "event: accounts\ndata: {}\n\n" : "")
        + (changes.HasFlag(Change.Reconciliation) ? "event: reconciliation\ndata: {}\n\n" : "")
        + (changes.HasFlag(Change.Flows) ? "event: flows\ndata: {}\n\n" : "");

    private static async Task WriteAsync(HttpResponse response, string text, CancellationToken cancel)
    {
        await response.WriteAsync(text, Encoding.UTF8, cancel);
        await response.Body.FlushAsync(cancel);
    }
}
