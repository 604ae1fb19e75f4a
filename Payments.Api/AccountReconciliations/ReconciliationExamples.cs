using Payments.Api.Describing;

namespace Payments.Api.AccountReconciliations;

/// <summary>Reports as the OpenAPI document shows them.</summary>
internal static class ReconciliationExamples
{
    public const string Period = """{"from": "2026-03-01", "to": "2026-03-02"}""";

    public static ReconciliationReportAnswer Report { get; } = new(
        Examples.ReportId, "ACC-001", "USD", "differs", From: null, Examples.At(280), Examples.At(280), "operator",
        Milliseconds: 12, PaymentsChecked: 7, EntriesChecked: 7, FindingsCount: 1, OpeningBalance: 0.00m,
        new ClosingBalanceAnswer(640.00m, 640.00m, 600.00m));

    public static ReconciliationDifferenceAnswer Difference { get; } = new(
        Report,
        new DifferencesAnswer(0.00m, 0.00m, -40.00m),
        Examples.ListOf(
            "/api/v1/accounts/ACC-001/reconciliation-difference",
            new FindingAnswer(
                "1", "account_row_mismatch", "the account row's balance is not the sum of its entries",
                PaymentId: null, TransactionId: null, EntryId: null, Position: 7, ExpectedPosition: null, 640.00m,
                600.00m)));
}
