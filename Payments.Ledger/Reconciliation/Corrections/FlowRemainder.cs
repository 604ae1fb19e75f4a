using Dapper;
using Npgsql;

namespace Payments.Ledger.Reconciliation.Corrections;

/// <summary>
/// What a posting of a deposit, conversion or withdrawal is short of in one currency, with the adjustments that were
/// posted for it: the check of that one item. Columns in this order.
/// </summary>
/// <param name="Account">The account that tells the flow's amount.</param>
/// <param name="Counter">The account on the other side.</param>
/// <param name="Missing">Minor units, credit-positive: what the account still has to receive.</param>
/// <param name="CounterMissing">The same of the other side.</param>
/// <param name="IsPosted">
/// Whether the flow's own transaction exists as it should, but for its amounts. What is missing, elsewhere or should
/// not be there at all is no remainder.
/// </param>
public sealed record FlowRemainder(
    Guid TransactionId, string Account, string Counter, string Currency, decimal Missing, decimal CounterMissing,
    bool IsPosted)
{
    /// <summary>Nothing is left to correct.</summary>
    public bool Agrees => Missing == 0 && CounterMissing == 0;

    /// <param name="posted">Adjustments of this transaction that the table does not know yet.</param>
    /// <returns>Null when the flow has no such posting, or must not have it in its status.</returns>
    public static Task<FlowRemainder?> ReadAsync(
        NpgsqlConnection connection, CorrectedException exception, IReadOnlyCollection<Guid> posted,
        CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(exception);
        return connection.QuerySingleOrDefaultAsync<FlowRemainder>(new CommandDefinition(
            ReadSql,
            new
            {
                exception.CheckType,
                exception.FlowId,
                exception.TransactionId,
                exception.Currency,
                posted = posted.ToArray(),
            },
            cancellationToken: cancel));
    }

    // An account that does not exist received nothing. Adjustments are found by what they correct, and not in the
    // ledger, which has no index for that.
    private const string ReadSql = """
        WITH due AS (
            SELECT id AS transaction_id, 'deposit' AS kind, account_name AS account, 'usdc_buffer' AS counter,
                amount AS expected
            FROM deposits
            WHERE @checkType = 'deposits' AND id = @flowId AND currency = @currency AND status = 'completed'
            UNION ALL
            SELECT id, 'conversion', account_name, 'usdc_buffer', -usdc_amount
            FROM conversion_jobs
            WHERE @checkType = 'conversion_jobs' AND id = @flowId AND @currency = 'USDC' AND status = 'completed'
            UNION ALL
            SELECT id, 'conversion', account_name, 'fiat_exposure', usd_amount
            FROM conversion_jobs
            WHERE @checkType = 'conversion_jobs' AND id = @flowId AND @currency = 'USD' AND status = 'completed'
            UNION ALL
            SELECT id, 'withdrawal', account_name, 'withdrawals_pending', -amount
            FROM withdrawals
            WHERE @checkType = 'withdrawals' AND id = @flowId AND currency = @currency
            UNION ALL
            SELECT closing_transaction_id, 'withdrawal', 'fiat_exposure', 'withdrawals_pending', amount
            FROM withdrawals
            WHERE @checkType = 'withdrawals' AND id = @flowId AND currency = @currency AND status = 'completed'
            UNION ALL
            SELECT closing_transaction_id, 'reversal', account_name, 'withdrawals_pending', amount
            FROM withdrawals
            WHERE @checkType = 'withdrawals' AND id = @flowId AND currency = @currency AND status = 'failed'
        ), adjusting AS (
            SELECT unnest(ARRAY[transaction_id, counter_transaction_id, undo_transaction_id,
                undo_counter_transaction_id]) AS id
            FROM reconciliation_adjustments
            WHERE corrects = @transactionId
            UNION
            SELECT unnest(@posted)
        ), moved AS (
            SELECT account.name, account.currency, entry.amount, posting.id = @transactionId AS is_own
            FROM ledger_transactions AS posting
            CROSS JOIN LATERAL unnest(posting.account_ids, posting.positions) AS place (account_id, position)
            JOIN ledger_entries AS entry ON entry.account_id = place.account_id AND entry.position = place.position
            JOIN accounts AS account ON account.id = entry.account_id
            WHERE posting.id = @transactionId OR posting.id = ANY (ARRAY (SELECT id FROM adjusting))
        )
        SELECT due.transaction_id, due.account, due.counter, @currency AS currency,
            due.expected - coalesce(
                (SELECT sum(amount) FROM moved WHERE name = due.account AND currency = @currency), 0) AS missing,
            -due.expected - coalesce(
                (SELECT sum(amount) FROM moved WHERE name = due.counter AND currency = @currency), 0)
                AS counter_missing,
            EXISTS (SELECT FROM ledger_transactions WHERE id = due.transaction_id AND kind = due.kind)
                AND NOT EXISTS (
                    SELECT
                    FROM moved
                    WHERE is_own AND currency = @currency AND name NOT IN (due.account, due.counter)
                ) AS is_posted
        FROM due
        WHERE due.transaction_id = @transactionId
        """;
}
