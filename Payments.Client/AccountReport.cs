using System.Text.Json.Serialization;

namespace Payments.Client;

/// <summary>What the reconciliation of an account came to, with the first of what it found.</summary>
public sealed record AccountReport(
    ReportSummary Report, ListOf<ReportFinding> Findings, ReportDifferences? Differences = null);

/// <summary>How far the balances are from the sum of the entries; zero when they agree.</summary>
public sealed record ReportDifferences(
    decimal OpeningRunningBalance, decimal ClosingRunningBalance, decimal ClosingAccount);

/// <summary>The figures of one report.</summary>
public sealed record ReportSummary(
    Guid Id,
    string Currency,
    string Status,
    DateTimeOffset To,
    DateTimeOffset AsOf,
    string RequestedBy,
    long PaymentsChecked,
    long EntriesChecked,
    long FindingsCount,
    decimal OpeningBalance,
    ClosingBalance ClosingBalance,
    string? AccountId = null,
    DateTimeOffset? From = null,
    int Milliseconds = 0) : IListItem
{
    [JsonIgnore]
    public string Cursor => Id.ToString();
}

/// <summary>The balance at the end in three ways, which agree when the books are right.</summary>
public sealed record ClosingBalance(decimal BySum, decimal ByRunningBalance, decimal ByAccount);

/// <summary>One thing that is wrong.</summary>
public sealed record ReportFinding(
    string Id,
    string Kind,
    string Detail,
    Guid? PaymentId = null,
    long? Position = null,
    long? ExpectedPosition = null,
    decimal? Expected = null,
    decimal? Actual = null,
    Guid? TransactionId = null,
    string? EntryId = null) : IListItem
{
    [JsonIgnore]
    public string Cursor => Id;
}
