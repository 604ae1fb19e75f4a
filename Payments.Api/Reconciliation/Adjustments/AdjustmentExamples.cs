using Payments.Api.Describing;
using Payments.Api.Flows;
using Payments.Ledger.Reconciliation.Corrections;

namespace Payments.Api.Reconciliation.Adjustments;

/// <summary>Corrections as the OpenAPI document shows them.</summary>
internal static class AdjustmentExamples
{
    public const string Propose =
        """{"kind": "adjustment", "reason": "The remainder arrived later.", "version": 3}""";

    public static Guid AdjustmentId { get; } = new("019cae63-4a70-7f12-9b5d-83c6e1f20a47");

    public static AdjustmentAnswer Posted { get; } = new(
        AdjustmentId, Examples.ExceptionId, AdjustmentKind.Adjustment, AdjustmentStatus.Posted, "0.400000",
        "-0.400000", "USDC", "ACC-001", "usdc_buffer", NeedsApproval: false, FlowExamples.DepositId,
        new Guid("019cae63-4a71-7b3c-8e20-6d9f1452c0b8"), new Guid("019cae63-4a72-70d5-b7c1-a4e83f6d9125"),
        UndoTransactionId: null, UndoCounterTransactionId: null, "The remainder arrived later.", Failure: null,
        "operator", ApprovedBy: null, RejectedBy: null, UndoneBy: null, Examples.At(850), Examples.At(850),
        UndoneAt: null);

    public static AdjustmentAnswer Proposed { get; } = Posted with
    {
        Status = AdjustmentStatus.Proposed,
        NeedsApproval = true,
        TransactionId = null,
        CounterTransactionId = null,
        DecidedAt = null,
    };

    public static AdjustmentAnswer Approved { get; } = Posted with
    {
        NeedsApproval = true,
        ApprovedBy = "controller",
        DecidedAt = Examples.At(880),
    };

    public static AdjustmentAnswer Rejected { get; } = Proposed with
    {
        Status = AdjustmentStatus.Rejected,
        RejectedBy = "controller",
        DecidedAt = Examples.At(880),
    };

    public static AdjustmentAnswer Failed { get; } = Proposed with
    {
        Status = AdjustmentStatus.Failed,
        ApprovedBy = "controller",
        DecidedAt = Examples.At(880),
        Failure = "The flow differs from its entries by another amount than was proposed.",
    };

    public static AdjustmentAnswer Undone { get; } = Approved with
    {
        Status = AdjustmentStatus.Undone,
        UndoTransactionId = new Guid("019cae64-1d90-7a68-94f3-2b70c5e8d61f"),
        UndoCounterTransactionId = new Guid("019cae64-1d91-7e07-a6d8-f1593b4c7e20"),
        UndoneBy = "operator",
        UndoneAt = Examples.At(900),
    };
}
