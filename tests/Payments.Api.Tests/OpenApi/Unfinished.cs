namespace Payments.Api.Tests.OpenApi;

/// <summary>
/// Operations whose examples and problems are not written down yet, or that the client does not serve. What they answer
/// is held against the document all the same. The list only gets shorter: one that is finished may not stay in it.
/// </summary>
internal static class Unfinished
{
    public static IReadOnlyList<string> Operations { get; } =
    [
        "AcknowledgeReconciliationException", "ActOnReconciliationExceptions", "ApproveAdjustment",
        "AssignReconciliationException", "CommentOnReconciliationException", "GetAdjustment",
        "GetReconciliationCheckTrend", "GetReconciliationException", "GetReconciliationReport", "ListAdjustments",
        "ListReconciliationChecks", "ListReconciliationExceptions", "ListReconciliationReports", "ProposeAdjustment",
        "RejectAdjustment", "ReopenReconciliationException", "ResolveReconciliationException", "RunReconciliation",
        "UndoAdjustment",
    ];

    /// <summary>Types of problems that only those operations give.</summary>
    public static IReadOnlyList<string> Problems { get; } =
    [
        "adjustment_decided", "adjustment_not_found", "adjustment_proposed", "exception_changed",
        "exception_not_found", "exception_over", "not_correctable", "not_undoable",
        "reconciliation_report_not_found",
    ];
}
