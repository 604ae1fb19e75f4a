using Npgsql;
using Payments.Ledger;

namespace Payments.Api.Events;

/// <summary>
/// Relays the database's notifications to live screens: what the workers settled, and what other processes of this API
/// created. Reconnects for ever; after a gap it reports a change of everything, since some may have been missed.
/// </summary>
internal sealed class ChangesListener(
    NpgsqlDataSource database, ChangeFeed feed, TimeProvider clock, ILogger<ChangesListener> logger) : BackgroundService
{
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(10);

    // A connection that died without a word is found by asking it something.
    private static readonly TimeSpan ProbeInterval = TimeSpan.FromSeconds(30);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var failures = 0;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await ListenAsync(() => failures = 0, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                logger.Log(
                    failures == 0 ? LogLevel.Warning : LogLevel.Debug, e,
                    "Lost the database's notifications; live screens wait until it is back");
                var delay = TimeSpan.FromMilliseconds(Math.Min(
                    LongestDelay.TotalMilliseconds, 200 * Math.Pow(2, Math.Min(failures++, 10))));
                await Task.Delay(delay, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task ListenAsync(Action connected, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        connection.Notification += (_, _) => feed.Publish(Change.Payments | Change.Accounts);
        await ExecuteAsync(connection, "LISTEN " + Database.ChangesChannel, cancel);
        await ExecuteAsync(connection, "LISTEN " + Database.JobsChannel, cancel);
        connected();
        feed.Publish(Change.Payments | Change.Accounts);

        while (true)
        {
            if (!await connection.WaitAsync(ProbeInterval, cancel))
            {
                await ExecuteAsync(connection, "SELECT 1", cancel);
            }
        }
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancel);
    }
}
