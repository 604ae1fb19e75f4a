using Polly;

namespace Microsoft.Extensions.Http.Resilience;

/// <summary>Sends a request through its pipeline; each attempt sends the same message again.</summary>
internal sealed class StandardResilienceHandler(Pipelines pipelines, string name) : DelegatingHandler
{
    protected override async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var context = ResilienceContextPool.Shared.Get(cancellationToken);
        context.SetRequestMessage(request);

        try
        {
            return await pipelines.For(name, request).ExecuteAsync(
                static async (context, attempt) =>
                    await attempt.Handler.SendOnceAsync(attempt.Request, context.CancellationToken),
                context,
                (Handler: this, Request: request));
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }

    private Task<HttpResponseMessage> SendOnceAsync(HttpRequestMessage request, CancellationToken cancel) =>
        base.SendAsync(request, cancel);
}
