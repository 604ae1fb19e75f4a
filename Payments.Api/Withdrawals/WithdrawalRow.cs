using Payments.Api.Flows;
using Payments.Ledger;

namespace Payments.Api.Withdrawals;

/// <summary>USD that leaves an account, and the system.</summary>
/// <param name="Status">
/// reserved, which has taken the amount from the account; then completed, or failed, which has given it back.
/// </param>
/// <param name="ClosingTransactionId">
/// The ledger transaction that completed it or gave its amount back; the one that reserved it has its own id.
/// </param>
/// <param name="Reference">What the outside calls it, such as the id of a transfer at the bank.</param>
internal sealed record WithdrawalAnswer(
    Guid Id,
    string AccountId,
    decimal Amount,
    string Currency,
    string Status,
    string? Reference,
    string? Description,
    string? FailureReason,
    DateTimeOffset CreatedAt,
    DateTimeOffset? CompletedAt,
    Guid? ClosingTransactionId,
    string? TraceId) : IFlowAnswer;

/// <summary>A withdrawal as it is stored; columns in this order.</summary>
internal sealed record WithdrawalRow(
    Guid Id, string AccountName, long Amount, string Currency, string Status, string? Reference, string? Description,
    string? FailureReason, DateTimeOffset CreatedAt, DateTimeOffset? CompletedAt, string? Traceparent,
    long Completion, Guid ClosingTransactionId) : IFlowRow
{
    public WithdrawalAnswer ToAnswer() => new(
        Id, AccountName, new Money(Amount, Ledger.Currency.Get(Currency)).ToDecimal(), Currency, Status, Reference,
        Description, FailureReason, CreatedAt, CompletedAt,
        Status == "reserved" ? null : ClosingTransactionId, NewFlow.TraceIdOf(Traceparent));

    public static FlowKind<WithdrawalRow, WithdrawalAnswer> Kind { get; } = new(
        "withdrawal", "/api/v1/withdrawals", ["reserved", "completed", "failed"], row => row.ToAnswer(),
        ApiJson.Default.WithdrawalAnswer, ApiJson.Default.ListAnswerWithdrawalAnswer);

    public static FlowSql Sql { get; } = new(FindSql, NewestFirstSql, LastCompletedFirstSql);

    private const string FindSql = """
        SELECT id, account_name, amount, currency, status, reference, description, failure_reason, created_at,
            completed_at, traceparent, coalesce(completion, 0) AS completion, closing_transaction_id
        FROM withdrawals
        WHERE id = @id
        """;

    private const string NewestFirstSql = """
        SELECT id, account_name, amount, currency, status, reference, description, failure_reason, created_at,
            completed_at, traceparent, coalesce(completion, 0) AS completion, closing_transaction_id
        FROM withdrawals
        WHERE id < @newer AND id > @older
            AND (@account::text IS NULL OR account_name = @account) AND (@status::text IS NULL OR status = @status)
        ORDER BY id DESC
        LIMIT @count
        """;

    private const string LastCompletedFirstSql = """
        SELECT id, account_name, amount, currency, status, reference, description, failure_reason, created_at,
            completed_at, traceparent, coalesce(completion, 0) AS completion, closing_transaction_id
        FROM withdrawals
        WHERE status = 'completed'
            AND (coalesce(completion, 0), id) < (@newerCompletion, @newer)
            AND (coalesce(completion, 0), id) > (@olderCompletion, @older)
            AND (@account::text IS NULL OR account_name = @account)
        ORDER BY coalesce(completion, 0) DESC, id DESC
        LIMIT @count
        """;
}
