using Payments.Api.Flows;
using Payments.Ledger;

namespace Payments.Api.Deposits;

/// <summary>USDC that arrives for an account.</summary>
/// <param name="Status">pending until it has arrived, then completed; or failed.</param>
/// <param name="Reference">What the outside calls it, such as the hash of a transaction on the chain.</param>
internal sealed record DepositAnswer(
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
    string? TraceId) : IFlowAnswer;

/// <summary>A deposit as it is stored; columns in this order.</summary>
internal sealed record DepositRow(
    Guid Id, string AccountName, long Amount, string Currency, string Status, string? Reference, string? Description,
    string? FailureReason, DateTimeOffset CreatedAt, DateTimeOffset? CompletedAt, string? Traceparent,
    long Completion) : IFlowRow
{
    public DepositAnswer ToAnswer() => new(
        Id, AccountName, new Money(Amount, Ledger.Currency.Get(Currency)).ToDecimal(), Currency, Status, Reference,
        Description, FailureReason, CreatedAt, CompletedAt, NewFlow.TraceIdOf(Traceparent));

    public static FlowKind<DepositRow, DepositAnswer> Kind { get; } = new(
        "deposit", "/api/v1/deposits", ["pending", "completed", "failed"], row => row.ToAnswer(),
        ApiJson.Default.DepositAnswer, ApiJson.Default.ListAnswerDepositAnswer);

    public static FlowSql Sql { get; } = new(FindSql, NewestFirstSql, LastCompletedFirstSql);

    private const string FindSql = """
        SELECT id, account_name, amount, currency, status, reference, description, failure_reason, created_at,
            completed_at, traceparent, coalesce(completion, 0) AS completion
        FROM deposits
        WHERE id = @id
        """;

    private const string NewestFirstSql = """
        SELECT id, account_name, amount, currency, status, reference, description, failure_reason, created_at,
            completed_at, traceparent, coalesce(completion, 0) AS completion
        FROM deposits
        WHERE id < @newer AND id > @older
            AND (@account::text IS NULL OR account_name = @account) AND (@status::text IS NULL OR status = @status)
        ORDER BY id DESC
        LIMIT @count
        """;

    private const string LastCompletedFirstSql = """
        SELECT id, account_name, amount, currency, status, reference, description, failure_reason, created_at,
            completed_at, traceparent, coalesce(completion, 0) AS completion
        FROM deposits
        WHERE status = 'completed'
            AND (coalesce(completion, 0), id) < (@newerCompletion, @newer)
            AND (coalesce(completion, 0), id) > (@olderCompletion, @older)
            AND (@account::text IS NULL OR account_name = @account)
        ORDER BY coalesce(completion, 0) DESC, id DESC
        LIMIT @count
        """;
}
