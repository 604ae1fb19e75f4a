using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using Payments.Ledger.Reconciliation.Corrections;

namespace Payments.Api.Reconciliation.Adjustments;

/// <summary>A correction; amounts in units of the currency.</summary>
/// <param name="Kind">adjustment or rebuild_account_row.</param>
/// <param name="Status">proposed, posted, rejected, undone or failed.</param>
/// <param name="Amount">What the account receives, with its sign; of a rebuilt row, how its balance moves.</param>
/// <param name="CounterAmount">What the account on the other side of the flow receives.</param>
/// <param name="NeedsApproval">Above the limits, or a rebuilt row: a second owner decides.</param>
/// <param name="Corrects">The ledger transaction whose remainder it posts.</param>
/// <param name="ProposedBy">Owner of the key, or reconciliation for what it corrects by itself.</param>
internal sealed record AdjustmentAnswer(
    Guid Id,
    [property: JsonPropertyName("exception_id")] Guid ExceptionId,
    [property: AllowedValues("adjustment", "rebuild_account_row")] string Kind,
    [property: AllowedValues("proposed", "posted", "rejected", "undone", "failed")] string Status,
    string Amount,
    [property: JsonPropertyName("counter_amount")] string CounterAmount,
    string Currency,
    [property: JsonPropertyName("account_id")] string AccountId,
    [property: JsonPropertyName("counter_account_id")] string? CounterAccountId,
    [property: JsonPropertyName("needs_approval")] bool NeedsApproval,
    Guid? Corrects,
    [property: JsonPropertyName("transaction_id")] Guid? TransactionId,
    [property: JsonPropertyName("counter_transaction_id")] Guid? CounterTransactionId,
    [property: JsonPropertyName("undo_transaction_id")] Guid? UndoTransactionId,
    [property: JsonPropertyName("undo_counter_transaction_id")] Guid? UndoCounterTransactionId,
    string Reason,
    string? Failure,
    [property: JsonPropertyName("proposed_by")] string ProposedBy,
    [property: JsonPropertyName("approved_by")] string? ApprovedBy,
    [property: JsonPropertyName("rejected_by")] string? RejectedBy,
    [property: JsonPropertyName("undone_by")] string? UndoneBy,
    [property: JsonPropertyName("created_at")] DateTimeOffset CreatedAt,
    [property: JsonPropertyName("decided_at")] DateTimeOffset? DecidedAt,
    [property: JsonPropertyName("undone_at")] DateTimeOffset? UndoneAt)
{
    public static AdjustmentAnswer Of(Adjustment one) => new(
        one.Id, one.ExceptionId, one.Kind, one.Status, UnitsText.Of(one.Amount, one.Currency)!,
        UnitsText.Of(one.CounterAmount, one.Currency)!, one.Currency, one.Account, one.CounterAccount,
        one.NeedsApproval, one.Corrects, one.TransactionId, one.CounterTransactionId, one.UndoTransactionId,
        one.UndoCounterTransactionId, one.Reason, one.Failure, one.ProposedBy, one.ApprovedBy, one.RejectedBy,
        one.UndoneBy, one.CreatedAt, one.DecidedAt, one.UndoneAt);
}
