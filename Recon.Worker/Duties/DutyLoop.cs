using Payments.Ledger;
using Payments.Ledger.Duties;
using Recon.Worker.Jobs;

namespace Recon.Worker.Duties;

/// <summary>
/// Takes duties as they fall due and runs some of them side by side, for as long as the process lives. It is woken by
/// a notification and looks by itself now and then; hearing nothing loses nothing.
/// </summary>
internal sealed class DutyLoop(
    HeldDuties held,
    RunDuty runDuty,
    IEnumerable<IDutyHandler> handlers,
    DutyOptions options,
    ILogger<DutyLoop> logger) : BackgroundService, IHears
{
    private readonly Dictionary<string, IDutyHandler> _handlers =
        handlers.ToDictionary(handler => handler.Kind, StringComparer.Ordinal);
    private readonly SemaphoreSlim _signal = new(0, 1);

    public string Channel => DutyTable.Channel;

    public void Hear()
    {
        try
        {
            _signal.Release();
        }
        catch (SemaphoreFullException)
        {
            // One waiting signal stands for any number.
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var running = new List<(Task Task, IDutyHandler Handler)>();
        while (!stoppingToken.IsCancellationRequested)
        {
            running.RemoveAll(run => run.Task.IsCompleted);
            if (running.Count < options.Parallel && await ClaimAsync(running, stoppingToken) is { } duty)
            {
                var handler = _handlers[duty.Kind];
                running.Add((RunAsync(duty, handler, stoppingToken), handler));
                continue;
            }

            Task signal = _signal.WaitAsync(options.Poll, stoppingToken);
            await signal.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await Task.WhenAll(running.Select(run => run.Task));
    }

    private async Task<Duty?> ClaimAsync(
        List<(Task Task, IDutyHandler Handler)> running, CancellationToken stopping)
    {
        var kinds = _handlers.Values
            .Where(handler => !handler.IsLong || running.TrueForAll(run => run.Handler != handler))
            .Select(handler => handler.Kind).ToArray();
        try
        {
            return await held.ClaimAsync(kinds, stopping);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            return null;
        }
        catch (Exception e)
        {
            // A duty whose row cannot be read stays leased, and others are taken meanwhile.
            logger.LogWarning(
                Database.TraceOf(e), "No duties are taken until the database answers: {Reason}", e.Message);
            return null;
        }
    }

    private async Task RunAsync(Duty duty, IDutyHandler handler, CancellationToken stopping)
    {
        // The loop goes on at once, whatever the handler does before its first wait.
        await Task.Yield();
        try
        {
            await runDuty.ExecuteAsync(duty, handler, stopping);
        }
        catch (Exception e)
        {
            // Its lease ends by itself, and some worker takes it up again.
            logger.LogWarning(
                Database.TraceOf(e), "How duty {DutyId} ({Kind}) ended could not be written: {Reason}", duty.Id,
                duty.Kind, e.Message);
        }

        Hear();
    }
}
