using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using Polly;

namespace Microsoft.Extensions.Http.Resilience;

internal sealed class PipelineSelection
{
    public bool ByAuthority { get; set; }
}

/// <summary>
/// The pipelines of all clients, built on first use and kept: a circuit breaker remembers across the short lives
/// of message handlers.
/// </summary>
internal sealed class Pipelines(
    IOptionsMonitor<HttpStandardResilienceOptions> options, IOptionsMonitor<PipelineSelection> selections)
{
    private readonly ConcurrentDictionary<(string Name, string Authority), ResiliencePipeline<HttpResponseMessage>>
        _pipelines = new();

    public ResiliencePipeline<HttpResponseMessage> For(string name, HttpRequestMessage request)
    {
        var authority = selections.Get(name).ByAuthority ? request.RequestUri?.GetLeftPart(UriPartial.Authority) : null;
        return _pipelines.GetOrAdd((name, authority ?? ""), static (key, self) => self.Build(key.Name), this);
    }

    private ResiliencePipeline<HttpResponseMessage> Build(string name)
    {
        var settings = options.Get(name);
        return new ResiliencePipelineBuilder<HttpResponseMessage> { Name = name }
            .AddTimeout(settings.TotalRequestTimeout)
            .AddRetry(settings.Retry)
            .AddCircuitBreaker(settings.CircuitBreaker)
            .AddTimeout(settings.AttemptTimeout)
            .Build();
    }
}
