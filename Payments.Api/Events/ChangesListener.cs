using Npgsql;
using Payments.Ledger;
using Payments.Ledger.Jobs;

namespace Payments.Api.Events;

/// <summary>
/// Relays the database's notifications to live screens: what the workers settled, and what other processes of this API
/// created. After a gap it reports a change of everything, since some may have been missed.
/// </summary>
internal sealed class ChangesListener(
    NpgsqlDataSource database, ChangeFeed feed, TimeProvider clock, ILogger<ChangesListener> logger) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => new Listener(
        database,
        [Database.ChangesChannel, Database.JobsChannel],
        () => feed.Publish(Change.All),
        clock,
        logger).RunAsync(stoppingToken);
}
