using Dapper;
using Payments.Api.Paging;
using Payments.Api.Refunds;

namespace Payments.Api.Payments;

/// <summary>Reads one payment with its job, its result, its ledger entries and its refunds, as of one moment.</summary>
internal sealed class GetPayment(ReadSessions sessions)
{
    /// <returns>Null when no payment has this id.</returns>
    public async Task<PaymentDetails?> ExecuteAsync(Guid id, CancellationToken cancel)
    {
        await using var connection = await sessions.OpenAsync(cancel);
        await using var results = await connection.QueryMultipleAsync(
            new CommandDefinition(ReadSql, new { id, refunds = PageQuery.MostItems }, cancellationToken: cancel));
        var refunds = await results.ReadAsync<RefundRow>();
        var rows = results.Read<PaymentRow, JobRow?, ResultRow?, EntryRow?, Row>(
            (payment, job, result, entry) => new Row(payment, job, result, entry),
            splitOn: "job_status,matched,entry_account_id").ToList();

        return rows is [var first, ..]
            ? first.Payment.ToDetails(
                first.Job, first.Result, rows.Select(row => row.Entry).OfType<EntryRow>(), refunds)
            : null;
    }

    // Both statements read by one snapshot: neither a payment nor a refund is ever shown half settled. All goes and
    // comes back in one round trip; the driver ends a transaction that was interrupted.
    private const string ReadSql =
        "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;" + ReadRefundsSql + ReadPaymentSql + "COMMIT";

    private const string ReadRefundsSql = """
        SELECT id, payment_id, amount, currency, status, reason, failure_reason, created_at, settled_at, trace_id
        FROM refunds
        WHERE payment_id = @id
        ORDER BY id DESC
        LIMIT @refunds;

        """;

    // A row for each of the payment's entries, or one without. The transaction lists the keys of its entries, which no
    // index would find.
    private const string ReadPaymentSql = """
        SELECT payment.id, payment.payee_account, payment.amount, payment.currency, payment.description,
            payment.status, payment.discrepancy,
            CASE WHEN payment.refunded_amount = 0 THEN 0 ELSE (
                SELECT coalesce(sum(refund.amount), 0)
                FROM refunds AS refund
                WHERE refund.payment_id = payment.id AND refund.status = 'succeeded'
            ) END AS refunded_amount,
            payment.failure_reason, payment.created_at, payment.settled_at, payment.trace_id, payment.payer_account,
            job.status AS job_status, job.attempts, job.locked_by, job.locked_at, job.last_error,
            result.matched, result.status AS result_status, result.expected_amount, result.actual_amount,
            result.discrepancy AS result_discrepancy, result.rule, result.created_at AS result_created_at,
            entry.account_id AS entry_account_id, entry.position, entry.transaction_id, account.name AS account_name,
            account.normal_balance, entry.amount AS entry_amount, entry.balance_after,
            entry.currency AS entry_currency, entry.created_at AS entry_created_at
        FROM payments AS payment
        LEFT JOIN recon_jobs AS job ON job.id = payment.id
        LEFT JOIN reconciliation_results AS result ON result.payment_id = payment.id
        LEFT JOIN ledger_transactions AS posting ON posting.id = payment.id
        LEFT JOIN LATERAL unnest(posting.account_ids, posting.positions) AS listed (account_id, position) ON true
        LEFT JOIN ledger_entries AS entry
            ON entry.account_id = listed.account_id AND entry.position = listed.position
        LEFT JOIN accounts AS account ON account.id = entry.account_id
        WHERE payment.id = @id
        ORDER BY entry.amount, entry.account_id;

        """;

    private sealed record Row(PaymentRow Payment, JobRow? Job, ResultRow? Result, EntryRow? Entry);
}
