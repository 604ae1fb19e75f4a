using System.Net.Http.Headers;

namespace Payments.Web;

/// <summary>How this process reaches the API: by its name, and with the configured key if there is one.</summary>
internal static class ApiAccess
{
    /// <summary>Resolved by service discovery, from <c>services:api:http:0</c>.</summary>
    public static readonly Uri Address = new("http://api");

    public static void AddPaymentsApi(this IServiceCollection services, IConfiguration configuration)
    {
        var key = configuration["Api:Key"];

        services.AddTransient(_ => new ApiKeyHandler(key));
        services
            .AddHttpClient<PaymentsApi>(client =>
            {
                client.BaseAddress = Address;
                client.Timeout = TimeSpan.FromSeconds(10);
            })
            .AddHttpMessageHandler<ApiKeyHandler>()
            .WithoutResilience();
    }

    /// <summary>
    /// Takes the outgoing-call policy off a client. A person who waits is told at once and decides what to repeat, a
    /// body that is passed on cannot be sent twice, and an answer that never ends is not late.
    /// </summary>
    public static IHttpClientBuilder WithoutResilience(this IHttpClientBuilder client) => client
        .ConfigureAdditionalHttpMessageHandlers((handlers, _) =>
        {
            for (var i = handlers.Count - 1; i >= 0; i--)
            {
                if (handlers[i].GetType().Namespace == "Microsoft.Extensions.Http.Resilience")
                {
                    handlers.RemoveAt(i);
                }
            }
        });
}

/// <summary>Presents the key under which the screens act; without one, requests go out as they are.</summary>
internal sealed class ApiKeyHandler(string? key) : DelegatingHandler
{
    protected override Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (!string.IsNullOrEmpty(key))
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        }

        return base.SendAsync(request, cancellationToken);
    }
}
