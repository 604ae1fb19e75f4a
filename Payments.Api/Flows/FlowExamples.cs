using Payments.Api.Conversions;
using Payments.Api.Deposits;
using Payments.Api.Describing;
using Payments.Api.Withdrawals;

namespace Payments.Api.Flows;

/// <summary>Deposits, conversions and withdrawals as the OpenAPI document shows them.</summary>
internal static class FlowExamples
{
    public const string CreateDeposit =
        """{"accountId": "ACC-001", "amount": 250.000000, "reference": "0x9c1f", "description": "From the exchange"}""";

    public const string CreateConversion =
        """{"accountId": "ACC-001", "usdcAmount": 100.00, "usdAmount": 100.00, "reference": "conversion-17"}""";

    public const string CreateWithdrawal =
        """{"accountId": "ACC-001", "amount": 80.00, "reference": "wire-204", "description": "To the bank"}""";

    public const string Reason = """{"reason": "It never arrived."}""";

    public static Guid DepositId { get; } = new("019cae70-10c8-7d21-8b3f-4f6a9c20e815");

    public static Guid ConversionId { get; } = new("019cae70-52f0-7e64-9a17-70b1d3c85f26");

    public static Guid WithdrawalId { get; } = new("019cae70-9e38-7f53-a2c4-15d8e6b07a39");

    private static Guid ClosingId { get; } = new("019cae71-0180-7a42-b5e9-38c7f1a96d40");

    public static DepositAnswer Deposit { get; } = new(
        DepositId, "ACC-001", 250.000000m, "USDC", "pending", "0x9c1f", "From the exchange", FailureReason: null,
        Examples.At(1_300), CompletedAt: null, Examples.TraceId);

    public static DepositAnswer CompletedDeposit { get; } = Deposit with
    {
        Status = "completed",
        CompletedAt = Examples.At(1_360),
    };

    public static DepositAnswer FailedDeposit { get; } = Deposit with
    {
        Status = "failed",
        FailureReason = "It never arrived.",
        CompletedAt = Examples.At(1_360),
    };

    public static ConversionAnswer Conversion { get; } = new(
        ConversionId, "ACC-001", 100.000000m, 100.00m, "pending", "conversion-17", Description: null,
        FailureReason: null, Examples.At(1_400), CompletedAt: null, Examples.TraceId);

    public static ConversionAnswer CompletedConversion { get; } = Conversion with
    {
        Status = "completed",
        CompletedAt = Examples.At(1_400.3),
    };

    public static WithdrawalAnswer Withdrawal { get; } = new(
        WithdrawalId, "ACC-001", 80.00m, "USD", "reserved", "wire-204", "To the bank", FailureReason: null,
        Examples.At(1_500), CompletedAt: null, ClosingTransactionId: null, Examples.TraceId);

    public static WithdrawalAnswer CompletedWithdrawal { get; } = Withdrawal with
    {
        Status = "completed",
        CompletedAt = Examples.At(1_560),
        ClosingTransactionId = ClosingId,
    };

    public static WithdrawalAnswer FailedWithdrawal { get; } = CompletedWithdrawal with
    {
        Status = "failed",
        FailureReason = "The bank refused it.",
    };
}
