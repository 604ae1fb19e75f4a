using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.AspNetCore.Components.Authorization;
using Payments.ServiceDefaults;
using Payments.Web.SignIn;

namespace Payments.Web;

/// <summary>
/// How this process reaches the API: by its name, for an operator with the operator's key, for itself with its own.
/// </summary>
internal static class ApiAccess
{
    /// <summary>Resolved by service discovery, from <c>services:api:http:0</c>.</summary>
    public static readonly Uri Address = new("http://api");

    /// <summary>The client of the screens, to which a key is added for each operator.</summary>
    public const string ClientName = "api";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    public static void AddPaymentsApi(this IServiceCollection services, IConfiguration configuration)
    {
        var key = configuration["Api:Key"];

        services.AddTransient(_ => new ApiKeyHandler(key));
        services.AddHttpClient(ClientName, Configure).WithoutResilience();
        services.AddSingleton<OperatorKeys>();

        // The factory's own handlers live outside of the circuit and do not know who is signed in.
        services.AddTransient(circuit =>
        {
            var handler = new OperatorKeyHandler(
                circuit.GetRequiredService<AuthenticationStateProvider>(),
                circuit.GetRequiredService<IHttpMessageHandlerFactory>().CreateHandler(ClientName));
            var client = new HttpClient(handler, disposeHandler: false);
            Configure(client);
            return Over(client, circuit.GetRequiredService<ILogger<PaymentsApi>>());
        });
    }

    /// <summary>The API behind a client; calls that fail are logged, those that take too long are given up.</summary>
    public static PaymentsApi Over(HttpClient client, ILogger<PaymentsApi> log) => new(client, failed =>
    {
        if (failed.Error is JsonException)
        {
            log.LogError(failed.Error, "{Method} {Address} had an unreadable answer", failed.Method, failed.Address);
        }
        else
        {
            log.LogWarning(failed.Error, "{Method} {Address} had no answer", failed.Method, failed.Address);
        }
    })
    {
        Patience = Patience,
    };

    private static void Configure(HttpClient client)
    {
        client.BaseAddress = Address;
        client.Timeout = Timeout.InfiniteTimeSpan;
    }
}

/// <summary>
/// Presents the key of this process, under which it listens to events; without one, requests go out as they are.
/// </summary>
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
