using System.Text.Json.Serialization;

namespace Payments.Client;

/// <summary>Which reconciliation runs; null: all.</summary>
/// <param name="RunType">hourly, daily or manual.</param>
public sealed record ReportFilter(string? RunType = null, string? Status = null);

/// <summary>A reconciliation run.</summary>
[SnakeCase]
public record Report : IListItem
{
    public required Guid Id { get; init; }

    public required string RunType { get; init; }

    public required string Status { get; init; }

    /// <summary>The moment that a scheduled run is of.</summary>
    public required DateTimeOffset? Slot { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset? StartedAt { get; init; }

    public required DateTimeOffset? CompletedAt { get; init; }

    public required long? DurationMs { get; init; }

    public required int TotalChecks { get; init; }

    public required int PassedChecks { get; init; }

    public required int FailedChecks { get; init; }

    public required int InconclusiveChecks { get; init; }

    public required int ExceptionsCount { get; init; }

    public required string RequestedBy { get; init; }

    public required string? ErrorMessage { get; init; }

    [JsonIgnore]
    public string Cursor => Id.ToString();

    [JsonIgnore]
    public bool IsOver => Status is "completed" or "failed";
}

/// <summary>A run with its checks and a page of the exceptions that it saw.</summary>
[SnakeCase]
public sealed record ReportDetails : Report
{
    public required IReadOnlyList<ReportCheck> Checks { get; init; }

    public required ListOf<SeenException> Exceptions { get; init; }
}

/// <summary>Which checks; null: all.</summary>
public sealed record CheckFilter(string? CheckType = null, string? Status = null, Guid? ReportId = null);

/// <summary>One check of a run; amounts in units of the currency, which is the one that differs most.</summary>
[SnakeCase]
public sealed record ReportCheck(
    Guid Id,
    Guid ReportId,
    string RunType,
    string CheckType,
    string Status,
    bool? Passed,
    decimal? Expected,
    decimal? Actual,
    decimal? Difference,
    string? Currency,
    IReadOnlyList<CheckTotal> Totals,
    long ItemsChecked,
    long ItemsFound,
    string? Reason,
    DateTimeOffset CreatedAt,
    DateTimeOffset? StartedAt,
    DateTimeOffset? CompletedAt,
    long? DurationMs) : IListItem
{
    [JsonIgnore]
    public string Cursor => Id.ToString();
}

/// <summary>What a check compared in one currency.</summary>
[SnakeCase]
public sealed record CheckTotal(string Currency, decimal Expected, decimal Actual, decimal Difference);

/// <summary>An exception as one run saw it.</summary>
[SnakeCase]
public sealed record SeenException(
    Guid Id,
    long Number,
    string CheckType,
    string Kind,
    string Severity,
    string Status,
    string Description,
    decimal? Difference,
    string? Currency,
    string? AccountId,
    DateTimeOffset SeenAt,
    DateTimeOffset FirstSeenAt,
    int Sightings) : IListItem
{
    [JsonIgnore]
    public string Cursor => FormattableString.Invariant($"{Number}");
}

/// <summary>A run that was asked for, and where to follow it.</summary>
[SnakeCase]
public sealed record RunAccepted(Guid ReportId, string RunType, string Status, DateTimeOffset CreatedAt, string Url);

/// <summary>How one check went, day by day in UTC; days without a check are left out.</summary>
[SnakeCase]
public sealed record CheckTrend(
    string CheckType, DateTimeOffset From, DateTimeOffset To, IReadOnlyList<TrendDay> Data);

/// <summary>The checks of one day.</summary>
[SnakeCase]
public sealed record TrendDay(
    DateOnly Date,
    long Runs,
    long Passed,
    long Failed,
    long Inconclusive,
    IReadOnlyList<TrendDifference> LargestDifferences,
    double? AverageDurationMs);

/// <summary>The difference furthest from zero, of one currency and day.</summary>
[SnakeCase]
public sealed record TrendDifference(string Currency, decimal Difference);

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
