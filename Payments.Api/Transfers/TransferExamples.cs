using Payments.Api.Describing;
using Payments.Api.Payments;
using Payments.Api.Refunds;

namespace Payments.Api.Transfers;

/// <summary>Transactions as the OpenAPI document shows them.</summary>
internal static class TransferExamples
{
    public const string Create = """
        {
          "transaction": {
            "source_account_id": "ACC-001", "destination_account_id": "ACC-002", "amount": 25.00, "currency": "USD",
            "description": "Rent"
          },
          "idempotencyKey": "rent-2026-03"
        }
        """;

    private const string Key = "rent-2026-03";

    private const string PollUrl = "/api/v1/transactions/status/rent-2026-03";

    public static AcceptedAnswer Accepted { get; } =
        new("ACCEPTED", Key, Examples.TransferId, PollUrl, TransferStatusAnswer.Never);

    public static TransactionAnswer Completed { get; } = new(
        Examples.TransferId, "ACC-001", "ACC-002", 25.00m, "USD", "Rent", "completed", Discrepancy: null,
        RefundedAmount: 0.00m, FailureReason: null, Examples.At(4.5), Examples.At(4.61), Examples.TraceId);

    public static TransactionAnswer Cancelled { get; } = Completed with { Status = "cancelled", SettledAt = null };

    public static TransferStatusAnswer Ended { get; } = new(
        "COMPLETED", Key, Examples.TransferId, PollUrl, TransferStatusAnswer.Never, Completed);

    public static TransferStatusAnswer Processing { get; } = Ended with
    {
        Status = TransferStatusAnswer.Processing,
        Result = null,
    };

    private static IReadOnlyList<LedgerEntryAnswer> Entries { get; } =
    [
        new("42-8", Examples.TransferId, "ACC-001", "debit", 25.00m, 615.00m, 8, Examples.At(4.61)),
        new("43-1", Examples.TransferId, "ACC-002", "credit", 25.00m, 25.00m, 1, Examples.At(4.61)),
    ];

    public static TransactionDetails Details { get; } = new(
        Examples.TransferId, "ACC-001", "ACC-002", 25.00m, "USD", "Rent", "completed", Discrepancy: null,
        RefundedAmount: 0.00m, FailureReason: null, Examples.At(4.5), Examples.At(4.61), Examples.TraceId,
        PaymentExamples.Job,
        PaymentExamples.Result with { ExpectedAmount = 25.00m, ActualAmount = 25.00m, CreatedAt = Examples.At(4.61) },
        Entries,
        [
            RefundExamples.Succeeded with { PaymentId = Examples.TransferId, Amount = 5.00m },
        ]);

    public static VerificationAnswer Verified { get; } = new(
        Examples.TransferId, Verified: true, "completed", "USD", 25.00m, 25.00m, 0.00m, EntryCount: 2,
        [new VerificationCheck("debits_equal_credits", Passed: true, Detail: null)],
        Entries, Examples.At(9));
}
