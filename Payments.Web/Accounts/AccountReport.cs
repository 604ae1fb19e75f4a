namespace Payments.Web.Accounts;

/// <summary>What the reconciliation of an account came to, with the first of what it found.</summary>
public sealed record AccountReport(ReportSummary Report, ListOf<ReportFinding> Findings);

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
    ClosingBalance ClosingBalance);

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
    decimal? Actual = null);
