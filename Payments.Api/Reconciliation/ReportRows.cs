using System.Globalization;
using System.Text.Json;
using Payments.Ledger;

namespace Payments.Api.Reconciliation;

/// <summary>A report as it is stored; columns in this order.</summary>
internal sealed record ReportRow(
    Guid Id, string RunType, string Status, DateTimeOffset? Slot, DateTimeOffset CreatedAt, DateTimeOffset? StartedAt,
    DateTimeOffset? CompletedAt, long? Milliseconds, int TotalChecks, int PassedChecks, int FailedChecks,
    int InconclusiveChecks, int ExceptionsCount, string RequestedBy, string? ErrorMessage)
{
    public ReportAnswer ToAnswer() => new(
        Id, RunType, Status, Slot, CreatedAt, StartedAt, CompletedAt, Milliseconds, TotalChecks, PassedChecks,
        FailedChecks, InconclusiveChecks, ExceptionsCount, RequestedBy, ErrorMessage);
}

/// <summary>A check as it is stored, amounts in minor units; columns in this order.</summary>
internal sealed record CheckRow(
    Guid Id, Guid ReportId, string RunType, string CheckType, string Status, bool? Passed, decimal? Expected,
    decimal? Actual, decimal? Difference, string? Currency, string Totals, long ItemsChecked, long ItemsFound,
    string? Reason, DateTimeOffset CreatedAt, DateTimeOffset? StartedAt, DateTimeOffset? CompletedAt,
    long? Milliseconds)
{
    public CheckAnswer ToAnswer() => new(
        Id, ReportId, RunType, CheckType, Status, Passed, UnitsText.Of(Expected, Currency),
        UnitsText.Of(Actual, Currency), UnitsText.Of(Difference, Currency), Currency, [.. ReadTotals()], ItemsChecked,
        ItemsFound, Reason, CreatedAt, StartedAt, CompletedAt, Milliseconds);

    // [{"currency": "USD", "expected": "5000", "actual": "4900", "difference": "-100"}], minor units as text
    private IEnumerable<TotalAnswer> ReadTotals()
    {
        foreach (var total in JsonElement.Parse(Totals).EnumerateArray())
        {
            var currency = total.GetProperty("currency").GetString()!;
            yield return new TotalAnswer(
                currency, Units(total, "expected", currency), Units(total, "actual", currency),
                Units(total, "difference", currency));
        }
    }

    private static string Units(JsonElement total, string member, string currency) => UnitsText.Of(
        decimal.Parse(total.GetProperty(member).GetString()!, CultureInfo.InvariantCulture), currency)!;
}

/// <summary>An exception as a run saw it, amounts in minor units; columns in this order.</summary>
internal sealed record SeenExceptionRow(
    Guid Id, long Number, string CheckType, string Kind, string Severity, string Status, string Description,
    decimal? Difference, string? Currency, string? AccountName, DateTimeOffset SeenAt, DateTimeOffset FirstSeenAt,
    int Sightings)
{
    public ReportExceptionAnswer ToAnswer() => new(
        Id, Number, CheckType, Kind, Severity, Status, Description, UnitsText.Of(Difference, Currency), Currency,
        AccountName, SeenAt, FirstSeenAt, Sightings);
}

/// <summary>
/// Amounts as decimal text in units of their currency, of any size: wrong books may add up to anything.
/// </summary>
internal static class UnitsText
{
    /// <returns>Null without an amount, or without the currency to tell it in.</returns>
    public static string? Of(decimal? minor, string? code)
    {
        return minor is { } amount && code is not null
            ? Currency.UnitsOf(code, amount).ToString(CultureInfo.InvariantCulture)
            : null;
    }
}
