namespace Microsoft.Extensions.ServiceDiscovery;

/// <summary>
/// Sends a request to the endpoint that its host name stands for, and gives the request its own address back
/// afterwards, so that a retry outside of this handler is resolved anew.
/// </summary>
internal sealed class ResolvingHandler(ConfiguredEndpoints endpoints) : DelegatingHandler
{
    protected override async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var named = Resolve(request);

        try
        {
            return await base.SendAsync(request, cancellationToken);
        }
        finally
        {
            request.RequestUri = named;
        }
    }

    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var named = Resolve(request);

        try
        {
            return base.Send(request, cancellationToken);
        }
        finally
        {
            request.RequestUri = named;
        }
    }

    private Uri Resolve(HttpRequestMessage request)
    {
        var named = request.RequestUri
            ?? throw new InvalidOperationException("A request without an address cannot be resolved to an endpoint.");
        request.RequestUri = endpoints.Resolve(named);
        return named;
    }
}
