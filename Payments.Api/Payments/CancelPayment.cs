using Dapper;
using Npgsql;
using Payments.Api.Events;
using Payments.Api.Idempotency;

namespace Payments.Api.Payments;

/// <summary>
/// Takes a queued payment from the queue. Whoever holds the job's row first decides: a worker that has claimed it
/// settles it, and a payment that was cancelled is never claimed.
/// </summary>
internal sealed class CancelPayment(ChangeFeed changes)
{
    /// <remarks>
    /// That a payment has ended is final, and is answered alike for ever; that a worker holds it is not, since the
    /// worker may hand it back.
    /// </remarks>
    public async Task<Outcome> ExecuteAsync(
        HttpContext context, Guid id, NpgsqlTransaction transaction, CancellationToken cancel)
    {
        var cancelled = await transaction.Connection!.QuerySingleOrDefaultAsync<PaymentRow>(
            new CommandDefinition(CancelSql, new { id }, transaction, cancellationToken: cancel));
        if (cancelled is not null)
        {
            return new Outcome.Done(
                FinishedAnswer.Of(StatusCodes.Status200OK, cancelled.ToAnswer(), ApiJson.Default.PaymentAnswer),
                Committed: () => changes.Publish(Change.Payments | Change.Accounts));
        }

        // In a statement of its own: the one above may have waited for the worker who settled the payment.
        var status = await transaction.Connection!.ExecuteScalarAsync<string?>(
            new CommandDefinition(StatusSql, new { id }, transaction, cancellationToken: cancel));
        return status switch
        {
            null => Problems.PaymentNotFound,
            "pending" => new Problem(
                ProblemTypes.PaymentNotCancellable,
                "The settlement of the payment has begun, or waits in the dead letters."),
            _ => FinishedAnswer.Of(
                context, new Problem(ProblemTypes.PaymentNotCancellable, $"The payment is {status} already.")),
        };
    }

    // The job before the payment, as settlement locks them. A worker's claim changes the status that is asked for, and
    // a claim that is under way is waited for.
    private const string CancelSql = """
        WITH taken AS (
            UPDATE recon_jobs
            SET status = 'cancelled', finished_at = clock_timestamp()
            WHERE id = @id AND kind IN ('payment', 'transfer') AND status = 'pending'
            RETURNING id
        )
        UPDATE payments AS payment
        SET status = 'cancelled'
        FROM taken
        WHERE payment.id = taken.id AND payment.status = 'pending'
        RETURNING payment.id, payment.payee_account, payment.amount, payment.currency, payment.description,
            payment.status, payment.discrepancy, payment.refunded_amount, payment.failure_reason, payment.created_at,
            payment.settled_at, payment.trace_id
        """;

    private const string StatusSql = "SELECT status FROM payments WHERE id = @id";
}
