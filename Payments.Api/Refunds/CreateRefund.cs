using System.Diagnostics;
using Dapper;
using Npgsql;
using Payments.Api.Events;
using Payments.Api.Idempotency;
using Payments.Ledger;
using Payments.Ledger.Accounts;
using Payments.Ledger.Audit;
using Payments.Ledger.Jobs;

namespace Payments.Api.Refunds;

/// <summary>
/// Records a refund, reserves its amount on the payment and queues its settlement, in one transaction. All refunds of a
/// payment together never exceed it: the payment's row is locked while what is left is read and taken.
/// </summary>
internal sealed class CreateRefund(Notifier workers, ChangeFeed changes, AuditLog audit, TimeProvider clock)
{
    /// <remarks>Refusals in this order: no such payment, its state, the amount's decimals, what is left.</remarks>
    public async Task<Outcome> ExecuteAsync(
        Guid paymentId,
        CreateRefundRequest request,
        RequestKey key,
        AuditActor actor,
        NpgsqlTransaction transaction,
        CancellationToken cancel)
    {
        var payment = await transaction.Connection!.QuerySingleOrDefaultAsync<RefundablePayment>(
            new CommandDefinition(LockPaymentSql, new { paymentId }, transaction, cancellationToken: cancel));
        if (payment is null)
        {
            return Problems.PaymentNotFound;
        }

        if (payment.Status is not ("completed" or "completed_with_discrepancy"))
        {
            return new Problem(
                ProblemTypes.PaymentNotRefundable,
                $"The payment is {payment.Status}; only a completed one can be refunded.");
        }

        var currency = Currency.Get(payment.Currency);
        var left = new Money(payment.Amount - payment.RefundedAmount, currency);
        var amount = left;
        if (request.Amount is { } asked
            && Money.TryFromDecimal(asked, currency, out amount) is not MoneyError.None and var error)
        {
            return error == MoneyError.TooManyDecimals ? TooManyDecimals(currency) : ExceedsRemaining(left);
        }

        if (left.Minor == 0 || amount.Minor > left.Minor)
        {
            return ExceedsRemaining(left);
        }

        var refund = NewRefund.From(paymentId, amount, request.Reason, clock.GetUtcNow(), Activity.Current);
        await transaction.Connection!.ExecuteAsync(new CommandDefinition(
            RecordSql, Parameters(refund, payment, key), transaction, cancellationToken: cancel));
        await audit.RecordAsync(transaction.Connection!, Recorded(actor, refund, payment), cancel);
        return new Outcome.Done(refund.ToAnswer(), Committed: () =>
        {
            workers.Signal();
            changes.Publish(Change.Payments | Change.Accounts);
        });
    }

    private static AuditEvent Recorded(AuditActor actor, NewRefund refund, RefundablePayment payment) =>
        new(actor, "refund.created", "refund", refund.Id.ToString())
        {
            Account = payment.PayeeAccount,
            OtherAccount = payment.PayerAccount,
            Currency = payment.Currency,
            Details = new { refund.PaymentId, amount = refund.Amount.ToDecimal(), refund.Reason },
        };

    private static object Parameters(NewRefund refund, RefundablePayment payment, RequestKey key)
    {
        var division = payment.DivisionOfRefund;
        return new
        {
            refund.Id,
            refund.PaymentId,
            amount = refund.Amount.Minor,
            refund.CreatedAt,
            refund.TraceId,
            refund.Reason,
            key.Scope.OwnerId,
            key.Scope.Key,
            key.Scope.Route,
            key.Fingerprint,
            payment.Currency,
            giver = payment.PayeeAccount,
            receiver = payment.PayerAccount ?? AccountName.ClearingOf(division),
            division,
            traceparent = Activity.Current is { Recorded: true, IdFormat: ActivityIdFormat.W3C } span ? span.Id : null,
        };
    }

    private static Problem TooManyDecimals(Currency currency) => new(
        ProblemTypes.Unprocessable,
        "A value of the refund is not accepted.",
        [ProblemError.At(
            "#/amount", "too_many_decimals",
            $"must have at most {currency.Exponent} decimals in {currency.Code}")]);

    private static Problem ExceedsRemaining(Money left) => new(
        ProblemTypes.RefundExceedsRemaining,
        left.Minor == 0
            ? "Nothing is left to refund: all of the payment was given back, or is about to be."
            : $"Only {left} of the payment can be refunded.",
        [ProblemError.At("#/amount", "exceeds_remaining", $"must be at most {left}")]);

    // The lock makes refunds of one payment wait for each other, so that two of them cannot both take what is left.
    private const string LockPaymentSql = """
        SELECT payment.status, payment.amount, payment.refunded_amount, payment.currency, payment.payee_account,
            payment.payer_account,
            EXISTS (
                SELECT
                FROM accounts AS giver
                WHERE giver.name = payment.payee_account AND giver.currency = payment.currency
                    AND giver.minimum_balance IS NOT NULL
            ) AS giver_has_minimum
        FROM payments AS payment
        WHERE payment.id = @paymentId
        FOR NO KEY UPDATE OF payment
        """;

    private const string RecordSql = """
        WITH reserved AS (
            UPDATE payments
            SET refunded_amount = refunded_amount + @amount
            WHERE id = @paymentId
        ), recorded AS (
            INSERT INTO refunds (id, payment_id, amount, created_at, owner_id, trace_id, fingerprint, route, currency,
                account, idempotency_key, reason)
            VALUES (@id, @paymentId, @amount, @createdAt, @ownerId, @traceId, @fingerprint, @route, @currency,
                @giver, @key, @reason)
        )
        INSERT INTO recon_jobs (id, payment_id, kind, amount, division, currency, payee_account, payer_account,
            traceparent)
        VALUES (@id, @paymentId, 'refund', @amount, @division, @currency, @receiver, @giver, @traceparent)
        """;

    private sealed record RefundablePayment(
        string Status, long Amount, long RefundedAmount, string Currency, string PayeeAccount, string? PayerAccount,
        bool GiverHasMinimum)
    {
        /// <summary>
        /// As of payments: the division of the account that is paid into, or of the one that pays when that has a
        /// minimum balance. Clearing is paid into in any division; the giver's touches no other division's rows.
        /// </summary>
        public short DivisionOfRefund => Division.Of(
            PayerAccount is null || GiverHasMinimum ? PayeeAccount : PayerAccount);
    }
}
