using Payments.Api.Describing;
using Payments.Api.Reconciliation.Exceptions;
using Payments.Ledger.Reconciliation;

namespace Payments.Api.Reconciliation;

/// <summary>Runs and checks as the OpenAPI document shows them.</summary>
internal static class ReportExamples
{
    public const string Run = """{"run_type": "manual"}""";

    public static ReportAnswer Report { get; } = new(
        Examples.ReportId, RunType.Daily, "completed", Examples.At(-27_000), Examples.At(-26_999.9),
        Examples.At(-26_999.8), Examples.At(-26_998.6), DurationMs: 1_200, TotalChecks: 7, PassedChecks: 5,
        FailedChecks: 1, InconclusiveChecks: 1, ExceptionsCount: 1, "schedule", ErrorMessage: null);

    public static ReportAnswer Failed { get; } = Report with
    {
        PassedChecks = 0,
        ErrorMessage = "The run was given up after 5 attempts.",
        Status = "failed",
    };

    public static CheckAnswer Check { get; } = new(
        new Guid("019cae60-9d01-7b18-90c6-2fd4a8e17b53"), Examples.ReportId, RunType.Daily, CheckType.Deposits,
        "failed", Passed: false, "250.000000", "249.600000", "-0.400000", "USDC",
        [new TotalAnswer("USDC", "250.000000", "249.600000", "-0.400000")], ItemsChecked: 1, ItemsFound: 1,
        "One deposit is posted with another amount.", Examples.At(-26_999.9), Examples.At(-26_999.7),
        Examples.At(-26_999.6), DurationMs: 100);

    public static ReportDetails Details { get; } = new(
        Report,
        [Check],
        Examples.ListOf(
            $"/api/admin/reconciliation/reports/{Examples.ReportId}",
            new ReportExceptionAnswer(
                Examples.ExceptionId, Number: 12, CheckType.Deposits, "deposit_amount_mismatch", Severity.Low,
                ExceptionStatus.Open, ExceptionExamples.Description, "-0.400000", "USDC", "ACC-001",
                Examples.At(-26_999.6), Examples.At(-26_999.6), Sightings: 1)));

    public static RunAcceptedAnswer Accepted { get; } = new(
        Examples.ReportId, RunType.Manual, "pending", Examples.At(700),
        $"/api/admin/reconciliation/reports/{Examples.ReportId}");

    public static CheckTrendAnswer Trend { get; } = new(
        CheckType.Deposits, Examples.At(-2_592_000), Examples.At(0),
        [
            new TrendDay(
                "2026-03-01", Runs: 25, Passed: 23, Failed: 1, Inconclusive: 1,
                [new TrendDifference("USDC", "-0.400000")], AverageDurationMs: 97.5m),
        ]);
}
