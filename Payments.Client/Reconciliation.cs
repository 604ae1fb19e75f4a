using System.Text.Json.Serialization;

namespace Payments.Client;

/// <summary>A reconciliation run.</summary>
public record Report(
    Guid Id,
    string RunType,
    string Status,
    DateTimeOffset CreatedAt,
    DateTimeOffset? CompletedAt,
    long? DurationMs,
    int TotalChecks,
    int PassedChecks,
    int FailedChecks,
    int InconclusiveChecks,
    int ExceptionsCount,
    string RequestedBy,
    string? ErrorMessage)
{
    public bool IsOver => Status is "completed" or "failed";
}

/// <summary>A run with its checks and the first of the exceptions that it saw.</summary>
public sealed record ReportDetails(
    Guid Id, string RunType, string Status, DateTimeOffset CreatedAt, DateTimeOffset? CompletedAt, long? DurationMs,
    int TotalChecks, int PassedChecks, int FailedChecks, int InconclusiveChecks, int ExceptionsCount,
    string RequestedBy, string? ErrorMessage, IReadOnlyList<ReportCheck> Checks, ListOf<SeenException> Exceptions)
    : Report(
        Id, RunType, Status, CreatedAt, CompletedAt, DurationMs, TotalChecks, PassedChecks, FailedChecks,
        InconclusiveChecks, ExceptionsCount, RequestedBy, ErrorMessage);

/// <summary>One check of a run; amounts in units of the currency.</summary>
public sealed record ReportCheck(
    Guid Id,
    Guid ReportId,
    string CheckType,
    string Status,
    decimal? Expected,
    decimal? Actual,
    decimal? Difference,
    string? Currency,
    long ItemsChecked,
    long ItemsFound,
    string? Reason,
    DateTimeOffset CreatedAt,
    long? DurationMs);

/// <summary>An exception as one run saw it.</summary>
public sealed record SeenException(
    Guid Id, long Number, string CheckType, string Severity, string Status, string Description, decimal? Difference,
    string? Currency, string? AccountId);

public sealed record RunAccepted(Guid ReportId, string Status);

/// <summary>A break, and what people made of it; amounts in units of the currency.</summary>
public record ReconciliationException(
    Guid Id,
    long Number,
    string CheckType,
    string Kind,
    string Severity,
    string Status,
    string Description,
    decimal? Expected,
    decimal? Actual,
    decimal? Difference,
    string? Currency,
    string? AccountId,
    long? Position,
    Guid? PaymentId,
    Guid? FlowId,
    string? Assignee,
    bool Present,
    bool Overdue,
    int Sightings,
    int Reopened,
    int Version,
    Guid? FirstReportId,
    Guid? LastReportId,
    DateTimeOffset FirstSeenAt,
    DateTimeOffset LastSeenAt,
    DateTimeOffset DueAt,
    DateTimeOffset? ResolvedAt,
    string? ResolvedBy,
    string? ResolvedByKey,
    string? Notes)
{
    public bool IsOver => ResolvedAt is not null;
}

/// <summary>An exception with its story and its evidence.</summary>
public sealed record ExceptionDetails(
    Guid Id, long Number, string CheckType, string Kind, string Severity, string Status, string Description,
    decimal? Expected, decimal? Actual, decimal? Difference, string? Currency, string? AccountId, long? Position,
    Guid? PaymentId, Guid? FlowId, string? Assignee, bool Present, bool Overdue, int Sightings, int Reopened,
    int Version, Guid? FirstReportId, Guid? LastReportId, DateTimeOffset FirstSeenAt, DateTimeOffset LastSeenAt,
    DateTimeOffset DueAt, DateTimeOffset? ResolvedAt, string? ResolvedBy, string? ResolvedByKey, string? Notes,
    IReadOnlyList<StoryLine> Story, IReadOnlyList<Sighting> RecentSightings, IReadOnlyList<Adjustment> Adjustments,
    IReadOnlyList<string> Corrections, Evidence Evidence)
    : ReconciliationException(
        Id, Number, CheckType, Kind, Severity, Status, Description, Expected, Actual, Difference, Currency, AccountId,
        Position, PaymentId, FlowId, Assignee, Present, Overdue, Sightings, Reopened, Version, FirstReportId,
        LastReportId, FirstSeenAt, LastSeenAt, DueAt, ResolvedAt, ResolvedBy, ResolvedByKey, Notes);

public sealed record StoryLine(DateTimeOffset CreatedAt, string Kind, string Actor, string? Text);

public sealed record Sighting(DateTimeOffset SeenAt, Guid ReportId, decimal? Difference);

/// <summary>The rows that an exception is about, as they are now.</summary>
public sealed record Evidence(
    AccountEvidence? Account, EntryEvidence? Entry, TransactionEvidence? Transaction, PaymentEvidence? Payment,
    FlowEvidence? Flow);

public sealed record AccountEvidence(
    string AccountId, string Currency, decimal Balance, long Position, DateTimeOffset? LastEntryAt);

public sealed record EntryEvidence(
    string? AccountId, string Currency, long Position, decimal Amount, decimal BalanceAfter, Guid TransactionId,
    DateTimeOffset CreatedAt);

public sealed record TransactionEvidence(
    Guid Id, string Kind, DateTimeOffset CreatedAt, IReadOnlyList<EntryEvidence> Entries);

public sealed record PaymentEvidence(
    Guid Id, string Status, decimal Amount, string Currency, string AccountId, DateTimeOffset? SettledAt);

public sealed record FlowEvidence(
    Guid Id, string Kind, string Status, decimal Amount, string Currency, decimal? TargetAmount, string AccountId,
    string? Reference);

/// <summary>A correction of an exception.</summary>
public sealed record Adjustment(
    Guid Id,
    Guid ExceptionId,
    string Kind,
    string Status,
    decimal Amount,
    string Currency,
    string AccountId,
    bool NeedsApproval,
    string Reason,
    string? Failure,
    string ProposedBy,
    string? ApprovedBy,
    DateTimeOffset CreatedAt)
{
    public bool IsProposed => Status == "proposed";
}

public sealed record BulkResult(int Changed, int Unchanged, int Refused);

/// <summary>A provider's balance beside the ledger's.</summary>
public sealed record ProviderBalance(
    string Provider,
    string Currency,
    [property: JsonPropertyName("providerBalance")] decimal? Balance,
    DateTimeOffset? AsOf,
    double? AgeSeconds,
    decimal LedgerBalance,
    decimal? Difference,
    decimal Tolerance,
    string Status,
    string? Reason,
    DateTimeOffset? FetchedAt = null,
    DateTimeOffset? InconclusiveSince = null);

/// <summary>Which exceptions are shown; null: all.</summary>
/// <param name="Status">A status, <c>unresolved</c> or <c>overdue</c>.</param>
public sealed record DeskFilter(string? Status, string? Severity, string? CheckType, string? Assignee)
{
    public static IReadOnlyList<string> CheckTypes { get; } =
    [
        "ledger_consistency", "account_balance", "deposits", "conversion_jobs", "withdrawals", "circle_balance",
        "alpaca_balance",
    ];

    public static IReadOnlyList<string> Severities { get; } = ["critical", "high", "medium", "low"];

    /// <summary>As the API names them; what is null is left out.</summary>
    public (string Name, string? Value)[] Parameters =>
    [
        Status is "unresolved" or "overdue" ? (Status, "true") : ("status", Status),
        ("severity", Severity), ("check_type", CheckType), ("assignee", Assignee),
    ];
}
