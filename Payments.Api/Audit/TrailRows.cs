using System.Text.Json;
using Payments.Api.Accounts;
using Payments.Api.Payments;
using Payments.Ledger.Accounts;

namespace Payments.Api.Audit;

// The three sources of an account's trail; columns in the order of the members. An account is on one side of a payment
// or on the other, so each side is read along its own index.

internal sealed record TrailEventRow(
    Guid Id, DateTimeOffset CreatedAt, string Actor, Guid? KeyId, string Action, string ObjectType, string ObjectId,
    string Outcome, Guid? TraceId, string Details)
{
    public (TrailKey, TrailItem) Show() => (
        TrailKey.OfEvent(Id),
        new($"event-{Id}", CreatedAt, Actor, KeyId, Action, ObjectType, ObjectId, Outcome, TraceId?.ToString("N"),
            JsonElement.Parse(Details)));

    public const string NewestFirstSql = """
        SELECT id, created_at, actor, key_id, action, object_type, object_id, outcome, trace_id, details
        FROM (
            (
                SELECT id, created_at, actor, key_id, action, object_type, object_id, outcome, trace_id,
                    details::text AS details
                FROM audit_events
                WHERE account = @name AND id < @events AND (currency IS NULL OR currency = @currency)
                ORDER BY id DESC
                LIMIT @count
            )
            UNION ALL
            (
                SELECT id, created_at, actor, key_id, action, object_type, object_id, outcome, trace_id,
                    details::text AS details
                FROM audit_events
                WHERE other_account = @name AND id < @events AND (currency IS NULL OR currency = @currency)
                    AND account IS DISTINCT FROM other_account
                ORDER BY id DESC
                LIMIT @count
            )
        ) AS either
        ORDER BY id DESC
        LIMIT @count
        """;
}

internal sealed record TrailPaymentRow(
    Guid Id, DateTimeOffset CreatedAt, string Owner, string Kind, string? Payer, string Payee, long Amount,
    string Currency, string? Description, string Status, DateTimeOffset? SettledAt, long? Discrepancy,
    decimal RefundedAmount, string? FailureReason, Guid? TraceId)
{
    public (TrailKey, TrailItem) Show() => (
        TrailKey.OfPayment(Id),
        new($"payment-{Id}", CreatedAt, Owner, null, Kind + ".created", "payment", Id.ToString(), Status,
            TraceId?.ToString("N"),
            JsonSerializer.SerializeToElement(
                new TrailPayment(
                    Payer ?? AccountName.Clearing, Payee, Units(Amount), Currency, Description, Status, SettledAt,
                    Discrepancy is { } discrepancy ? Units(discrepancy) : null, Units(RefundedAmount), FailureReason),
                ApiJson.Default.TrailPayment)));

    private decimal Units(decimal minor) => Ledger.Currency.UnitsOf(Currency, minor);

    // What is given back: the payment's own number holds what is reserved for refunds too.
    public const string NewestFirstSql = """
        SELECT p.id, p.created_at, coalesce(o.name, 'owner ' || p.owner_id) AS owner, p.kind, p.payer_account AS payer,
            p.payee_account AS payee, p.amount, p.currency, p.description, p.status, p.settled_at, p.discrepancy,
            CASE WHEN p.refunded_amount = 0 THEN 0 ELSE (
                SELECT coalesce(sum(r.amount), 0)
                FROM refunds AS r
                WHERE r.payment_id = p.id AND r.status = 'succeeded'
            ) END AS refunded_amount,
            p.failure_reason, p.trace_id
        FROM (
            (
                SELECT id
                FROM payments
                WHERE payee_account = @name AND id < @payments AND currency = @currency
                ORDER BY id DESC
                LIMIT @count
            )
            UNION ALL
            (
                SELECT id
                FROM payments
                WHERE payer_account = @name AND id < @payments AND currency = @currency
                ORDER BY id DESC
                LIMIT @count
            )
        ) AS either
        JOIN payments AS p ON p.id = either.id
        LEFT JOIN key_owners AS o ON o.id = p.owner_id
        ORDER BY p.id DESC
        LIMIT @count
        """;
}

internal sealed record TrailEntryRow(
    long Position, DateTimeOffset CreatedAt, Guid TransactionId, string Kind, long Amount, long BalanceAfter)
{
    /// <summary>Entries are posted by the workers, whoever asked for the payment.</summary>
    private const string Poster = "worker";

    public (TrailKey, TrailItem) Show(AccountRow account)
    {
        var id = EntryRow.Id(account.Id, Position);
        return (
            TrailKey.OfEntry(CreatedAt, Position),
            new($"entry-{id}", CreatedAt, Poster, null, Kind + ".posted", "transaction", TransactionId.ToString(),
                "succeeded", null,
                JsonSerializer.SerializeToElement(
                    new TrailEntry(
                        id, EntryRow.Direction(Amount), account.ShowSize(Amount),
                        account.Show(BalanceAfter), account.Currency, Position),
                    ApiJson.Default.TrailEntry)));
    }

    public const string NewestFirstSql = """
        SELECT e.position, e.created_at, e.transaction_id, t.kind, e.amount, e.balance_after
        FROM (
            SELECT position, created_at, transaction_id, amount, balance_after
            FROM ledger_entries
            WHERE account_id = @id AND position < @entries
            ORDER BY position DESC
            LIMIT @count
        ) AS e
        JOIN ledger_transactions AS t ON t.id = e.transaction_id
        ORDER BY e.position DESC
        """;
}
