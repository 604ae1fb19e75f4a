using Polly.CircuitBreaker;
using Polly.Timeout;

namespace Microsoft.Extensions.Http.Resilience;

/// <summary>
/// The strategies around one request, from the outside in: total timeout, retry, circuit breaker, attempt timeout.
/// </summary>
public class HttpStandardResilienceOptions
{
    /// <summary>Limits the request with all its attempts and waits: 30 seconds.</summary>
    public HttpTimeoutStrategyOptions TotalRequestTimeout { get; set; } = new()
    {
        Name = "Standard-TotalRequestTimeout",
    };

    public HttpRetryStrategyOptions Retry { get; set; } = new() { Name = "Standard-Retry" };

    public HttpCircuitBreakerStrategyOptions CircuitBreaker { get; set; } = new()
    {
        Name = "Standard-CircuitBreaker",
    };

    /// <summary>Limits each attempt: 10 seconds.</summary>
    public HttpTimeoutStrategyOptions AttemptTimeout { get; set; } = new()
    {
        Timeout = TimeSpan.FromSeconds(10),
        Name = "Standard-AttemptTimeout",
    };
}

public class HttpTimeoutStrategyOptions : TimeoutStrategyOptions;

/// <summary>Breaks for 5 seconds when 10 % of at least 100 requests within 30 seconds failed.</summary>
public class HttpCircuitBreakerStrategyOptions : CircuitBreakerStrategyOptions<HttpResponseMessage>
{
    public HttpCircuitBreakerStrategyOptions() =>
        ShouldHandle = args => new ValueTask<bool>(HttpClientResiliencePredicates.IsTransient(args.Outcome));
}
