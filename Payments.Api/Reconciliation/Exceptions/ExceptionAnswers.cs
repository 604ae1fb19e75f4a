using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;
using Payments.Api.Reconciliation.Adjustments;

namespace Payments.Api.Reconciliation.Exceptions;

/// <summary>A break that reconciliation found, and what people made of it; amounts in units of the currency.</summary>
/// <param name="Number">What people call it by.</param>
/// <param name="Status">open, acknowledged, resolved, auto_corrected or closed.</param>
/// <param name="Difference">actual - expected, with its sign.</param>
/// <param name="AccountId">The account's name.</param>
/// <param name="Present">Whether the last look that could tell still saw the break.</param>
/// <param name="Overdue">Not over, and later than it was due.</param>
/// <param name="Sightings">How often it was seen.</param>
/// <param name="Reopened">How often it was opened again.</param>
/// <param name="Version">Changes with whatever one decides by; sent with an action, it refuses a stale one.</param>
/// <param name="ResolvedBy">As it was stated.</param>
/// <param name="ResolvedByKey">Owner of the key that resolved it.</param>
internal record ExceptionAnswer(
    Guid Id,
    long Number,
    [property: JsonPropertyName("check_type")] string CheckType,
    string Kind,
    [property: AllowedValues("low", "medium", "high", "critical")] string Severity,
    [property: AllowedValues("open", "acknowledged", "resolved", "auto_corrected", "closed")] string Status,
    string Description,
    string? Expected,
    string? Actual,
    string? Difference,
    string? Currency,
    [property: JsonPropertyName("account_id")] string? AccountId,
    long? Position,
    [property: JsonPropertyName("payment_id")] Guid? PaymentId,
    [property: JsonPropertyName("transaction_id")] Guid? TransactionId,
    [property: JsonPropertyName("flow_id")] Guid? FlowId,
    string? Assignee,
    bool Present,
    bool Overdue,
    int Sightings,
    int Reopened,
    int Version,
    [property: JsonPropertyName("first_report_id")] Guid? FirstReportId,
    [property: JsonPropertyName("last_report_id")] Guid? LastReportId,
    [property: JsonPropertyName("created_at")] DateTimeOffset CreatedAt,
    [property: JsonPropertyName("first_seen_at")] DateTimeOffset FirstSeenAt,
    [property: JsonPropertyName("last_seen_at")] DateTimeOffset LastSeenAt,
    [property: JsonPropertyName("due_at")] DateTimeOffset DueAt,
    [property: JsonPropertyName("updated_at")] DateTimeOffset UpdatedAt,
    [property: JsonPropertyName("acknowledged_at")] DateTimeOffset? AcknowledgedAt,
    [property: JsonPropertyName("resolved_at")] DateTimeOffset? ResolvedAt,
    [property: JsonPropertyName("resolved_by")] string? ResolvedBy,
    [property: JsonPropertyName("resolved_by_key")] string? ResolvedByKey,
    [property: JsonPropertyName("resolved_difference")] string? ResolvedDifference,
    string? Notes);

/// <summary>An exception with all that helps to judge it.</summary>
/// <param name="Story">What happened to it, oldest first: the last 200.</param>
/// <param name="RecentSightings">The last 50, newest first.</param>
/// <param name="Corrections">Which kinds of correction apply to it.</param>
/// <param name="Evidence">The rows that it is about, as they are now.</param>
internal sealed record ExceptionDetails(
    [property: JsonIgnore] ExceptionAnswer Exception,
    IReadOnlyList<StoryLine> Story,
    [property: JsonPropertyName("recent_sightings")] IReadOnlyList<SightingAnswer> RecentSightings,
    IReadOnlyList<AdjustmentAnswer> Adjustments,
    IReadOnlyList<string> Corrections,
    EvidenceAnswer Evidence,
    ExceptionLinks Links)
    : ExceptionAnswer(Exception);

/// <param name="Actor">Owner of the key, or reconciliation.</param>
internal sealed record StoryLine(
    [property: JsonPropertyName("created_at")] DateTimeOffset CreatedAt,
    string Kind,
    string Actor,
    string? Text,
    JsonElement Details);

internal sealed record SightingAnswer(
    [property: JsonPropertyName("seen_at")] DateTimeOffset SeenAt,
    [property: JsonPropertyName("report_id")] Guid ReportId,
    string? Difference);

/// <summary>What it is about, as it is now; null for what it does not concern, or what is not there.</summary>
internal sealed record EvidenceAnswer(
    AccountEvidence? Account, EntryEvidence? Entry, TransactionEvidence? Transaction, PaymentEvidence? Payment,
    FlowEvidence? Flow);

internal sealed record AccountEvidence(
    [property: JsonPropertyName("account_id")] string AccountId,
    string Currency,
    string Balance,
    [property: JsonPropertyName("normal_balance")] string NormalBalance,
    long Position,
    [property: JsonPropertyName("last_entry_at")] DateTimeOffset? LastEntryAt);

/// <param name="Amount">Credit-positive.</param>
internal sealed record EntryEvidence(
    [property: JsonPropertyName("account_id")] string? AccountId,
    string Currency,
    long Position,
    string Amount,
    [property: JsonPropertyName("balance_after")] string BalanceAfter,
    [property: JsonPropertyName("transaction_id")] Guid TransactionId,
    [property: JsonPropertyName("created_at")] DateTimeOffset CreatedAt);

internal sealed record TransactionEvidence(
    Guid Id,
    string Kind,
    Guid? Corrects,
    [property: JsonPropertyName("created_at")] DateTimeOffset CreatedAt,
    IReadOnlyList<EntryEvidence> Entries);

internal sealed record PaymentEvidence(
    Guid Id,
    string Status,
    string Amount,
    string Currency,
    [property: JsonPropertyName("account_id")] string AccountId,
    [property: JsonPropertyName("source_account_id")] string? SourceAccountId,
    [property: JsonPropertyName("created_at")] DateTimeOffset CreatedAt,
    [property: JsonPropertyName("settled_at")] DateTimeOffset? SettledAt);

/// <param name="Kind">deposit, conversion or withdrawal.</param>
/// <param name="TargetAmount">Of a conversion, the amount in USD.</param>
internal sealed record FlowEvidence(
    Guid Id,
    string Kind,
    string Status,
    string Amount,
    string Currency,
    [property: JsonPropertyName("target_amount")] string? TargetAmount,
    [property: JsonPropertyName("account_id")] string AccountId,
    string? Reference,
    [property: JsonPropertyName("failure_reason")] string? FailureReason,
    [property: JsonPropertyName("created_at")] DateTimeOffset CreatedAt,
    [property: JsonPropertyName("completed_at")] DateTimeOffset? CompletedAt);

/// <summary>Where to look further.</summary>
internal sealed record ExceptionLinks(
    string? Account,
    string? Payment,
    string? Flow,
    [property: JsonPropertyName("first_report")] string? FirstReport,
    [property: JsonPropertyName("last_report")] string? LastReport,
    string Adjustments);

/// <summary>What became of each exception of a bulk action, in the order of the request.</summary>
internal sealed record BulkAnswer(
    string Action, int Changed, int Unchanged, int Refused, IReadOnlyList<BulkOutcome> Results);

/// <param name="Outcome">changed, unchanged or refused.</param>
/// <param name="Code">Of a refusal, as in problems.</param>
internal sealed record BulkOutcome(
    string Id,
    [property: AllowedValues("changed", "unchanged", "refused")] string Outcome,
    string? Code,
    string? Status,
    int? Version);
