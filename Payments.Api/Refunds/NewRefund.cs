using System.Diagnostics;
using Payments.Api.Idempotency;
using Payments.Api.Payments;
using Payments.Ledger;

namespace Payments.Api.Refunds;

/// <summary>A refund as it is recorded, from what never changes about it.</summary>
/// <param name="CreatedAt">In UTC, to the microsecond, which is what the database keeps.</param>
internal sealed record NewRefund(
    Guid Id, Guid PaymentId, Money Amount, string? Reason, DateTimeOffset CreatedAt, Guid? TraceId)
{
    public static NewRefund From(
        Guid paymentId, Money amount, string? reason, DateTimeOffset now, Activity? activity)
    {
        var createdAt = now.AddTicks(-(now.Ticks % TimeSpan.TicksPerMicrosecond));
        return new NewRefund(
            TimeOrderedId.New(createdAt), paymentId, amount, reason, createdAt,
            activity is { IdFormat: ActivityIdFormat.W3C } ? NewPayment.TraceIdOf(activity) : null);
    }

    /// <summary>
    /// The answer to its creation: a replay is equal to it, byte for byte, whatever became of the refund since.
    /// </summary>
    public FinishedAnswer ToAnswer() => FinishedAnswer.Of(
        StatusCodes.Status201Created,
        new RefundAnswer(
            Id, PaymentId, Amount.ToDecimal(), Amount.Currency.Code, "pending", Reason, FailureReason: null, CreatedAt,
            SettledAt: null, TraceId?.ToString("N")),
        ApiJson.Default.RefundAnswer,
        $"/payments/{PaymentId}/refunds/{Id}");
}
