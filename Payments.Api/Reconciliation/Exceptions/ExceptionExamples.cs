using System.Text.Json;
using Payments.Api.Describing;
using Payments.Api.Flows;
using Payments.Api.Reconciliation.Adjustments;
using Payments.Ledger.Reconciliation;
using Payments.Ledger.Reconciliation.Corrections;

namespace Payments.Api.Reconciliation.Exceptions;

/// <summary>Exceptions as the OpenAPI document shows them.</summary>
internal static class ExceptionExamples
{
    public const string Bulk =
        """{"action": "acknowledge", "ids": ["019cae60-a2f4-7c31-8d09-5be6147f3a82"], "notes": "Looked into."}""";

    public const string Description = "The deposit was posted to ACC-001 with 249.600000 USDC: -0.400000 USDC.";

    private const string Notes = "The bank kept a fee.";

    private static readonly JsonElement Details = JsonElement.Parse("""{"from":"acknowledged"}""");

    public static ExceptionAnswer Open { get; } = new(
        Examples.ExceptionId, Number: 12, CheckType.Deposits, "deposit_amount_mismatch", Severity.Low,
        ExceptionStatus.Open, Description, "250.000000", "249.600000", "-0.400000", "USDC", "ACC-001", Position: 7,
        Examples.PaymentId, FlowExamples.DepositId, FlowExamples.DepositId, "berta", Present: true, Overdue: false,
        Sightings: 2, Reopened: 0, Version: 3, Examples.ReportId, Examples.ReportId, Examples.At(-26_999.6),
        Examples.At(-26_999.6), Examples.At(-23_399.6), Examples.At(59_400), Examples.At(-23_399.6),
        AcknowledgedAt: null, ResolvedAt: null, ResolvedBy: null, ResolvedByKey: null, ResolvedDifference: null,
        Notes: null);

    public static ExceptionAnswer Acknowledged { get; } = Open with
    {
        Status = ExceptionStatus.Acknowledged,
        Version = 4,
        AcknowledgedAt = Examples.At(800),
        UpdatedAt = Examples.At(800),
    };

    public static ExceptionAnswer Resolved { get; } = Acknowledged with
    {
        Status = ExceptionStatus.Resolved,
        Version = 5,
        UpdatedAt = Examples.At(860),
        ResolvedAt = Examples.At(860),
        ResolvedBy = "Berta",
        ResolvedByKey = "operator",
        ResolvedDifference = "-0.400000",
        Notes = Notes,
    };

    public static ExceptionDetails Whole { get; } = new(
        Resolved,
        [new StoryLine(Examples.At(860), "resolved", "operator", Notes, Details)],
        [new SightingAnswer(Examples.At(-23_399.6), Examples.ReportId, "-0.400000")],
        [AdjustmentExamples.Undone],
        [AdjustmentKind.Adjustment],
        Evidence,
        new ExceptionLinks(
            "/accounts/ACC-001/ledger?currency=USDC", $"/payments/{Examples.PaymentId}",
            $"/api/v1/deposits/{FlowExamples.DepositId}",
            $"/api/admin/reconciliation/reports/{Examples.ReportId}",
            $"/api/admin/reconciliation/reports/{Examples.ReportId}",
            $"/api/admin/reconciliation/adjustments?exception_id={Examples.ExceptionId}"));

    public static BulkAnswer BulkDone { get; } = new(
        ExceptionAction.Acknowledge, Changed: 1, Unchanged: 0, Refused: 1,
        [
            new BulkOutcome($"{Examples.ExceptionId}", "changed", Code: null, ExceptionStatus.Acknowledged, Version: 4),
            new BulkOutcome(
                $"{Examples.TransferId}", "refused", ProblemTypes.ExceptionOver.Code, ExceptionStatus.Resolved,
                Version: 6),
        ]);

    // As rich as no single exception is: each kind of row once.
    private static EvidenceAnswer Evidence => new(
        new AccountEvidence("ACC-001", "USDC", "249.600000", "credit", Position: 7, Examples.At(-27_500)),
        Entry,
        new TransactionEvidence(
            FlowExamples.DepositId, "deposit", Examples.TransferId, Examples.At(-27_500), [Entry]),
        new PaymentEvidence(
            Examples.PaymentId, "completed", "100.00", "USD", "ACC-001", "ACC-002", Examples.At(0),
            Examples.At(0.11)),
        new FlowEvidence(
            FlowExamples.DepositId, "deposit", "completed", "250.000000", "USDC", "250.00", "ACC-001", "0x9c1f",
            "It never arrived.", Examples.At(-27_600), Examples.At(-27_500)));

    private static EntryEvidence Entry => new(
        "ACC-001", "USDC", Position: 7, "249.600000", "249.600000", FlowExamples.DepositId, Examples.At(-27_500));

    /// <summary>The body that does it, and what is answered.</summary>
    public static (string Body, ExceptionAnswer Answer) Of(string action) => action switch
    {
        ExceptionAction.Acknowledge => ("""{"notes": "Looking into it.", "version": 3}""", Acknowledged),
        ExceptionAction.Assign => ("""{"assignee": "berta", "version": 2}""", Open),
        ExceptionAction.Comment => ("""{"text": "Asked the bank."}""", Open),
        ExceptionAction.Resolve =>
            ($$"""{"resolved_by": "Berta", "notes": "{{Notes}}", "version": 4}""", Resolved),
        _ => ("""{"notes": "It is there again.", "version": 5}""", Open with { Reopened = 1, Version = 6 }),
    };
}
