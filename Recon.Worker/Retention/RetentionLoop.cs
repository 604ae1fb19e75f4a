using Payments.Ledger;

namespace Recon.Worker.Retention;

/// <summary>Clears finished jobs, duties and webhooks away, now and then, for as long as the worker runs.</summary>
internal sealed class RetentionLoop(
    RemoveFinishedJobs removeFinishedJobs,
    RemoveFinishedDuties removeFinishedDuties,
    RemoveFinishedWebhooks removeFinishedWebhooks,
    RetentionOptions options,
    TimeProvider clock,
    ILogger<RetentionLoop> logger)
    : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (options.Enabled && !stoppingToken.IsCancellationRequested)
        {
            // Before the first round too: a process that has just started has payments to catch up with.
            await Task.Delay(options.Interval, clock, stoppingToken)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            try
            {
                if (await removeFinishedJobs.RunOnceAsync(stoppingToken) is { } removed and > 0)
                {
                    logger.LogInformation("Deleted {Removed} jobs that finished long ago", removed);
                }

                if (await removeFinishedDuties.RunOnceAsync(stoppingToken) is > 0 and var duties)
                {
                    logger.LogInformation("Deleted {Removed} duties that finished long ago", duties);
                }

                if (await removeFinishedWebhooks.RunOnceAsync(stoppingToken) is > 0 and var webhooks)
                {
                    logger.LogInformation("Deleted {Removed} old webhook events and deliveries", webhooks);
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                logger.LogWarning(
                    Database.TraceOf(e), "What is finished stays until the next round: {Reason}", e.Message);
            }
        }
    }
}

internal static class RetentionServices
{
    public static void AddRetention(this IServiceCollection services)
    {
        services.AddOptions<RetentionOptions>()
            .BindConfiguration(RetentionOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton(provider => provider
            .GetRequiredService<Microsoft.Extensions.Options.IOptions<RetentionOptions>>().Value);
        services.AddSingleton<RemoveFinishedJobs>();
        services.AddSingleton<RemoveFinishedDuties>();
        services.AddSingleton<RemoveFinishedWebhooks>();
        services.AddHostedService<RetentionLoop>();
    }
}
