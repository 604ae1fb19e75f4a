using System.Net;
using Microsoft.Extensions.Options;
using Payments.Ledger.Webhooks;
using Recon.Worker.Duties;
using Recon.Worker.Jobs;

namespace Recon.Worker.Webhooks;

internal static class WebhookDelivery
{
    private const string LoopKey = "webhooks";

    /// <summary>
    /// Delivers webhooks, in a loop of its own: targets that keep their connections waiting hold up no other duty.
    /// </summary>
    public static void AddWebhookDelivery(this IServiceCollection services)
    {
        services.AddWebhookVault();
        services.AddSingleton<DisableTarget>();
        services.AddSingleton<WebhookTelemetry>();
        services.AddSingleton<RecordAttempt>();
        services.AddSingleton(provider => new TargetTurns(
            provider.GetRequiredService<WebhookOptions>().ParallelForTarget,
            provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => new SendWebhook(
            ClientOf(provider.GetRequiredService<WebhookAddress>(), Dns.GetHostAddressesAsync),
            provider.GetRequiredService<WebhookOptions>(),
            provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<DeliverWebhook>();
        services.AddKeyedSingleton(LoopKey, (provider, _) => Loop(provider));
        services.AddSingleton<IHostedService>(provider => provider.GetRequiredKeyedService<DutyLoop>(LoopKey));
        services.AddSingleton<IHears>(provider => provider.GetRequiredKeyedService<DutyLoop>(LoopKey));
        services.AddConfiguredTarget();
    }

    /// <summary>
    /// A client without the policies of calls between services: what is retried, and when, is the schedule's business.
    /// </summary>
    public static HttpClient ClientOf(
        WebhookAddress allowed, Func<string, CancellationToken, Task<IPAddress[]>> resolve) =>
        new(new WebhookConnection(allowed, resolve).Handler()) { Timeout = Timeout.InfiniteTimeSpan };

    private static DutyLoop Loop(IServiceProvider provider)
    {
        var duties = provider.GetRequiredService<DutyOptions>();
        var options = new DutyOptions
        {
            Parallel = provider.GetRequiredService<WebhookOptions>().Parallel,
            LeaseSeconds = duties.LeaseSeconds,
            PollSeconds = duties.PollSeconds,
        };
        return new DutyLoop(
            provider.GetRequiredService<HeldDuties>(),
            provider.GetRequiredService<RunDuty>(),
            [provider.GetRequiredService<DeliverWebhook>()],
            options,
            provider.GetRequiredService<ILogger<DutyLoop>>());
    }

    private static void AddConfiguredTarget(this IServiceCollection services)
    {
        services.AddSingleton(provider => ConfiguredTarget.Read(
            provider.GetRequiredService<IConfiguration>(),
            provider.GetRequiredService<WebhookAddress>(),
            provider.GetRequiredService<IHostEnvironment>().IsDevelopment()
                || !string.IsNullOrWhiteSpace(
                    provider.GetRequiredService<IConfiguration>()[WebhookOptions.Section + ":EncryptionKey"])));
        services.AddSingleton<IValidateOptions<WebhookOptions>, CheckConfiguredTarget>();
        services.AddHostedService<SeedConfiguredTarget>();
    }

    /// <summary>A process whose configured target is wrong does not come up.</summary>
    private sealed class CheckConfiguredTarget(ConfiguredTarget target) : IValidateOptions<WebhookOptions>
    {
        public ValidateOptionsResult Validate(string? name, WebhookOptions options) =>
            target.Complaint is { } complaint
                ? ValidateOptionsResult.Fail(complaint)
                : ValidateOptionsResult.Success;
    }
}
