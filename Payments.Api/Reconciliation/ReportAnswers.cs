using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using Payments.Api.Paging;

namespace Payments.Api.Reconciliation;

/// <summary>A reconciliation run.</summary>
/// <param name="Status">pending, in_progress, completed or failed.</param>
/// <param name="Slot">The moment that a scheduled run is of; null for a manual one.</param>
/// <param name="ExceptionsCount">Breaks that the run saw, new or known.</param>
/// <param name="RequestedBy">Owner of the API key, or the schedule.</param>
internal record ReportAnswer(
    Guid Id,
    [property: JsonPropertyName("run_type"), AllowedValues("hourly", "daily", "manual")] string RunType,
    [property: AllowedValues("pending", "in_progress", "completed", "failed")] string Status,
    DateTimeOffset? Slot,
    [property: JsonPropertyName("created_at")] DateTimeOffset CreatedAt,
    [property: JsonPropertyName("started_at")] DateTimeOffset? StartedAt,
    [property: JsonPropertyName("completed_at")] DateTimeOffset? CompletedAt,
    [property: JsonPropertyName("duration_ms")] long? DurationMs,
    [property: JsonPropertyName("total_checks")] int TotalChecks,
    [property: JsonPropertyName("passed_checks")] int PassedChecks,
    [property: JsonPropertyName("failed_checks")] int FailedChecks,
    [property: JsonPropertyName("inconclusive_checks")] int InconclusiveChecks,
    [property: JsonPropertyName("exceptions_count")] int ExceptionsCount,
    [property: JsonPropertyName("requested_by")] string RequestedBy,
    [property: JsonPropertyName("error_message")] string? ErrorMessage);

/// <summary>A run with its checks and a page of the exceptions that it saw.</summary>
internal sealed record ReportDetails(
    [property: JsonIgnore] ReportAnswer Report,
    IReadOnlyList<CheckAnswer> Checks,
    ListAnswer<ReportExceptionAnswer> Exceptions)
    : ReportAnswer(Report);

/// <summary>One check of a run; amounts as decimal text in units of the currency.</summary>
/// <param name="Status">pending, passed, failed or inconclusive.</param>
/// <param name="Passed">Null: not made yet, or inconclusive.</param>
/// <param name="Currency">Of the amounts beside it: the currency that differs most.</param>
/// <param name="Reason">Why it is inconclusive, or in a sentence what it found.</param>
internal sealed record CheckAnswer(
    Guid Id,
    [property: JsonPropertyName("report_id")] Guid ReportId,
    [property: JsonPropertyName("run_type")] string RunType,
    [property: JsonPropertyName("check_type")] string CheckType,
    [property: AllowedValues("pending", "passed", "failed", "inconclusive")] string Status,
    bool? Passed,
    string? Expected,
    string? Actual,
    string? Difference,
    string? Currency,
    IReadOnlyList<TotalAnswer> Totals,
    [property: JsonPropertyName("items_checked")] long ItemsChecked,
    [property: JsonPropertyName("items_found")] long ItemsFound,
    string? Reason,
    [property: JsonPropertyName("created_at")] DateTimeOffset CreatedAt,
    [property: JsonPropertyName("started_at")] DateTimeOffset? StartedAt,
    [property: JsonPropertyName("completed_at")] DateTimeOffset? CompletedAt,
    [property: JsonPropertyName("duration_ms")] long? DurationMs);

/// <summary>What a check compared in one currency.</summary>
/// <param name="Difference">actual - expected.</param>
internal sealed record TotalAnswer(string Currency, string Expected, string Actual, string Difference);

/// <summary>An exception as one run saw it.</summary>
/// <param name="Number">What people call it by.</param>
/// <param name="Difference">As the run saw it; the exception itself shows the last that was seen.</param>
internal sealed record ReportExceptionAnswer(
    Guid Id,
    long Number,
    [property: JsonPropertyName("check_type")] string CheckType,
    string Kind,
    string Severity,
    string Status,
    string Description,
    string? Difference,
    string? Currency,
    [property: JsonPropertyName("account_id")] string? AccountId,
    [property: JsonPropertyName("seen_at")] DateTimeOffset SeenAt,
    [property: JsonPropertyName("first_seen_at")] DateTimeOffset FirstSeenAt,
    int Sightings);

/// <summary>A run was asked for; where to follow it.</summary>
internal sealed record RunAcceptedAnswer(
    [property: JsonPropertyName("report_id")] Guid ReportId,
    [property: JsonPropertyName("run_type")] string RunType,
    string Status,
    [property: JsonPropertyName("created_at")] DateTimeOffset CreatedAt,
    string Url);

/// <summary>How one check went, day by day in UTC; days without a check are left out.</summary>
internal sealed record CheckTrendAnswer(
    [property: JsonPropertyName("check_type")] string CheckType,
    DateTimeOffset From,
    DateTimeOffset To,
    IReadOnlyList<TrendDay> Data);

/// <param name="Date">Such as 2026-03-01.</param>
/// <param name="Runs">How often it was made.</param>
internal sealed record TrendDay(
    string Date,
    long Runs,
    long Passed,
    long Failed,
    long Inconclusive,
    [property: JsonPropertyName("largest_differences")] IReadOnlyList<TrendDifference> LargestDifferences,
    [property: JsonPropertyName("average_duration_ms")] decimal? AverageDurationMs);

/// <summary>The difference furthest from zero, of one currency and day, with its sign.</summary>
internal sealed record TrendDifference(string Currency, string Difference);
