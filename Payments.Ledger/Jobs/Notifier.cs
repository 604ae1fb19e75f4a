using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Payments.Ledger.Jobs;

/// <summary>
/// Sends one <c>NOTIFY</c> for many signals: the first goes out at once, those that come while it is under way or
/// within the pause after it become one more. It has a connection of its own and never belongs to a transaction that
/// writes, because a notifying commit takes a lock that is global to the server.
/// </summary>
/// <remarks>A lost notification is made good by the receivers' poll, so a failure is logged and forgotten.</remarks>
public sealed class Notifier(
    NpgsqlDataSource database, string channel, TimeSpan pause, TimeProvider clock, ILogger<Notifier> logger)
    : BackgroundService
{
    private readonly SemaphoreSlim _signalled = new(0, 1);

    /// <summary>Asks for a notification. Never waits, never throws, and may be called from anywhere.</summary>
    public void Signal()
    {
        // Two signals at this very moment are one; releasing a full semaphore would throw.
        lock (_signalled)
        {
            if (_signalled.CurrentCount == 0)
            {
                _signalled.Release();
            }
        }
    }

    public override void Dispose()
    {
        _signalled.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await NotifyWhenSignalledAsync(stoppingToken);
            }
            catch (NpgsqlException e)
            {
                logger.LogWarning(e, "Channel {Channel} could not be notified", channel);
                await Task.Delay(TimeSpan.FromSeconds(1), clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
        }
    }

    private async Task NotifyWhenSignalledAsync(CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);

        // A notification that a crash of the server swallows wakes nobody, and nobody is connected then.
        await using (var relax = new NpgsqlCommand("SET synchronous_commit = off", connection))
        {
            await relax.ExecuteNonQueryAsync(cancel);
        }

        await using var notify = new NpgsqlCommand("SELECT pg_notify($1, '')", connection)
        {
            Parameters = { new() { Value = channel } },
        };
        await notify.PrepareAsync(cancel);
        while (true)
        {
            await _signalled.WaitAsync(cancel);
            await notify.ExecuteNonQueryAsync(cancel);
            await Task.Delay(pause, clock, cancel);
        }
    }
}
