using Payments.Api.Describing;

namespace Payments.Api.Refunds;

/// <summary>Refunds as the OpenAPI document shows them.</summary>
internal static class RefundExamples
{
    public const string Create = """{"amount": 40.00, "reason": "requested_by_customer"}""";

    public const string CreateWithKey =
        """{"amount": 40.00, "reason": "requested_by_customer", "idempotencyKey": "refund-of-order-1001"}""";

    public static RefundAnswer Created { get; } = new(
        Examples.RefundId, Examples.PaymentId, 40.00m, "USD", "pending", "requested_by_customer", FailureReason: null,
        Examples.At(60), SettledAt: null, Examples.TraceId);

    public static RefundAnswer Succeeded { get; } = Created with
    {
        Status = "succeeded",
        SettledAt = Examples.At(60.092),
    };
}
