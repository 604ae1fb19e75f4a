using System.Text.Json.Serialization;

namespace Payments.Client;

/// <summary>Which corrections; null: all.</summary>
/// <param name="Status">proposed, posted, rejected, undone or failed.</param>
public sealed record AdjustmentFilter(string? Status = null, string? Kind = null, Guid? ExceptionId = null);

/// <summary>A correction of an exception; amounts in units of the currency.</summary>
[SnakeCase]
public sealed record Adjustment(
    Guid Id,
    Guid ExceptionId,
    string Kind,
    string Status,
    decimal Amount,
    decimal CounterAmount,
    string Currency,
    string AccountId,
    string? CounterAccountId,
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
    DateTimeOffset? UndoneAt) : IListItem
{
    [JsonIgnore]
    public string Cursor => Id.ToString();

    [JsonIgnore]
    public bool IsProposed => Status == "proposed";
}

/// <summary>A correction to be made.</summary>
/// <param name="Kind">adjustment or rebuild_account_row.</param>
/// <param name="Version">Of the exception as it was seen; null: as it is.</param>
[SnakeCase]
public sealed record NewAdjustment(string Kind, string Reason, int? Version);
