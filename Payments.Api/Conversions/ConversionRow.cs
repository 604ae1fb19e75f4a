using Payments.Api.Flows;
using Payments.Ledger;

namespace Payments.Api.Conversions;

/// <summary>USDC of an account that becomes USD of the same account.</summary>
/// <param name="Status">pending until a worker has executed it, then completed; or failed.</param>
/// <param name="Reference">What the outside calls it, such as the id of the order.</param>
/// <param name="FailureReason">Why it failed, such as insufficient_funds.</param>
internal sealed record ConversionAnswer(
    Guid Id,
    string AccountId,
    decimal UsdcAmount,
    decimal UsdAmount,
    string Status,
    string? Reference,
    string? Description,
    string? FailureReason,
    DateTimeOffset CreatedAt,
    DateTimeOffset? CompletedAt,
    string? TraceId) : IFlowAnswer;

/// <summary>A conversion as it is stored; columns in this order.</summary>
internal sealed record ConversionRow(
    Guid Id, string AccountName, long UsdcAmount, long UsdAmount, string Status, string? Reference,
    string? Description, string? FailureReason, DateTimeOffset CreatedAt, DateTimeOffset? CompletedAt,
    string? Traceparent, long Completion) : IFlowRow
{
    public ConversionAnswer ToAnswer() => new(
        Id, AccountName, new Money(UsdcAmount, FlowValues.Usdc).ToDecimal(),
        new Money(UsdAmount, Currency.Usd).ToDecimal(), Status, Reference, Description, FailureReason, CreatedAt,
        CompletedAt, NewFlow.TraceIdOf(Traceparent));

    public static FlowKind<ConversionRow, ConversionAnswer> Kind { get; } = new(
        "conversion", "/api/v1/conversions", ["pending", "completed", "failed"], row => row.ToAnswer(),
        ApiJson.Default.ConversionAnswer, ApiJson.Default.ListAnswerConversionAnswer);

    public static FlowSql Sql { get; } = new(FindSql, NewestFirstSql, LastCompletedFirstSql);

    private const string FindSql = """
        SELECT id, account_name, usdc_amount, usd_amount, status, reference, description, failure_reason, created_at,
            completed_at, traceparent, coalesce(completion, 0) AS completion
        FROM conversion_jobs
        WHERE id = @id
        """;

    private const string NewestFirstSql = """
        SELECT id, account_name, usdc_amount, usd_amount, status, reference, description, failure_reason, created_at,
            completed_at, traceparent, coalesce(completion, 0) AS completion
        FROM conversion_jobs
        WHERE id < @newer AND id > @older
            AND (@account::text IS NULL OR account_name = @account) AND (@status::text IS NULL OR status = @status)
        ORDER BY id DESC
        LIMIT @count
        """;

    private const string LastCompletedFirstSql = """
        SELECT id, account_name, usdc_amount, usd_amount, status, reference, description, failure_reason, created_at,
            completed_at, traceparent, coalesce(completion, 0) AS completion
        FROM conversion_jobs
        WHERE status = 'completed'
            AND (coalesce(completion, 0), id) < (@newerCompletion, @newer)
            AND (coalesce(completion, 0), id) > (@olderCompletion, @older)
            AND (@account::text IS NULL OR account_name = @account)
        ORDER BY coalesce(completion, 0) DESC, id DESC
        LIMIT @count
        """;
}
