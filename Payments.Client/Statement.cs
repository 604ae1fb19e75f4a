namespace Payments.Client;

/// <summary>The entries of an account in a period, oldest first, between the balances before and after them.</summary>
public sealed record Statement(
    string AccountId,
    string Currency,
    DateTimeOffset? From,
    DateTimeOffset To,
    decimal OpeningBalance,
    IReadOnlyList<StatementLine> Lines,
    long LineCount,
    decimal TotalDebits,
    decimal TotalCredits,
    decimal ClosingBalance);

public sealed record StatementLine(
    string Id,
    long Position,
    DateTimeOffset CreatedAt,
    Guid TransactionId,
    string Kind,
    string Direction,
    decimal Amount,
    decimal BalanceAfter,
    string? Description = null);
