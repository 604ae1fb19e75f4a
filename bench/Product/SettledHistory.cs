using Dapper;
using Npgsql;
using Payments.Bench.Running;
using Payments.Ledger.Accounts;
using Payments.Ledger.Jobs;

namespace Payments.Bench.Product;

/// <summary>
/// Fills a migrated database with payments that were settled long ago, by arithmetic instead of one by one: they go to
/// the accounts in turn, each over the same amount, so positions and running balances follow from a payment's number.
/// The books that result pass every check.
/// </summary>
internal static class SettledHistory
{
    public static async Task AddSettledHistoryAsync(
        this BenchDatabase database, int payments, int accounts, CancellationToken cancel)
    {
        var names = Enumerable.Range(0, accounts).Select(QueueShape.AccountName).ToArray();
        await using var connection = await database.Superuser.OpenConnectionAsync(cancel);
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        await ExecuteAsync(connection, OpenAccountsSql, new
        {
            names,
            clearing = Enumerable.Range(0, AccountName.ClearingCount).Select(AccountName.ClearingOf).ToArray(),
        });
        await ExecuteAsync(connection, PlanSql, new { names, divisions = names.Select(Division.Of).ToArray() });
        foreach (var sql in (string[])[HistorySql, PaymentsSql, JobsSql, TransactionsSql, EntriesSql, ResultsSql])
        {
            await ExecuteAsync(connection, sql, new { payments, accounts });
        }

        await ExecuteAsync(connection, BalancesSql, null);
        await transaction.CommitAsync(cancel);

        async Task ExecuteAsync(NpgsqlConnection target, string sql, object? parameters) =>
            await target.ExecuteAsync(new CommandDefinition(
                sql, parameters, commandTimeout: 3600, cancellationToken: cancel));
    }

    // The triggers check statements that hold transactions and entries together; the books are checked afterwards.
    private const string OpenAccountsSql = """
        SET LOCAL session_replication_role = replica;
        INSERT INTO accounts (name, currency) SELECT name, 'USD' FROM unnest(@names) AS name;
        INSERT INTO accounts (name, currency, system, normal_balance)
        SELECT name, 'USD', true, 'debit' FROM unnest(@clearing) AS name
        """;

    // Of each account: its division's clearing account, how many accounts share that, and its place among them.
    private const string PlanSql = """
        CREATE TEMPORARY TABLE plan ON COMMIT DROP AS
        SELECT (g.number - 1)::int AS number, g.name, g.division, a.id AS account_id, c.id AS clearing_id,
            row_number() OVER (PARTITION BY g.division ORDER BY g.number) AS place,
            count(*) OVER (PARTITION BY g.division) AS members
        FROM unnest(@names, @divisions) WITH ORDINALITY AS g (name, division, number)
        JOIN accounts AS a ON a.name = g.name
        JOIN accounts AS c ON c.name = 'clearing/' || lpad(g.division::text, 2, '0')
        """;

    // One millisecond after the other, six days ago, which is too young for retention to clear their jobs away while
    // something is measured; the ids are in the same order, as version 7 makes them.
    private const string HistorySql = """
        CREATE TEMPORARY TABLE history ON COMMIT DROP AS
        SELECT i, (lpad(to_hex((extract(epoch FROM now() - interval '6 days') * 1000)::bigint + i), 12, '0')
                || '70008' || lpad(to_hex(i), 15, '0'))::uuid AS id,
            now() - interval '6 days' + i * interval '1 millisecond' AS at,
            p.name, p.division, p.account_id, p.clearing_id,
            i / @accounts + 1 AS position, i / @accounts * p.members + p.place AS clearing_position
        FROM generate_series(0, @payments - 1) AS i
        JOIN plan AS p ON p.number = i % @accounts;
        CREATE INDEX ON history (i)
        """;

    private const string PaymentsSql = """
        INSERT INTO payments (id, amount, created_at, settled_at, owner_id, fingerprint, kind, status, currency,
            payee_account, idempotency_key, description)
        SELECT id, 1234, at, at, 1, sha256(int8send(i)), 'payment', 'completed', 'USD', name, 'history-' || i,
            'bench payment'
        FROM history ORDER BY i
        """;

    private const string JobsSql = """
        INSERT INTO recon_jobs (id, payment_id, amount, lease, available_at, created_at, locked_at, finished_at,
            attempts, division, status, currency, payee_account, locked_by)
        SELECT id, id, 1234, 0, at, at, at, at, 1, division, 'completed', 'USD', name, 'history'
        FROM history ORDER BY i
        """;

    private const string TransactionsSql = """
        INSERT INTO ledger_transactions (id, created_at, entry_count, kind, account_ids, positions)
        SELECT id, at, 2, 'payment', ARRAY[clearing_id, account_id], ARRAY[clearing_position, position]
        FROM history ORDER BY i
        """;

    private const string EntriesSql = """
        INSERT INTO ledger_entries (account_id, position, amount, balance_after, created_at, transaction_id, currency)
        SELECT e.account_id, e.position, e.amount, e.amount * e.position, h.at, h.id, 'USD'
        FROM history AS h
        CROSS JOIN LATERAL (VALUES
            (h.clearing_id, h.clearing_position, -1234), (h.account_id, h.position, 1234)
        ) AS e (account_id, position, amount)
        ORDER BY h.i
        """;

    private const string ResultsSql = """
        INSERT INTO reconciliation_results
            (payment_id, expected_amount, actual_amount, created_at, matched, status, rule)
        SELECT id, 1234, 1234, at, true, 'completed', 'matched'
        FROM history ORDER BY i
        """;

    private const string BalancesSql = """
        UPDATE accounts AS a
        SET balance = e.balance, position = e.position, last_entry_at = e.at
        FROM (
            SELECT account_id, sum(amount)::bigint AS balance, max(position) AS position, max(created_at) AS at
            FROM ledger_entries GROUP BY account_id
        ) AS e
        WHERE a.id = e.account_id
        """;
}
