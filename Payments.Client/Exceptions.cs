using System.Text.Json;
using System.Text.Json.Serialization;

namespace Payments.Client;

/// <summary>Which exceptions are shown; null: all.</summary>
/// <param name="Status">One, or several with commas between them; <c>unresolved</c>: open or acknowledged.</param>
/// <param name="Severity">One, or several with commas between them.</param>
/// <param name="Account">Name of the account that it concerns.</param>
public sealed record DeskFilter(
    string? Status = null, string? Severity = null, string? CheckType = null, string? Assignee = null,
    string? Account = null, bool? Overdue = null)
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
        Status == "unresolved" ? ("unresolved", "true") : ("status", Status),
        ("severity", Severity), ("check_type", CheckType), ("assignee", Assignee),
        ("account", Account), ("overdue", Overdue?.ToString().ToLowerInvariant()),
    ];
}

/// <summary>A break, and what people made of it; amounts in units of the currency.</summary>
[SnakeCase]
public record ReconciliationException : IListItem
{
    public required Guid Id { get; init; }

    /// <summary>What people call it by.</summary>
    public required long Number { get; init; }

    public required string CheckType { get; init; }

    public required string Kind { get; init; }

    public required string Severity { get; init; }

    public required string Status { get; init; }

    public required string Description { get; init; }

    public required decimal? Expected { get; init; }

    public required decimal? Actual { get; init; }

    public required decimal? Difference { get; init; }

    public required string? Currency { get; init; }

    public required string? AccountId { get; init; }

    public required long? Position { get; init; }

    public required Guid? PaymentId { get; init; }

    public required Guid? TransactionId { get; init; }

    public required Guid? FlowId { get; init; }

    public required string? Assignee { get; init; }

    /// <summary>Whether the last look that could tell still saw the break.</summary>
    public required bool Present { get; init; }

    public required bool Overdue { get; init; }

    public required int Sightings { get; init; }

    public required int Reopened { get; init; }

    /// <summary>Changes with whatever one decides by; sent with an action, it refuses a stale one.</summary>
    public required int Version { get; init; }

    public required Guid? FirstReportId { get; init; }

    public required Guid? LastReportId { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset FirstSeenAt { get; init; }

    public required DateTimeOffset LastSeenAt { get; init; }

    public required DateTimeOffset DueAt { get; init; }

    public required DateTimeOffset UpdatedAt { get; init; }

    public required DateTimeOffset? AcknowledgedAt { get; init; }

    public required DateTimeOffset? ResolvedAt { get; init; }

    public required string? ResolvedBy { get; init; }

    public required string? ResolvedByKey { get; init; }

    public required decimal? ResolvedDifference { get; init; }

    public required string? Notes { get; init; }

    [JsonIgnore]
    public string Cursor => Id.ToString();

    [JsonIgnore]
    public bool IsOver => ResolvedAt is not null;
}

/// <summary>An exception with its story and its evidence.</summary>
[SnakeCase]
public sealed record ExceptionDetails : ReconciliationException
{
    public required IReadOnlyList<StoryLine> Story { get; init; }

    public required IReadOnlyList<Sighting> RecentSightings { get; init; }

    public required IReadOnlyList<Adjustment> Adjustments { get; init; }

    /// <summary>Which kinds of correction apply to it.</summary>
    public required IReadOnlyList<string> Corrections { get; init; }

    public required Evidence Evidence { get; init; }

    public required ExceptionLinks Links { get; init; }
}

[SnakeCase]
public sealed record StoryLine(
    DateTimeOffset CreatedAt, string Kind, string Actor, string? Text, JsonElement Details);

[SnakeCase]
public sealed record Sighting(DateTimeOffset SeenAt, Guid ReportId, decimal? Difference);

/// <summary>Where the API tells more.</summary>
[SnakeCase]
public sealed record ExceptionLinks(
    string? Account, string? Payment, string? Flow, string? FirstReport, string? LastReport, string Adjustments);

/// <summary>The same to be done with several exceptions.</summary>
/// <param name="Action">acknowledge, assign, comment, resolve or reopen.</param>
/// <param name="Assignee">Null with <c>assign</c>: nobody.</param>
/// <param name="Text">Of a comment.</param>
/// <param name="ResolvedBy">Null: the owner of the key.</param>
[SnakeCase]
public sealed record BulkChange(
    string Action,
    IReadOnlyCollection<Guid> Ids,
    string? Assignee = null,
    string? Text = null,
    string? ResolvedBy = null,
    string? Notes = null);

/// <summary>What became of each exception, in the order of the request.</summary>
[SnakeCase]
public sealed record BulkResult(
    string Action, int Changed, int Unchanged, int Refused, IReadOnlyList<BulkOutcome> Results);

/// <param name="Code">Of a refusal, as in <see cref="Problem.Code"/>.</param>
[SnakeCase]
public sealed record BulkOutcome(string Id, string Outcome, string? Code, string? Status, int? Version);
