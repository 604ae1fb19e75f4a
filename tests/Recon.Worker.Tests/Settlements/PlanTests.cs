using Payments.Testing;

namespace Recon.Worker.Tests.Settlements;

public sealed class PlanTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    // A plan made for empty tables would scan them for every batch: with 100 batches over 10,000 payments that is
    // half a million rows read in vain from each. What is read by scans is counted instead of timed.
    [Fact]
    public async Task Sessions_that_began_on_an_empty_database_do_not_scan_the_tables_that_grow_under_them()
    {
        const int Payments = 10_000;
        var cancel = TestContext.Current.CancellationToken;
        await using var worker = new TestWorker(database, options => options.BatchSize = 100);
        await database.ExecuteAsync("SELECT pg_stat_reset()");

        for (var queued = 0; queued < Payments; queued += 500)
        {
            await database.QueueAsync([.. Enumerable.Range(0, 500).Select(i => new QueuedPayment($"ACC-{i}", 100))]);
            await worker.SettleAllAsync(cancel);
        }

        var scanned = await database.QueryAsync<(string Table, long Rows)>("""
            SELECT relname::text, seq_tup_read FROM pg_stat_user_tables
            WHERE relname IN (
                'payments', 'recon_jobs', 'ledger_entries', 'ledger_transactions', 'reconciliation_results')
            """);
        Assert.All(scanned, table => Assert.InRange(table.Rows, 0, 5 * Payments));
        await Books.ShouldBeRightAsync(database);
    }
}
