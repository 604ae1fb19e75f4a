using System.ComponentModel.DataAnnotations;
using Payments.Api.Paging;

namespace Payments.Api.AccountReconciliations;

/// <summary>What the reconciliation of an account in a period came to.</summary>
/// <param name="Status"><c>balanced</c>, or <c>differs</c> when anything was found.</param>
/// <param name="From">Null: from the account's first entry.</param>
/// <param name="AsOf">The moment of the one snapshot that everything here is of.</param>
/// <param name="PaymentsChecked">Settled payments of the period, into and out of the account.</param>
/// <param name="OpeningBalance">The sum of the entries before the period.</param>
internal sealed record ReconciliationReportAnswer(
    Guid Id,
    string AccountId,
    string Currency,
    [property: AllowedValues("balanced", "differs")] string Status,
    DateTimeOffset? From,
    DateTimeOffset To,
    DateTimeOffset AsOf,
    string RequestedBy,
    int Milliseconds,
    long PaymentsChecked,
    long EntriesChecked,
    long FindingsCount,
    decimal OpeningBalance,
    ClosingBalanceAnswer ClosingBalance);

/// <summary>The balance at the end of the period in three ways, which agree when the books are right.</summary>
/// <param name="BySum">All entries before the end, added up.</param>
/// <param name="ByRunningBalance">The balance after the last of them, as it was written with it.</param>
/// <param name="ByAccount">The balance of the account row, less what was posted since the end.</param>
internal sealed record ClosingBalanceAnswer(decimal BySum, decimal ByRunningBalance, decimal ByAccount);

/// <summary>A report with what it found, a page at a time.</summary>
internal sealed record ReconciliationDifferenceAnswer(
    ReconciliationReportAnswer Report, DifferencesAnswer Differences, ListAnswer<FindingAnswer> Findings);

/// <summary>How far the balances are from the sum of the entries; zero when they agree.</summary>
internal sealed record DifferencesAnswer(
    decimal OpeningRunningBalance, decimal ClosingRunningBalance, decimal ClosingAccount);

/// <summary>One thing that is wrong.</summary>
/// <param name="Id">Also its cursor.</param>
/// <param name="Kind">
/// missing_entry, duplicated_entry, amount_mismatch, orphan_entry, position_gap, running_balance_mismatch,
/// time_disorder, opening_balance_mismatch, closing_balance_mismatch or account_row_mismatch.
/// </param>
/// <param name="EntryId">The entry, where it has one, such as <c>42-7</c>.</param>
/// <param name="Expected">As balances are shown: what goes into the account is above zero.</param>
/// <param name="ExpectedPosition">Of a gap: the position that should have come next, or last.</param>
internal sealed record FindingAnswer(
    string Id,
    string Kind,
    string Detail,
    Guid? PaymentId,
    Guid? TransactionId,
    string? EntryId,
    long? Position,
    long? ExpectedPosition,
    decimal? Expected,
    decimal? Actual);
