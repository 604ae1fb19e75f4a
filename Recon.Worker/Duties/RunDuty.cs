using System.Diagnostics;
using Npgsql;

namespace Recon.Worker.Duties;

/// <summary>Runs one claimed duty to the end of this attempt, and keeps its lease alive meanwhile.</summary>
internal sealed class RunDuty(
    HeldDuties held, DutyOptions options, TimeProvider clock, ILogger<RunDuty> logger)
{
    private const int LongestError = 2_000;

    private static readonly ActivitySource Source = new(WorkerTelemetry.SourceName);

    /// <summary>
    /// Whether the database was away, or let another go first: nothing that the work itself did wrong. A statement that
    /// took too long is no outage. It would take as long the next time, so it counts; and when the database only hangs,
    /// nothing can be counted.
    /// </summary>
    public static bool IsOutage(Exception error) =>
        error is NpgsqlException { IsTransient: true, InnerException: not TimeoutException };

    /// <param name="stopping">The process ends: the duty goes back at once and unharmed.</param>
    public async Task ExecuteAsync(Duty duty, IDutyHandler handler, CancellationToken stopping)
    {
        // Over the limit already: its worker disappeared with it once too often.
        if (duty.Failures >= handler.FailureLimit)
        {
            await FailAsync(duty with { Failures = duty.Failures - 1 }, handler, "Its worker disappeared.", stopping);
            return;
        }

        using var span = Start(duty, handler);
        using var running = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        var lease = KeepAsync(duty, running);
        try
        {
            var outcome = await handler.RunAsync(duty, running.Token);
            await (outcome.Again is { } wait
                ? held.ReturnAsync(duty, wait, CancellationToken.None)
                : held.CompleteAsync(duty, CancellationToken.None));
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            await held.ReturnAsync(duty, TimeSpan.Zero, CancellationToken.None);
        }
        catch (Exception e) when (e is DutyLostException || running.IsCancellationRequested)
        {
            logger.LogWarning("Duty {DutyId} ({Kind}) was lost to another worker", duty.Id, duty.Kind);
        }
        catch (Exception e) when (IsOutage(e))
        {
            logger.LogWarning("Duty {DutyId} ({Kind}) waits for the database: {Reason}", duty.Id, duty.Kind, e.Message);

            // From here on nobody renews the lease, so that it is known when it is over.
            await running.CancelAsync();
            await ReturnAsync(duty, stopping);
        }
        catch (Exception e)
        {
            span?.SetStatus(ActivityStatusCode.Error, e.Message);
            logger.LogError(e, "Duty {DutyId} ({Kind}) failed", duty.Id, duty.Kind);
            await FailAsync(duty, handler, e.Message, CancellationToken.None);
        }
        finally
        {
            await running.CancelAsync();
            await lease;
        }
    }

    private async Task ReturnAsync(Duty duty, CancellationToken stopping)
    {
        var wait = TimeSpan.FromSeconds(options.RetryDelaySeconds);
        if (await HandBack.TryAsync(
            () => held.ReturnAsync(duty, wait, CancellationToken.None), options.Lease, clock, stopping) is { } error)
        {
            logger.LogWarning(
                "Duty {DutyId} ({Kind}) stays leased until the lease ends: {Reason}", duty.Id, duty.Kind,
                error.Message);
        }
    }

    private async Task FailAsync(Duty duty, IDutyHandler handler, string error, CancellationToken cancel)
    {
        var text = error.Length > LongestError ? error[..LongestError] : error;
        if (await held.FailAsync(duty, handler, text, cancel))
        {
            logger.LogError("Duty {DutyId} ({Kind}) went to the dead letters: {Error}", duty.Id, duty.Kind, text);
        }
    }

    // A lease that cannot be renewed is as good as lost: the handler is stopped.
    private async Task KeepAsync(Duty duty, CancellationTokenSource running)
    {
        while (true)
        {
            await Task.Delay(options.Lease / 3, clock, running.Token)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (running.IsCancellationRequested)
            {
                return;
            }

            try
            {
                if (!await held.ExtendAsync(duty, running.Token))
                {
                    await running.CancelAsync();
                }
            }
            catch (Exception e)
            {
                logger.LogDebug(e, "The lease of duty {DutyId} is not renewed now: {Reason}", duty.Id, e.Message);
            }
        }
    }

    private static Activity? Start(Duty duty, IDutyHandler handler)
    {
        var request = ActivityContext.TryParse(duty.Traceparent, traceState: null, isRemote: true, out var parsed)
            ? parsed
            : default;
        KeyValuePair<string, object?>[] tags = [new("trace.keep", handler.IsTraced)];
        return Source.StartActivity("duty " + duty.Kind, ActivityKind.Consumer, request, tags)
            ?.SetTag("recon.duty.id", duty.Id)
            .SetTag("recon.duty.attempt", duty.Attempts);
    }
}
