using Microsoft.Extensions.Logging;
using Npgsql;

namespace Payments.Ledger.Jobs;

/// <summary>
/// Listens for notifications on a connection of its own and reconnects for ever. Whatever was said while nobody
/// listened is unknown, so a new connection counts as having heard something.
/// </summary>
/// <param name="heard">
/// Called for every notification with its channel, and with null whenever listening begins; must not block.
/// </param>
public sealed class Listener(
    NpgsqlDataSource database, IReadOnlyList<string> channels, Action<string?> heard, TimeProvider clock,
    ILogger logger)
{
    public Listener(
        NpgsqlDataSource database, IReadOnlyList<string> channels, Action heard, TimeProvider clock, ILogger logger)
        : this(database, channels, _ => heard(), clock, logger)
    {
    }

    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(5);

    // A connection that died without a word is found by asking it something.
    private static readonly TimeSpan ProbeInterval = TimeSpan.FromSeconds(30);

    private int _failures;

    /// <summary>Ends when it is cancelled, and never otherwise.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        while (!cancel.IsCancellationRequested)
        {
            try
            {
                await ListenAsync(cancel);
            }
            catch (OperationCanceledException) when (cancel.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                logger.Log(
                    _failures == 0 ? LogLevel.Warning : LogLevel.Debug, Database.TraceOf(e),
                    "Not listening on {Channels} until the database answers: {Reason}", channels, e.Message);
                await Task.Delay(Delay(_failures++), clock, cancel)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task ListenAsync(CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        connection.Notification += (_, notification) => heard(notification.Channel);
        foreach (var channel in channels)
        {
            await ExecuteAsync(connection, "LISTEN " + channel, cancel);
        }

        _failures = 0;
        heard(null);
        while (true)
        {
            if (!await connection.WaitAsync(ProbeInterval, cancel))
            {
                await ExecuteAsync(connection, "SELECT 1", cancel);
            }
        }
    }

    private static TimeSpan Delay(int failures)
    {
        var milliseconds = 200 * Math.Pow(2, Math.Min(failures, 10));
        return TimeSpan.FromMilliseconds(Math.Min(milliseconds, LongestDelay.TotalMilliseconds));
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancel);
    }
}
