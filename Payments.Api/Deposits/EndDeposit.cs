using Dapper;
using Npgsql;
using Payments.Api.Flows;
using Payments.Ledger.Accounts;
using Payments.Ledger.Audit;

namespace Payments.Api.Deposits;

/// <summary>Completes a deposit, which posts it, or fails it, which posts nothing.</summary>
internal sealed class EndDeposit(EndFlow endFlow)
{
    public Task<FlowEnd<DepositRow>> CompleteAsync(Guid id, AuditActor actor, CancellationToken cancel) =>
        endFlow.ExecuteAsync<DepositRow>(
            id, LockSql, "pending", "completed",
            (connection, deposit) => PostAsync(connection, deposit, cancel),
            deposit => EventOf(deposit, actor),
            cancel);

    public Task<FlowEnd<DepositRow>> FailAsync(Guid id, string reason, AuditActor actor, CancellationToken cancel) =>
        endFlow.ExecuteAsync<DepositRow>(
            id, LockSql, "pending", "failed",
            (connection, _) => connection.QuerySingleAsync<DepositRow>(
                new CommandDefinition(FailSql, new { id, reason }, cancellationToken: cancel)),
            deposit => EventOf(deposit, actor),
            cancel);

    private static AuditEvent EventOf(DepositRow deposit, AuditActor actor) =>
        new(actor, "deposit." + deposit.Status, "deposit", deposit.Id.ToString())
        {
            Account = deposit.AccountName,
            Currency = deposit.Currency,
            Details = new { deposit.ToAnswer().Amount, deposit.FailureReason },
        };

    private static async Task<DepositRow> PostAsync(
        NpgsqlConnection connection, DepositRow deposit, CancellationToken cancel)
    {
        var buffer = new AccountKey(AccountName.UsdcBuffer, deposit.Currency);
        var holder = new AccountKey(deposit.AccountName, deposit.Currency);
        var held = await PostFlow.ExecuteAsync(
            connection, deposit.Id, "deposit", debit: buffer, credit: holder, deposit.Amount, corrects: null, cancel);
        return await connection.QuerySingleAsync<DepositRow>(new CommandDefinition(
            CompleteSql,
            new { deposit.Id, completedAt = held.CreatedAt, completion = held[buffer].Position },
            cancellationToken: cancel));
    }

    private const string LockSql = """
        SELECT id, account_name, amount, currency, status, reference, description, failure_reason, created_at,
            completed_at, traceparent, coalesce(completion, 0) AS completion
        FROM deposits
        WHERE id = @id
        FOR UPDATE
        """;

    private const string CompleteSql = """
        UPDATE deposits
        SET status = 'completed', completed_at = @completedAt, completion = @completion
        WHERE id = @id
        RETURNING id, account_name, amount, currency, status, reference, description, failure_reason, created_at,
            completed_at, traceparent, coalesce(completion, 0) AS completion
        """;

    private const string FailSql = """
        UPDATE deposits
        SET status = 'failed', completed_at = clock_timestamp(), failure_reason = @reason
        WHERE id = @id
        RETURNING id, account_name, amount, currency, status, reference, description, failure_reason, created_at,
            completed_at, traceparent, coalesce(completion, 0) AS completion
        """;
}
