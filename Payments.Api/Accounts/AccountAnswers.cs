namespace Payments.Api.Accounts;

/// <summary>What an account has.</summary>
/// <param name="Pending">Sum of the queued payments above zero, into and out of the account.</param>
/// <param name="Available">
/// The balance less what is queued to leave the account, and what is reserved for refunds.
/// </param>
/// <param name="Version">How many entries the account has: the same version is the same balance.</param>
/// <param name="AsOf">When it was read.</param>
internal sealed record BalanceAnswer(
    string AccountId,
    decimal Balance,
    decimal Pending,
    decimal Available,
    string Currency,
    long Version,
    DateTimeOffset AsOf);

/// <summary>One line of an account's history.</summary>
/// <param name="Id">Row id of the account and the entry's position in it, such as <c>42-7</c>; also its cursor.</param>
/// <param name="Kind">Kind of the transaction: payment, transfer, refund, ...</param>
internal sealed record AccountEntryAnswer(
    string Id,
    Guid TransactionId,
    string Kind,
    string AccountId,
    string Direction,
    decimal Amount,
    decimal BalanceAfter,
    long Position,
    string Currency,
    DateTimeOffset CreatedAt);
