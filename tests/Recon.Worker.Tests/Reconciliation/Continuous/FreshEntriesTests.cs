using Payments.Testing;
using Recon.Worker.Reconciliation.Checks;
using Recon.Worker.Reconciliation.Continuous;

namespace Recon.Worker.Tests.Reconciliation.Continuous;

/// <summary>
/// New entries that are read a block at a time: a batch of a thousand payments is written to some twenty blocks in the
/// order of accounts, so of most transactions one entry is in one part of the table and one in another.
/// </summary>
public sealed class FreshEntriesTests : IAsyncLifetime
{
    private const int Payments = 1_000;

    private readonly TestDatabase _database = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await _database.InitializeAsync();
        await _database.ExecuteAsync("UPDATE continuous_checks SET snapshot = pg_current_snapshot(), file_node = "
            + "pg_relation_filenode('ledger_entries')");
        await _database.QueueAsync(
            [.. Enumerable.Range(0, Payments).Select(i => new QueuedPayment($"ACC-{i:0000}", 100 + i))]);
        await using var worker = new TestWorker(_database);
        await worker.SettleAllAsync(Cancel);
    }

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    [Fact]
    public async Task Transactions_in_two_parts_of_the_table_are_nothing_to_look_at_closely()
    {
        var (entries, suspects) = await FindAsync();

        Assert.Equal(2 * Payments, entries);
        Assert.Empty(suspects);
    }

    // It goes on from the entry before it, and its account stands with it: only the sum tells.
    [Fact]
    public async Task A_transaction_in_two_parts_that_does_not_sum_to_zero_has_all_its_entries_looked_at()
    {
        await _database.ExecuteAsync("""
            SET session_replication_role = replica;
            UPDATE ledger_entries SET amount = amount + 1, balance_after = balance_after + 1
            WHERE account_id = (SELECT id FROM accounts WHERE name = 'ACC-0500');
            UPDATE accounts SET balance = balance + 1 WHERE name = 'ACC-0500';
            RESET session_replication_role
            """);
        var wrong = await _database.QueryAsync<(long, long)>("""
            SELECT account_id, position FROM ledger_entries
            WHERE transaction_id = (
                SELECT transaction_id FROM ledger_entries
                WHERE account_id = (SELECT id FROM accounts WHERE name = 'ACC-0500'))
            ORDER BY account_id, position
            """);

        var (_, suspects) = await FindAsync();

        Assert.Equal(2, wrong.Count);
        Assert.Equal(wrong, suspects.Select(one => (one.AccountId, one.Position)).Order());
    }

    private async Task<(long Entries, IReadOnlyList<FreshSuspect> Suspects)> FindAsync()
    {
        await using var connection = await _database.App.OpenConnectionAsync(Cancel);
        var state = await ContinuousState.ReadAsync(connection, Cancel);
        Assert.True(state.GoesOn);
        Assert.InRange(state.Blocks, 10, 100);
        var session = await PacedSession.BeginAsync(connection, CheckPace.Hurried, TimeProvider.System, Cancel);
        return await FreshEntries.FindAsync(session, state, new FreshWindow(), blocksAtATime: 1, Cancel);
    }
}
