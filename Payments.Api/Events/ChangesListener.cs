using Npgsql;
using Payments.Ledger;
using Payments.Ledger.Jobs;

namespace Payments.Api.Events;

/// <summary>
/// Relays the database's notifications to live screens: what the workers settled or reconciled, and what other
/// processes of this API created. After a gap it reports a change of everything, since some may have been missed.
/// </summary>
internal sealed class ChangesListener(
    NpgsqlDataSource database, ChangeFeed feed, TimeProvider clock, ILogger<ChangesListener> logger) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => new Listener(
        database,
        [Database.ChangesChannel, Database.JobsChannel, Database.ReconciliationChannel],
        channel => feed.Publish(ChangeOn(channel)),
        clock,
        logger).RunAsync(stoppingToken);

    private static Change ChangeOn(string? channel) => channel switch
    {
        null => Change.All,
        Database.ReconciliationChannel => Change.Reconciliation,
        _ => Change.Payments | Change.Accounts | Change.Flows,
    };
}
