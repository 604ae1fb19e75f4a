using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.Http.Resilience;

/// <summary>Refuses timeouts that contradict each other, at start.</summary>
internal sealed class HttpStandardResilienceOptionsValidator : IValidateOptions<HttpStandardResilienceOptions>
{
    public ValidateOptionsResult Validate(string? name, HttpStandardResilienceOptions options)
    {
        var attempt = options.AttemptTimeout.Timeout;

        if (attempt > options.TotalRequestTimeout.Timeout)
        {
            return ValidateOptionsResult.Fail(
                $"{name}: TotalRequestTimeout ({options.TotalRequestTimeout.Timeout}) must not be shorter than " +
                $"AttemptTimeout ({attempt}).");
        }

        if (options.CircuitBreaker.SamplingDuration < attempt * 2)
        {
            return ValidateOptionsResult.Fail(
                $"{name}: CircuitBreaker.SamplingDuration ({options.CircuitBreaker.SamplingDuration}) must be at " +
                $"least twice AttemptTimeout ({attempt}), or the breaker never sees two timeouts together.");
        }

        return ValidateOptionsResult.Success;
    }
}
