using System.Net.Http.Headers;
using Microsoft.Extensions.Options;
using Payments.ServiceDefaults;

namespace Payments.Providers.Flows;

/// <summary>Follows the flows all the time.</summary>
internal sealed class FlowLoop(FollowFlows follow, IOptions<SandboxOptions> options, TimeProvider clock)
    : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await follow.ReadAsync(stoppingToken);
                await Task.Delay(options.Value.Poll, clock, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
        }
    }
}

internal static class FlowServices
{
    // One try, answered soon or not at all: the next comes in a second.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public static void AddFlows(this IServiceCollection services)
    {
        services.AddHttpClient(FollowFlows.ClientName).WithoutResilience().ConfigureHttpClient((provider, client) =>
        {
            // Resolved by service discovery, from services:api:http:0.
            client.BaseAddress = new Uri("http://api");
            client.Timeout = Patience;
            if (provider.GetRequiredService<IOptions<SandboxOptions>>().Value.ApiKey is { Length: > 0 } key)
            {
                client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
            }
        });
        services.AddSingleton<FollowFlows>();
        services.AddHostedService<FlowLoop>();
    }
}
