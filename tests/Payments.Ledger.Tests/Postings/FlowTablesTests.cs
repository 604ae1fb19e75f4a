using Dapper;
using Npgsql;
using Payments.Ledger.Accounts;
using Payments.Ledger.Postings;
using Payments.Testing;

namespace Payments.Ledger.Tests.Postings;

/// <summary>What PostgreSQL refuses to write about flows, and the posting that has two currencies.</summary>
public sealed class FlowTablesTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private const string Flows = "deposits, conversion_jobs, withdrawals";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string> Forbidden =>
    [
        .. Flows.Split(", ").SelectMany(table => new[]
        {
            $"DELETE FROM {table}",
            $"TRUNCATE {table}",
            $"UPDATE {table} SET account_name = 'other'",
            $"UPDATE {table} SET created_at = now()",
            $"UPDATE {table} SET reference = 'other'",
        }),
        "UPDATE deposits SET amount = 1",
        "UPDATE conversion_jobs SET usd_amount = 1",
        "UPDATE withdrawals SET amount = 1",
        "UPDATE withdrawals SET closing_transaction_id = id",
    ];

    [Theory]
    [MemberData(nameof(Forbidden))]
    public async Task The_services_cannot_remove_a_flow_or_change_what_it_is(string statement)
    {
        await using var connection = await database.App.OpenConnectionAsync(Cancel);

        var refusal = await Assert.ThrowsAsync<PostgresException>(() => connection.ExecuteAsync(statement));

        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refusal.SqlState);
    }

    [Theory]
    [InlineData("deposits", "amount, currency, completion", "5, 'USDC', 1")]
    [InlineData("conversion_jobs", "usdc_amount, usd_amount, completion", "5, 5, 1")]
    [InlineData("withdrawals", "amount, currency, completion", "5, 'USD', 1")]
    public async Task A_flow_ends_once_whoever_asks(string table, string columns, string values)
    {
        var id = Guid.CreateVersion7();
        await database.ExecuteAsync(
            $"""
            INSERT INTO {table} (id, account_name, status, created_at, completed_at, {columns})
            VALUES (@id, 'A', 'completed', now(), now(), {values})
            """,
            new { id });

        var refusal = await Assert.ThrowsAsync<PostgresException>(() => database.ExecuteAsync(
            $"UPDATE {table} SET status = 'failed', failure_reason = 'no' WHERE id = @id", new { id }));

        Assert.Equal("flow_ends_once", refusal.ConstraintName);
        await database.ExecuteAsync($"DELETE FROM {table} WHERE id = @id", new { id });
    }

    [Fact]
    public async Task A_compound_posting_writes_all_its_entries_or_none()
    {
        var id = Guid.CreateVersion7();
        AccountKey[] keys =
        [
            new("COMPOUND", "USDC"), new(AccountName.UsdcBuffer, "USDC"), new("COMPOUND", "USD"),
            new(AccountName.FiatExposure, "USD"),
        ];

        await PostAsync(id, keys, usd: 100);
        var again = await Assert.ThrowsAsync<PostgresException>(() => PostAsync(id, keys, usd: 100));

        Assert.Equal("ledger_transactions_pkey", again.ConstraintName);
        Assert.Equal(
            [("COMPOUND", "USD", 100L), ("COMPOUND", "USDC", -1_000_000L), ("fiat_exposure", "USD", -100L),
                ("usdc_buffer", "USDC", 1_000_000L)],
            await database.QueryAsync<(string, string, long)>(
                """
                SELECT a.name, a.currency, e.amount
                FROM ledger_entries AS e JOIN accounts AS a ON a.id = e.account_id AND a.balance = e.balance_after
                WHERE e.transaction_id = @id ORDER BY a.name, a.currency
                """,
                new { id }));
    }

    [Fact]
    public async Task An_account_stands_once_in_a_compound_posting_and_no_amount_is_zero()
    {
        await using var connection = await database.App.OpenConnectionAsync(Cancel);
        await using var transaction = await connection.BeginTransactionAsync(Cancel);
        AccountKey[] keys = [new("TWICE", "USD"), new("OTHER", "USD"), new("THIRD", "USD")];
        var held = await HeldAccounts.LockAsync(connection, keys, Cancel);
        var posting = new CompoundPosting(Guid.CreateVersion7(), "conversion", held.CreatedAt);
        posting.Move(held[keys[0]], held[keys[1]], 1, "USD");

        Assert.Throws<ArgumentException>(() => posting.Move(held[keys[2]], held[keys[0]], 1, "USD"));
        Assert.Throws<ArgumentException>(() => posting.Move(held[keys[2]], held[keys[2]], 1, "USD"));
        Assert.Throws<ArgumentOutOfRangeException>(() => posting.Move(held[keys[2]], held[keys[0]], 0, "USD"));
    }

    private async Task PostAsync(Guid id, AccountKey[] keys, long usd)
    {
        await using var connection = await database.App.OpenConnectionAsync(Cancel);
        await using var transaction = await connection.BeginTransactionAsync(Cancel);
        var held = await HeldAccounts.LockAsync(connection, keys, Cancel);
        var posting = new CompoundPosting(id, "conversion", held.CreatedAt);
        posting.Move(debit: held[keys[0]], credit: held[keys[1]], usd * 10_000, "USDC");
        posting.Move(debit: held[keys[3]], credit: held[keys[2]], usd, "USD");
        await posting.WriteAsync(connection, Cancel);
        await transaction.CommitAsync(Cancel);
    }
}
