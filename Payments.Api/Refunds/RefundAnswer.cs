using System.ComponentModel.DataAnnotations;
using Payments.Ledger;

namespace Payments.Api.Refunds;

/// <summary>Part of a payment that is given back; the amount in the payment's currency, with its decimals.</summary>
/// <param name="Status">pending until a worker has posted it, then succeeded or failed.</param>
/// <param name="FailureReason">Why it failed, such as insufficient_funds; its part can be refunded again.</param>
internal sealed record RefundAnswer(
    Guid Id,
    Guid PaymentId,
    decimal Amount,
    string Currency,
    [property: AllowedValues("pending", "succeeded", "failed")] string Status,
    [property: AllowedValues("duplicate", "fraudulent", "requested_by_customer")] string? Reason,
    string? FailureReason,
    DateTimeOffset CreatedAt,
    DateTimeOffset? SettledAt,
    string? TraceId);

/// <summary>A refund as it is stored; columns in this order.</summary>
internal sealed record RefundRow(
    Guid Id, Guid PaymentId, long Amount, string Currency, string Status, string? Reason, string? FailureReason,
    DateTimeOffset CreatedAt, DateTimeOffset? SettledAt, Guid? TraceId)
{
    public RefundAnswer ToAnswer() => new(
        Id, PaymentId, new Money(Amount, Ledger.Currency.Get(Currency)).ToDecimal(), Currency, Status, Reason,
        FailureReason, CreatedAt, SettledAt, TraceId?.ToString("N"));
}
