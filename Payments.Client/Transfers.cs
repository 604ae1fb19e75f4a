using System.Text.Json.Serialization;

namespace Payments.Client;

/// <summary>A transfer that was just stored; its id is <c>MessageId</c>.</summary>
public sealed record AcceptedTransfer(
    string Status, string IdempotencyKey, Guid MessageId, string PollUrl, DateTimeOffset ExpiresAt);

/// <summary>Where a transfer stands: <c>PROCESSING</c>, <c>COMPLETED</c> or <c>FAILED</c>.</summary>
public sealed record TransferStatus(
    string Status,
    string IdempotencyKey,
    Guid MessageId,
    string PollUrl,
    DateTimeOffset ExpiresAt,
    Transaction? Result = null)
{
    [JsonIgnore]
    public bool HasEnded => Status != "PROCESSING";
}

/// <summary>A payment or transfer as a movement between two accounts.</summary>
public record Transaction(
    Guid Id,
    [property: JsonPropertyName("source_account_id")] string SourceAccountId,
    [property: JsonPropertyName("destination_account_id")] string DestinationAccountId,
    decimal Amount,
    string Currency,
    string Status,
    DateTimeOffset CreatedAt,
    DateTimeOffset? SettledAt = null,
    string? Description = null,
    decimal? Discrepancy = null,
    decimal RefundedAmount = 0,
    string? FailureReason = null,
    string? TraceId = null);

/// <summary>A transaction with everything that happened to it.</summary>
public sealed record TransactionDetails(
    Guid Id,
    string SourceAccountId,
    string DestinationAccountId,
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
    Job? Job = null,
    ReconciliationResult? Reconciliation = null,
    IReadOnlyList<LedgerEntry>? LedgerEntries = null,
    IReadOnlyList<Refund>? Refunds = null)
    : Transaction(
        Id, SourceAccountId, DestinationAccountId, Amount, Currency, Status, CreatedAt, SettledAt, Description,
        Discrepancy, RefundedAmount, FailureReason, TraceId);

/// <summary>Whether the entries of a transaction are what they must be.</summary>
public sealed record Verification(
    Guid TransactionId,
    bool Verified,
    string Status,
    string Currency,
    decimal TotalDebits,
    decimal TotalCredits,
    decimal Difference,
    int EntryCount,
    IReadOnlyList<VerificationCheck> Checks,
    IReadOnlyList<LedgerEntry> LedgerEntries,
    DateTimeOffset VerifiedAt);

public sealed record VerificationCheck(string Name, bool Passed, string? Detail = null);
