using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Authorization;

namespace Payments.Api.Keys;

/// <summary>How much one API key may ask of one process; section <c>RateLimits</c> of the configuration.</summary>
internal sealed class RateLimitOptions
{
    public const string Section = "RateLimits";

    /// <summary>
    /// Of keys without a limit of their own. Above what one process can serve: it stops a caller that runs wild, and
    /// slows nobody else down. 0: no limit.
    /// </summary>
    [Range(0, 1_000_000)]
    public int RequestsPerSecond { get; set; } = 100_000;

    /// <summary>How many seconds' worth of requests may come at once after a pause.</summary>
    [Range(0.01, 60)]
    public double BurstSeconds { get; set; } = 1;
}

/// <summary>
/// A token bucket in one number: the time at which the bucket would be full again. A request moves it on by what one
/// request costs, and is refused when that is further ahead than the burst. No lock and no allocation: every request of
/// a key passes here.
/// </summary>
internal sealed class RateLimit(int requestsPerSecond, double burstSeconds, TimeProvider clock)
{
    private readonly long _cost = Math.Max(1, clock.TimestampFrequency / requestsPerSecond);

    // Room for one request at least, or a slow limit would let none pass.
    private readonly long _burst = Math.Max(
        clock.TimestampFrequency / requestsPerSecond, (long)(burstSeconds * clock.TimestampFrequency));

    private long _fullAt = long.MinValue;

    public int RequestsPerSecond => requestsPerSecond;

    /// <summary>Takes one request's worth.</summary>
    /// <param name="wait">When refused, how long until the next one passes.</param>
    public bool TryTake(out TimeSpan wait)
    {
        var now = clock.GetTimestamp();
        while (true)
        {
            var fullAt = Volatile.Read(ref _fullAt);
            var next = Math.Max(fullAt, now) + _cost;
            if (next - now > _burst)
            {
                wait = clock.GetElapsedTime(now, next - _burst);
                return false;
            }

            if (Interlocked.CompareExchange(ref _fullAt, next, fullAt) == fullAt)
            {
                wait = TimeSpan.Zero;
                return true;
            }
        }
    }
}

internal static class RateLimiting
{
    /// <summary>
    /// Answers 429 to the requests of a key that are too many. Callers without a key are refused elsewhere.
    /// </summary>
    public static IApplicationBuilder UseRateLimits(this IApplicationBuilder app) => app.Use(next => context =>
        context.User is Caller { Key.Limit: { } limit } && !limit.TryTake(out var wait) && !IsOpen(context)
            ? Refusal(limit, wait).ExecuteAsync(context)
            : next(context));

    // What needs no key is not refused for having one: health is asked for also by callers that present theirs.
    private static bool IsOpen(HttpContext context) =>
        context.GetEndpoint()?.Metadata.GetMetadata<IAllowAnonymous>() is not null;

    private static Problem Refusal(RateLimit limit, TimeSpan wait) => new(
        ProblemTypes.RateLimited,
        FormattableString.Invariant($"The API key may send {limit.RequestsPerSecond} requests a second."),
        RetryAfterSeconds: Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds)));
}
