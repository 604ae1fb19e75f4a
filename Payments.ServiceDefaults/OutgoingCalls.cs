using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Http.Resilience;
using Polly;
using Polly.Retry;

// HttpRetryStrategyOptions can name a request's method only through an API that is marked experimental.
#pragma warning disable EXTEXP0001

namespace Payments.ServiceDefaults;

/// <summary>
/// The policy of every HttpClient: a name in place of a host is resolved, each attempt ends after 10 seconds and
/// the whole after 30, a failing host is left alone for a while, and what may be repeated is retried.
/// </summary>
internal static class OutgoingCalls
{
    private const string IdempotencyKey = "Idempotency-Key";

    public static void AddOutgoingCalls(this IServiceCollection services)
    {
        services.AddServiceDiscovery();
        services.ConfigureHttpClientDefaults(client =>
        {
            // One circuit breaker per host: a provider that is down must not cut off the others.
            client.AddStandardResilienceHandler().SelectPipelineByAuthority().Configure(RetryOnlyWhatMayRepeat);

            // Inside of the retries, so that each attempt may reach another replica.
            client.AddServiceDiscovery();
        });
    }

    private static void RetryOnlyWhatMayRepeat(HttpStandardResilienceOptions options) =>
        options.Retry.ShouldHandle = args => ValueTask.FromResult(
            HttpClientResiliencePredicates.IsTransient(args.Outcome) && MayRepeat(args));

    /// <remarks>A POST without a key could pay twice; a stream has been read when the first attempt fails.</remarks>
    private static bool MayRepeat(RetryPredicateArguments<HttpResponseMessage> args)
    {
        var request = args.Outcome.Result?.RequestMessage ?? args.Context.GetRequestMessage();
        return request is { Content: not StreamContent } && (IsSafe(request.Method) || HasKey(request));
    }

    private static bool IsSafe(HttpMethod method) =>
        method == HttpMethod.Get || method == HttpMethod.Head || method == HttpMethod.Options;

    private static bool HasKey(HttpRequestMessage request) => request.Headers.Contains(IdempotencyKey);
}
