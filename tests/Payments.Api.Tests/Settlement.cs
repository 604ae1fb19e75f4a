namespace Payments.Api.Tests;

/// <summary>Settles payments as the worker would, so that the API has something to show.</summary>
internal static class Settlement
{
    /// <summary>Posts a queued payment from a clearing sub-account, or a transfer's payer, to its payee.</summary>
    public static async Task CompleteAsync(TestDatabase database, Guid id, long? discrepancy = null)
    {
        await database.ExecuteAsync(OpenAccountsSql, new { id });
        Assert.Equal(2, await database.ExecuteAsync(PostSql, new { id }));
        await database.ExecuteAsync(FinishSql, new
        {
            id,
            status = discrepancy is null ? "completed" : "completed_with_discrepancy",
            discrepancy,
            reason = (string?)null,
        });
    }

    public static async Task FailAsync(TestDatabase database, Guid id, string reason)
    {
        await database.ExecuteAsync(OpenAccountsSql, new { id });
        await database.ExecuteAsync(
            FinishSql, new { id, status = "failed", discrepancy = (long?)null, reason });
    }

    private const string OpenAccountsSql = """
        INSERT INTO accounts (name, currency, normal_balance, system)
        SELECT payee_account, currency, 'credit', false FROM recon_jobs WHERE id = @id
        UNION ALL
        SELECT coalesce(payer_account, 'clearing/' || to_char(division, 'FM00')), currency,
            CASE WHEN payer_account IS NULL THEN 'debit' ELSE 'credit' END, payer_account IS NULL
        FROM recon_jobs WHERE id = @id
        ON CONFLICT DO NOTHING
        """;

    private const string PostSql = """
        WITH sides AS (
            SELECT a.id AS account_id, a.currency, side.amount, j.kind
            FROM recon_jobs AS j
            CROSS JOIN LATERAL (VALUES
                (j.payee_account, j.amount),
                (coalesce(j.payer_account, 'clearing/' || to_char(j.division, 'FM00')), -j.amount)
            ) AS side (name, amount)
            JOIN accounts AS a ON a.name = side.name AND a.currency = j.currency
            WHERE j.id = @id
        ), moved AS (
            UPDATE accounts AS a
            SET balance = a.balance + s.amount, position = a.position + 1, last_entry_at = now()
            FROM sides AS s
            WHERE a.id = s.account_id
            RETURNING a.id, a.balance, a.position, s.amount, a.currency, s.kind
        ), posting AS (
            INSERT INTO ledger_transactions (id, created_at, entry_count, kind, account_ids, positions)
            SELECT @id, now(), 2, min(kind), array_agg(id ORDER BY id), array_agg(position ORDER BY id) FROM moved
        )
        INSERT INTO ledger_entries (account_id, position, amount, balance_after, created_at, transaction_id, currency)
        SELECT id, position, amount, balance, now(), @id, currency FROM moved
        """;

    private const string FinishSql = """
        WITH result AS (
            INSERT INTO reconciliation_results
                (payment_id, expected_amount, actual_amount, discrepancy, created_at, matched, status, rule)
            SELECT id, amount, CASE WHEN @status = 'failed' THEN 0 ELSE amount - coalesce(@discrepancy, 0) END,
                @discrepancy, now(), @status = 'completed', @status, 'of_the_test'
            FROM payments WHERE id = @id
        ), job AS (
            UPDATE recon_jobs
            SET status = 'completed', finished_at = now(), attempts = attempts + 1, locked_by = 'worker-of-the-test',
                locked_at = now()
            WHERE id = @id
        )
        UPDATE payments
        SET status = @status, discrepancy = @discrepancy, failure_reason = @reason, settled_at = now()
        WHERE id = @id
        """;
}
