using System.Globalization;
using System.Net;
using Polly;
using Polly.CircuitBreaker;
using Polly.Retry;
using Polly.Timeout;

namespace Recon.Worker.Providers;

/// <summary>
/// What surrounds each request to a provider, from the outside in: retries with exponential backoff and jitter, a
/// circuit breaker, and the time limit of one try. A provider has one of its own, for as long as the process lives.
/// </summary>
internal static class ProviderPipeline
{
    // Half of at least this many tries within the sampling time must fail: two requests with all their retries.
    private const int FailuresToBreak = 6;

    private static readonly TimeSpan Sampling = TimeSpan.FromMinutes(1);

    public static ResiliencePipeline<HttpResponseMessage> Build(ProviderOptions options, TimeProvider clock)
    {
        var builder = new ResiliencePipelineBuilder<HttpResponseMessage> { TimeProvider = clock };
        if (options.Retries > 0)
        {
            builder.AddRetry(new RetryStrategyOptions<HttpResponseMessage>
            {
                MaxRetryAttempts = options.Retries,
                Delay = options.RetryDelay,
                MaxDelay = options.LongestWait,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                DelayGenerator = args => new(AskedWait(args.Outcome.Result, clock)),
                ShouldHandle = args => new(
                    MayPass(args.Outcome) && !(AskedWait(args.Outcome.Result, clock) > options.LongestWait)),
            });
        }

        return builder
            .AddCircuitBreaker(new CircuitBreakerStrategyOptions<HttpResponseMessage>
            {
                FailureRatio = 0.5,
                MinimumThroughput = FailuresToBreak,
                SamplingDuration = Sampling,
                BreakDuration = options.BreakDuration,
                ShouldHandle = args => new(MayPass(args.Outcome)),
            })
            .AddTimeout(options.AttemptTimeout)
            .Build();
    }

    /// <summary>How long the provider asks to be left alone; null when it does not say.</summary>
    /// <remarks>
    /// Retry-After, or where that is missing Alpaca's own header: the Unix time at which its limit is reset
    /// (https://docs.alpaca.markets/docs/rate-limits).
    /// </remarks>
    public static TimeSpan? AskedWait(HttpResponseMessage? answer, TimeProvider clock)
    {
        var wait = answer?.Headers.RetryAfter switch
        {
            { Delta: { } delta } => delta,
            { Date: { } date } => date - clock.GetUtcNow(),
            _ => answer is { StatusCode: HttpStatusCode.TooManyRequests } ? UntilReset(answer, clock) : null,
        };
        return wait < TimeSpan.Zero ? TimeSpan.Zero : wait;
    }

    private static TimeSpan? UntilReset(HttpResponseMessage answer, TimeProvider clock) =>
        answer.Headers.TryGetValues("X-RateLimit-Reset", out var values)
        && long.TryParse(
            values.First(), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
        && seconds is >= 0 and <= 253_402_300_799
            ? DateTimeOffset.FromUnixTimeSeconds(seconds) - clock.GetUtcNow()
            : null;

    // Refused credentials and unknown addresses stay what they are, however often one asks.
    private static bool MayPass(Outcome<HttpResponseMessage> outcome) => outcome switch
    {
        { Exception: HttpRequestException or TimeoutRejectedException } => true,
        { Result.StatusCode: HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests } => true,
        { Result.StatusCode: >= HttpStatusCode.InternalServerError } => true,
        _ => false,
    };
}
