using Dapper;
using Npgsql;

namespace Payments.Api.Payments;

/// <summary>Reads one payment with its job, its result and its ledger entries, all as of one moment.</summary>
internal sealed class GetPayment(NpgsqlDataSource database)
{
    /// <returns>Null when no payment has this id.</returns>
    public async Task<PaymentDetails?> ExecuteAsync(Guid id, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        var rows = (await connection.QueryAsync<PaymentRow, JobRow?, ResultRow?, EntryRow?, Row>(
            new CommandDefinition(ReadSql, new { id }, cancellationToken: cancel),
            (payment, job, result, entry) => new Row(payment, job, result, entry),
            splitOn: "job_status,matched,entry_account_id")).ToList();

        return rows is [var first, ..]
            ? first.Payment.ToDetails(first.Job, first.Result, rows.Select(row => row.Entry).OfType<EntryRow>())
            : null;
    }

    // One statement, so that a payment that is settled at this moment is not shown half settled: a row for each of its
    // entries, or one without. The transaction lists the keys of its entries, which no index would find.
    private const string ReadSql = """
        SELECT payment.id, payment.payee_account, payment.amount, payment.currency, payment.description,
            payment.status, payment.discrepancy, payment.refunded_amount, payment.failure_reason, payment.created_at,
            payment.settled_at, payment.trace_id, payment.payer_account,
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
        ORDER BY entry.amount, entry.account_id
        """;

    private sealed record Row(PaymentRow Payment, JobRow? Job, ResultRow? Result, EntryRow? Entry);
}
