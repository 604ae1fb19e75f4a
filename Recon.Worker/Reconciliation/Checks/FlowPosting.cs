namespace Recon.Worker.Reconciliation.Checks;

/// <summary>
/// A posting that a deposit, conversion or withdrawal has, or would have, in one currency, beside what the ledger has
/// under its id; columns in this order.
/// </summary>
/// <param name="Part">deposit, conversion, reservation, payout or release.</param>
/// <param name="IsDue">Whether the row, in its status, must have been posted; otherwise it must not.</param>
/// <param name="Account">The account that tells the amount: it must have moved by <paramref name="Expected"/>.</param>
/// <param name="Expected">Minor units, credit-positive, as <paramref name="Actual"/>.</param>
/// <param name="PostedKind">Kind of the transaction; null when there is none.</param>
/// <param name="Actual">How the transaction moved the account.</param>
/// <param name="IsElsewhere">Whether the transaction has entries in accounts that the flow does not name.</param>
/// <param name="AccountId">Null when the account does not exist.</param>
internal sealed record FlowPosting(
    Guid FlowId,
    Guid TransactionId,
    string Part,
    string Kind,
    string Status,
    bool IsDue,
    string Account,
    string Currency,
    long Expected,
    string? PostedKind,
    decimal Actual,
    bool IsElsewhere,
    long? AccountId);

/// <summary>A transaction of a flow's kind that no flow has; columns in this order.</summary>
internal sealed record FlowlessPosting(Guid TransactionId, string Kind, string Currency, decimal Actual);

/// <summary>How an adjustment, less its reversals, moved an account for a transaction; columns in this order.</summary>
internal sealed record Adjustment(Guid TransactionId, long AccountId, decimal Amount);
