using Dapper;
using Npgsql;
using Payments.Api.Events;
using Payments.Api.Idempotency;
using Payments.Api.Keys;
using Payments.Ledger.Audit;
using Payments.Ledger.Jobs;

namespace Payments.Api.Payments;

/// <summary>
/// Takes a queued payment or transfer from the queue. Whoever holds the job's row first decides: a worker that has
/// claimed it settles it, and a payment that was cancelled is never claimed.
/// </summary>
internal sealed class CancelPayment(ChangeFeed changes, Notifier workers, AuditLog audit)
{
    /// <param name="context">Of the request: a refusal that is final is kept as the answer to it.</param>
    /// <param name="answer">The answer with the payment as it is then.</param>
    /// <param name="notFound">The refusal when no payment has the id.</param>
    /// <remarks>
    /// That a payment has ended is final, and is answered alike for ever; that a worker holds it is not, since the
    /// worker may hand it back.
    /// </remarks>
    public async Task<Outcome> ExecuteAsync(
        HttpContext context, Guid id, Func<PaymentRow, FinishedAnswer> answer, Problem notFound,
        NpgsqlTransaction transaction, CancellationToken cancel)
    {
        var cancelled = await transaction.Connection!.QuerySingleOrDefaultAsync<PaymentRow>(
            new CommandDefinition(CancelSql, new { id }, transaction, cancellationToken: cancel));
        if (cancelled is not null)
        {
            var cancelling = new AuditEvent(Caller.Of(context).Actor, "payment.cancelled", "payment", id.ToString())
            {
                Account = cancelled.PayeeAccount,
                OtherAccount = cancelled.PayerAccount,
                Currency = cancelled.Currency,
            };
            await audit.RecordAsync(transaction.Connection!, cancelling, cancel);
            return new Outcome.Done(answer(cancelled), Committed: Tell);
        }

        // In a statement of its own: the one above may have waited for the worker who settled the payment.
        var states = await transaction.Connection!.QuerySingleOrDefaultAsync<States>(
            new CommandDefinition(StatesSql, new { id }, transaction, cancellationToken: cancel));
        return states switch
        {
            null => notFound,
            { Payment: "pending", Job: "dead" } => new Problem(
                ProblemTypes.PaymentNotCancellable, "The payment is a dead letter: it waits for an operator."),
            { Payment: "pending" } => new Problem(
                ProblemTypes.PaymentNotCancellable, "A worker has claimed the payment: it is being settled."),
            { Payment: var status } => FinishedAnswer.Of(context, new Problem(
                ProblemTypes.PaymentNotCancellable, $"The payment is {status.Replace('_', ' ')} already.")),
        };
    }

    // The screens of this process hear of it here, those of others on the workers' channel.
    private void Tell()
    {
        changes.Publish(Change.Payments | Change.Accounts);
        workers.Signal();
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
        SET status = 'cancelled', cancelled_at = clock_timestamp()
        FROM taken
        WHERE payment.id = taken.id AND payment.status = 'pending'
        RETURNING payment.id, payment.payee_account, payment.amount, payment.currency, payment.description,
            payment.status, payment.discrepancy, payment.refunded_amount::numeric, payment.failure_reason,
            payment.created_at, payment.settled_at, payment.trace_id, payment.payer_account
        """;

    private const string StatesSql = """
        SELECT payment.status AS payment, job.status AS job
        FROM payments AS payment
        LEFT JOIN recon_jobs AS job ON job.id = payment.id
        WHERE payment.id = @id
        """;

    private sealed record States(string Payment, string? Job);
}
