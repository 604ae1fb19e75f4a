using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using Payments.Api.Idempotency;
using Payments.Api.Refunds;
using Payments.Ledger;

namespace Payments.Api.Payments;

/// <summary>A payment as it is shown; amounts in the currency's unit with its decimals.</summary>
/// <param name="Status">
/// Of a completed payment of which something was given back: partially_refunded, or refunded.
/// </param>
/// <param name="RefundedAmount">What was given back; refunds that are pending are not in it yet.</param>
internal record PaymentAnswer(
    Guid Id,
    string AccountId,
    decimal Amount,
    string Currency,
    string? Description,
    [property: AllowedValues(
        "pending", "completed", "completed_with_discrepancy", "failed", "cancelled", "partially_refunded", "refunded")]
    string Status,
    decimal? Discrepancy,
    decimal RefundedAmount,
    string? FailureReason,
    DateTimeOffset CreatedAt,
    DateTimeOffset? SettledAt,
    string? TraceId)
{
    /// <summary>The account that pays, of a transfer between two accounts; null: clearing.</summary>
    public string? PayerAccountId { get; init; }

    /// <summary>
    /// The payment as it was answered when it was created, from what never changes: a replay is equal to it, byte for
    /// byte, whatever became of the payment since.
    /// </summary>
    public static PaymentAnswer AtCreation(in NewPayment payment) => new(
        payment.Id,
        payment.PayeeAccount,
        payment.Amount.ToDecimal(),
        payment.Amount.Currency.Code,
        payment.Description,
        "pending",
        Discrepancy: null,
        new Money(0, payment.Amount.Currency).ToDecimal(),
        FailureReason: null,
        payment.CreatedAt,
        SettledAt: null,
        payment.TraceId?.ToString("N"));

    public static FinishedAnswer FinishedAtCreation(in NewPayment payment) => FinishedAnswer.Of(
        StatusCodes.Status201Created, AtCreation(payment), ApiJson.Default.PaymentAnswer, "/payments/" + payment.Id);
}

/// <summary>A payment with everything that is known about it.</summary>
/// <param name="Refunds">The newest, at most as many as a page of their list.</param>
/// <param name="Job">Null when the payment is over and its job has been cleared away since.</param>
internal sealed record PaymentDetails(
    Guid Id,
    string AccountId,
    decimal Amount,
    string Currency,
    string? Description,
    string Status,
    decimal? Discrepancy,
    decimal RefundedAmount,
    string? FailureReason,
    DateTimeOffset CreatedAt,
    DateTimeOffset? SettledAt,
    string? TraceId,
    [property: JsonPropertyOrder(1)] JobAnswer? Job,
    [property: JsonPropertyOrder(2)] ReconciliationAnswer? Reconciliation,
    [property: JsonPropertyOrder(3)] IReadOnlyList<LedgerEntryAnswer> LedgerEntries,
    [property: JsonPropertyOrder(4)] IReadOnlyList<RefundAnswer> Refunds)
    : PaymentAnswer(
        Id, AccountId, Amount, Currency, Description, Status, Discrepancy, RefundedAmount, FailureReason, CreatedAt,
        SettledAt, TraceId);

/// <summary>Where the payment stands in the queue.</summary>
internal sealed record JobAnswer(
    [property: AllowedValues("pending", "processing", "completed", "dead", "cancelled")] string Status,
    int Attempts, string? LockedBy, DateTimeOffset? LockedAt, string? LastError);

/// <summary>What settlement found out; null while the payment is queued.</summary>
internal sealed record ReconciliationAnswer(
    bool Matched,
    string Status,
    decimal ExpectedAmount,
    decimal ActualAmount,
    decimal? Discrepancy,
    string Rule,
    DateTimeOffset CreatedAt);

/// <summary>One side of a posting.</summary>
/// <param name="Id">Row id of the account and the entry's position in it, such as <c>42-7</c>.</param>
/// <param name="Amount">Positive; <paramref name="Direction"/> says which way it went.</param>
/// <param name="Direction"><c>debit</c> or <c>credit</c>.</param>
internal sealed record LedgerEntryAnswer(
    string Id,
    Guid TransactionId,
    string AccountId,
    [property: AllowedValues("debit", "credit")] string Direction,
    decimal Amount,
    decimal BalanceAfter,
    long Position,
    DateTimeOffset CreatedAt);
