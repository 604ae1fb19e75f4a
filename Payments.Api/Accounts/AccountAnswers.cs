using System.ComponentModel.DataAnnotations;

namespace Payments.Api.Accounts;

/// <summary>What an account has, now or at a moment of the past.</summary>
/// <param name="Pending">
/// Sum of the queued payments above zero, into and out of the account. Null for a past moment, of which it is not kept.
/// </param>
/// <param name="Available">
/// The balance less what is queued to leave the account, and what is reserved for refunds; null for a past moment.
/// </param>
/// <param name="Version">How many entries the account has: the same version is the same balance.</param>
/// <param name="AsOf">When it was read, or the moment that was asked for.</param>
/// <param name="Posted">The same as the balance: what the ledger's entries sum to.</param>
/// <param name="PendingIn">Queued and not settled, into the account.</param>
/// <param name="PendingOut">Queued and not settled, out of the account.</param>
/// <param name="MinimumBalance">What transfers must leave in the account; null without a limit.</param>
internal sealed record BalanceAnswer(
    string AccountId,
    decimal Balance,
    decimal? Pending,
    decimal? Available,
    string Currency,
    long Version,
    DateTimeOffset AsOf,
    decimal Posted,
    decimal? PendingIn,
    decimal? PendingOut,
    decimal? MinimumBalance);

/// <summary>An account as a list shows it.</summary>
/// <param name="Id">The account's row id, which is also its cursor.</param>
/// <param name="Version">How many entries the account has.</param>
/// <param name="LastEntryAt">When its balance moved last; null while it never has.</param>
internal sealed record AccountAnswer(
    string Id,
    string AccountId,
    string Currency,
    decimal Balance,
    decimal? MinimumBalance,
    long Version,
    DateTimeOffset OpenedAt,
    DateTimeOffset? LastEntryAt);

/// <summary>One line of an account's history.</summary>
/// <param name="Id">Row id of the account and the entry's position in it, such as <c>42-7</c>; also its cursor.</param>
/// <param name="Kind">Kind of the transaction: payment, transfer, refund, ...</param>
internal sealed record AccountEntryAnswer(
    string Id,
    Guid TransactionId,
    string Kind,
    string AccountId,
    [property: AllowedValues("debit", "credit")] string Direction,
    decimal Amount,
    decimal BalanceAfter,
    long Position,
    string Currency,
    DateTimeOffset CreatedAt);

/// <summary>One line of a statement; its account and currency are the statement's.</summary>
/// <param name="Description">Of the payment that was posted; null where it has none.</param>
internal sealed record StatementLineAnswer(
    string Id,
    long Position,
    DateTimeOffset CreatedAt,
    Guid TransactionId,
    string Kind,
    string? Description,
    [property: AllowedValues("debit", "credit")] string Direction,
    decimal Amount,
    decimal BalanceAfter);

/// <summary>
/// The entries of an account in a period, oldest first, between the balance before them and the balance after them.
/// </summary>
/// <remarks>For the description only: a statement is written line by line, and never held as a whole.</remarks>
/// <param name="From">The first moment of the period; null: from the account's beginning.</param>
/// <param name="To">
/// The first moment after the period; when none was asked for, the one after the account's last entry, or <c>from</c>
/// where that is later: the next statement from here repeats no entry and loses none.
/// </param>
internal sealed record StatementAnswer(
    string AccountId,
    string Currency,
    DateTimeOffset? From,
    DateTimeOffset To,
    decimal OpeningBalance,
    IReadOnlyList<StatementLineAnswer> Lines,
    long LineCount,
    decimal TotalDebits,
    decimal TotalCredits,
    decimal ClosingBalance);
