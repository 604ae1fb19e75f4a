namespace Payments.Client;

/// <summary>The rows that an exception is about, as they are now.</summary>
[SnakeCase]
public sealed record Evidence(
    AccountEvidence? Account, EntryEvidence? Entry, TransactionEvidence? Transaction, PaymentEvidence? Payment,
    FlowEvidence? Flow);

[SnakeCase]
public sealed record AccountEvidence(
    string AccountId, string Currency, decimal Balance, string NormalBalance, long Position,
    DateTimeOffset? LastEntryAt);

[SnakeCase]
public sealed record EntryEvidence(
    string? AccountId, string Currency, long Position, decimal Amount, decimal BalanceAfter, Guid TransactionId,
    DateTimeOffset CreatedAt);

[SnakeCase]
public sealed record TransactionEvidence(
    Guid Id, string Kind, Guid? Corrects, DateTimeOffset CreatedAt, IReadOnlyList<EntryEvidence> Entries);

[SnakeCase]
public sealed record PaymentEvidence(
    Guid Id, string Status, decimal Amount, string Currency, string AccountId, string? SourceAccountId,
    DateTimeOffset CreatedAt, DateTimeOffset? SettledAt);

[SnakeCase]
public sealed record FlowEvidence(
    Guid Id, string Kind, string Status, decimal Amount, string Currency, decimal? TargetAmount, string AccountId,
    string? Reference, string? FailureReason, DateTimeOffset CreatedAt, DateTimeOffset? CompletedAt);
