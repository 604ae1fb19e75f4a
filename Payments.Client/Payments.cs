using System.Text.Json.Serialization;

namespace Payments.Client;

// What the API answers. Amounts are decimals with the currency's decimals kept;
// a member without a default is required, so an answer that lost it is refused and never read as zero.

/// <summary>A payment as a list shows it.</summary>
public record Payment(
    Guid Id,
    string AccountId,
    decimal Amount,
    string Currency,
    string Status,
    DateTimeOffset CreatedAt,
    DateTimeOffset? SettledAt = null,
    string? Description = null,
    decimal? Discrepancy = null,
    decimal RefundedAmount = 0,
    string? FailureReason = null,
    string? TraceId = null,
    string? PayerAccountId = null) : IListItem
{
    [JsonIgnore]
    public string Cursor => Id.ToString();

    /// <summary>True until a worker has settled, failed or cancelled it.</summary>
    [JsonIgnore]
    public bool IsPending => Status == PaymentStatus.Pending;

    /// <summary>From its creation to its end; null while it has none.</summary>
    [JsonIgnore]
    public TimeSpan? TimeToSettle => SettledAt - CreatedAt;
}

/// <summary>A payment with everything that happened to it.</summary>
public sealed record PaymentDetails(
    Guid Id,
    string AccountId,
    decimal Amount,
    string Currency,
    string Status,
    DateTimeOffset CreatedAt,
    DateTimeOffset? SettledAt = null,
    string? Description = null,
    decimal? Discrepancy = null,
    decimal RefundedAmount = 0,
    string? FailureReason = null,
    string? TraceId = null,
    string? PayerAccountId = null,
    Job? Job = null,
    ReconciliationResult? Reconciliation = null,
    IReadOnlyList<LedgerEntry>? LedgerEntries = null,
    IReadOnlyList<Refund>? Refunds = null)
    : Payment(
        Id, AccountId, Amount, Currency, Status, CreatedAt, SettledAt, Description, Discrepancy, RefundedAmount,
        FailureReason, TraceId, PayerAccountId)
{
    /// <summary>True while no worker has claimed it.</summary>
    [JsonIgnore]
    public bool IsCancellable => IsPending && Job?.Status == "pending";

    /// <summary>What can still be refunded: what was paid, less what was given back or is about to be.</summary>
    [JsonIgnore]
    public decimal Remaining => PaymentStatus.Refundable.Contains(Status, StringComparer.Ordinal)
        ? Amount - RefundedAmount - (Refunds ?? []).Where(refund => refund.IsPending).Sum(refund => refund.Amount)
        : 0;
}

/// <summary>Part of a payment that is given back.</summary>
public sealed record Refund(
    Guid Id,
    Guid PaymentId,
    decimal Amount,
    string Currency,
    string Status,
    DateTimeOffset CreatedAt,
    DateTimeOffset? SettledAt = null,
    string? Reason = null,
    string? FailureReason = null,
    string? TraceId = null) : IListItem
{
    [JsonIgnore]
    public string Cursor => Id.ToString();

    /// <summary>True until a worker has posted it, or found that it cannot be.</summary>
    [JsonIgnore]
    public bool IsPending => Status == "pending";
}

public static class PaymentStatus
{
    public const string Pending = "pending";
    public const string Completed = "completed";
    public const string CompletedWithDiscrepancy = "completed_with_discrepancy";
    public const string Failed = "failed";
    public const string Cancelled = "cancelled";
    public const string PartiallyRefunded = "partially_refunded";
    public const string Refunded = "refunded";

    /// <summary>Every status that the list can be filtered by, in the order of a payment's life.</summary>
    public static IReadOnlyList<string> All { get; } =
        [Pending, Completed, CompletedWithDiscrepancy, Failed, Cancelled, PartiallyRefunded, Refunded];

    /// <summary>Those of payments of which something may be left to refund.</summary>
    public static IReadOnlyList<string> Refundable { get; } = [Completed, CompletedWithDiscrepancy, PartiallyRefunded];
}

/// <summary>The settlement's place in the queue.</summary>
public sealed record Job(
    string Status,
    int Attempts = 0,
    string? LockedBy = null,
    DateTimeOffset? LockedAt = null,
    string? LastError = null);

public sealed record ReconciliationResult(
    bool Matched,
    string Status,
    DateTimeOffset CreatedAt,
    decimal? ExpectedAmount = null,
    decimal? ActualAmount = null,
    decimal? Discrepancy = null,
    string? Rule = null);

/// <summary>One side of a posting; its currency is its payment's.</summary>
public sealed record LedgerEntry(
    string Id,
    Guid TransactionId,
    string AccountId,
    string Direction,
    decimal Amount,
    decimal BalanceAfter,
    long Position,
    DateTimeOffset CreatedAt);

/// <summary>One line of an account's history.</summary>
public sealed record AccountEntry(
    string Id,
    Guid TransactionId,
    string Kind,
    string Direction,
    decimal Amount,
    decimal BalanceAfter,
    long Position,
    string Currency,
    DateTimeOffset CreatedAt,
    string? AccountId = null) : IListItem
{
    [JsonIgnore]
    public string Cursor => Id;
}

/// <summary>
/// An account's balance in one currency; <c>Version</c> counts its entries. What is queued is not kept of the past, and
/// null there.
/// </summary>
public sealed record Balance(
    string AccountId,
    [property: JsonPropertyName("balance")] decimal Amount,
    decimal? Pending,
    decimal? Available,
    string Currency,
    long Version,
    DateTimeOffset AsOf,
    decimal? PendingIn,
    decimal? PendingOut,
    decimal? MinimumBalance = null,
    decimal? Posted = null);

/// <summary>An account as a list shows it; <c>Version</c> counts its entries.</summary>
public sealed record Account(
    string Id,
    string AccountId,
    string Currency,
    decimal Balance,
    long Version,
    DateTimeOffset OpenedAt,
    decimal? MinimumBalance = null,
    DateTimeOffset? LastEntryAt = null) : IListItem
{
    [JsonIgnore]
    public string Cursor => Id;
}

/// <summary>One page of a list, newest first.</summary>
public sealed record ListOf<T>(
    IReadOnlyList<T> Data,
    [property: JsonPropertyName("has_more")] bool HasMore,
    [property: JsonPropertyName("object")] string Kind = "list",
    string? Url = null);

/// <summary>A place in a list: after one item (older), before one (newer), or with neither its newest page.</summary>
public sealed record Cursor(string? After = null, string? Before = null)
{
    [JsonIgnore]
    public bool IsNewest => After is null && Before is null;
}

/// <summary>The body of <c>POST /payments</c>.</summary>
public sealed record NewPayment(string AccountId, decimal Amount, string Currency, string? Description);

/// <summary>A payment that exists now; <c>Replayed</c> when an earlier attempt had created it.</summary>
public sealed record CreatedPayment(Payment Payment, bool Replayed);

/// <summary>The body of <c>POST /payments/{id}/refunds</c>; no amount for all that is left.</summary>
public sealed record NewRefund(decimal? Amount, string? Reason);

/// <summary>A refund that exists now; <c>Replayed</c> when an earlier attempt had created it.</summary>
public sealed record CreatedRefund(Refund Refund, bool Replayed);

/// <summary>A transfer to be sent, without its key.</summary>
public sealed record NewTransfer(
    string SourceAccountId, string DestinationAccountId, decimal Amount, string Currency, string? Description);

/// <summary>A transfer that exists now; <c>Replayed</c> when an earlier attempt had created it.</summary>
public sealed record CreatedTransfer(Guid Id, NewTransfer Transfer, bool Replayed);

/// <summary>The body of <c>POST /accounts</c>.</summary>
public sealed record NewAccount(string AccountId, string Currency, decimal? MinimumBalance);
