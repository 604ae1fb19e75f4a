using Payments.Api.Describing;
using Payments.Api.Refunds;

namespace Payments.Api.Payments;

/// <summary>Payments as the OpenAPI document shows them.</summary>
internal static class PaymentExamples
{
    public const string Create =
        """{"accountId": "ACC-001", "amount": 100.00, "currency": "USD", "description": "Order 1001"}""";

    public static PaymentAnswer Created { get; } = new(
        Examples.PaymentId, "ACC-001", 100.00m, "USD", "Order 1001", "pending", Discrepancy: null,
        RefundedAmount: 0.00m, FailureReason: null, Examples.At(0), SettledAt: null, Examples.TraceId);

    public static PaymentAnswer Completed { get; } = Created with
    {
        Status = "completed",
        SettledAt = Examples.At(0.184),
    };

    public static PaymentAnswer Cancelled { get; } = Created with { Status = "cancelled" };

    public static JobAnswer Job { get; } = new("completed", Attempts: 1, null, null, null);

    public static ReconciliationAnswer Result { get; } = new(
        Matched: true, "completed", 100.00m, 100.00m, Discrepancy: null, "completed", Examples.At(0.184));

    public static LedgerEntryAnswer Debit { get; } = new(
        "17-2041", Examples.PaymentId, "clearing/07", "debit", 100.00m, -20410.00m, 2041, Examples.At(0.184));

    public static LedgerEntryAnswer Credit { get; } = new(
        "42-7", Examples.PaymentId, "ACC-001", "credit", 100.00m, 640.00m, 7, Examples.At(0.184));

    public static PaymentDetails Details { get; } = new(
        Examples.PaymentId, "ACC-001", 100.00m, "USD", "Order 1001", "partially_refunded", Discrepancy: null,
        RefundedAmount: 40.00m, FailureReason: null, Examples.At(0), Examples.At(0.184), Examples.TraceId,
        Job, Result, [Debit, Credit], [RefundExamples.Succeeded]);
}
