using System.Threading.Channels;
using Npgsql;
using Payments.Ledger;

namespace Payments.Api.Payments;

/// <summary>
/// Tells the workers that there are new jobs: the first time at once, then at most once an interval. A notification
/// takes a lock that all commits of the server share, so it is never part of the intake's transaction. A lost one costs
/// at most the workers' polling interval.
/// </summary>
internal sealed class WorkerWakeUp(NpgsqlDataSource database, TimeProvider clock, ILogger<WorkerWakeUp> logger)
    : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    // One pending signal stands for any number.
    private readonly Channel<bool> _signals = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { SingleReader = true, FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>There are new jobs. Never waits and never fails.</summary>
    public void Signal() => _signals.Writer.TryWrite(true);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await NotifyAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                logger.LogWarning(e, "Workers could not be notified; they find new jobs by polling until they can be");
                await Task.Delay(RetryDelay, clock, stoppingToken)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task NotifyAsync(CancellationToken stopping)
    {
        // Opened for the first signal: a process that creates nothing needs no connection.
        await _signals.Reader.WaitToReadAsync(stopping);
        await using var connection = await database.OpenConnectionAsync(stopping);
        await ExecuteAsync(connection, "SET synchronous_commit = off", stopping);
        while (await _signals.Reader.WaitToReadAsync(stopping))
        {
            _signals.Reader.TryRead(out _);
            await ExecuteAsync(connection, "NOTIFY " + Database.JobsChannel, stopping);
            await Task.Delay(Interval, clock, stopping);
        }
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancel);
    }
}
