namespace Payments.Ledger.Reconciliation.Corrections;

/// <summary>What a correction does.</summary>
public static class AdjustmentKind
{
    /// <summary>Posts the remainder of a flow against the suspense account.</summary>
    public const string Adjustment = "adjustment";

    /// <summary>Writes the row of an account anew from its entries.</summary>
    public const string RebuildAccountRow = "rebuild_account_row";

    public static IReadOnlyList<string> All { get; } = [Adjustment, RebuildAccountRow];
}

/// <summary>The states of a correction.</summary>
public static class AdjustmentStatus
{
    /// <summary>Waits for a second person.</summary>
    public const string Proposed = "proposed";

    /// <summary>Done, and the check agreed after it.</summary>
    public const string Posted = "posted";

    public const string Rejected = "rejected";

    /// <summary>Its reverse was posted.</summary>
    public const string Undone = "undone";

    /// <summary>Tried, and taken back in the same transaction.</summary>
    public const string Failed = "failed";

    public static IReadOnlyList<string> All { get; } = [Proposed, Posted, Rejected, Undone, Failed];
}

/// <summary>A correction as it is stored, amounts in minor units; columns in this order.</summary>
/// <param name="Amount">What the account receives, credit-positive.</param>
/// <param name="CounterAmount">The same of the account on the other side of the flow.</param>
/// <param name="Corrects">The ledger transaction whose remainder it posts.</param>
public sealed record Adjustment(
    Guid Id,
    Guid ExceptionId,
    string Kind,
    string Status,
    decimal Amount,
    decimal CounterAmount,
    string Currency,
    long AccountId,
    string Account,
    string? CounterAccount,
    bool NeedsApproval,
    Guid? Corrects,
    Guid? TransactionId,
    Guid? CounterTransactionId,
    Guid? UndoTransactionId,
    Guid? UndoCounterTransactionId,
    string Reason,
    string? Failure,
    string ProposedBy,
    string? ApprovedBy,
    string? RejectedBy,
    string? UndoneBy,
    DateTimeOffset CreatedAt,
    DateTimeOffset? DecidedAt,
    DateTimeOffset? UndoneAt)
{
    /// <summary>What counts against the limits, minor units.</summary>
    public decimal Size => Math.Max(Math.Abs(Amount), Math.Abs(CounterAmount));
}
