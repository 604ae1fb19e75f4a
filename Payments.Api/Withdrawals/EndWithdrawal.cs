using Dapper;
using Npgsql;
using Payments.Api.Flows;
using Payments.Ledger.Accounts;
using Payments.Ledger.Audit;

namespace Payments.Api.Withdrawals;

/// <summary>
/// Completes a withdrawal: what was reserved has left. Or fails it: the reservation is taken back by an opposite
/// transaction. Either is the withdrawal's closing transaction, whose id stands on it from the beginning.
/// </summary>
internal sealed class EndWithdrawal(EndFlow endFlow)
{
    public Task<FlowEnd<WithdrawalRow>> CompleteAsync(Guid id, AuditActor actor, CancellationToken cancel) =>
        endFlow.ExecuteAsync<WithdrawalRow>(
            id, LockSql, "reserved", "completed",
            (connection, withdrawal) => PayOutAsync(connection, withdrawal, cancel),
            withdrawal => EventOf(withdrawal, actor),
            cancel);

    public Task<FlowEnd<WithdrawalRow>> FailAsync(
        Guid id, string reason, AuditActor actor, CancellationToken cancel) =>
        endFlow.ExecuteAsync<WithdrawalRow>(
            id, LockSql, "reserved", "failed",
            (connection, withdrawal) => ReleaseAsync(connection, withdrawal, reason, cancel),
            withdrawal => EventOf(withdrawal, actor),
            cancel);

    private static AuditEvent EventOf(WithdrawalRow withdrawal, AuditActor actor) =>
        new(actor, "withdrawal." + withdrawal.Status, "withdrawal", withdrawal.Id.ToString())
        {
            Account = withdrawal.AccountName,
            Currency = withdrawal.Currency,
            Details = new { withdrawal.ToAnswer().Amount, withdrawal.FailureReason },
        };

    private static async Task<WithdrawalRow> PayOutAsync(
        NpgsqlConnection connection, WithdrawalRow withdrawal, CancellationToken cancel)
    {
        var pending = new AccountKey(AccountName.WithdrawalsPending, withdrawal.Currency);
        var exposure = new AccountKey(AccountName.FiatExposure, withdrawal.Currency);
        var held = await PostFlow.ExecuteAsync(
            connection, withdrawal.ClosingTransactionId, "withdrawal", debit: pending, credit: exposure,
            withdrawal.Amount, corrects: null, cancel);
        return await connection.QuerySingleAsync<WithdrawalRow>(new CommandDefinition(
            CompleteSql,
            new { withdrawal.Id, completedAt = held.CreatedAt, completion = held[exposure].Position },
            cancellationToken: cancel));
    }

    private static async Task<WithdrawalRow> ReleaseAsync(
        NpgsqlConnection connection, WithdrawalRow withdrawal, string reason, CancellationToken cancel)
    {
        var pending = new AccountKey(AccountName.WithdrawalsPending, withdrawal.Currency);
        var holder = new AccountKey(withdrawal.AccountName, withdrawal.Currency);
        var held = await PostFlow.ExecuteAsync(
            connection, withdrawal.ClosingTransactionId, "reversal", debit: pending, credit: holder,
            withdrawal.Amount, corrects: withdrawal.Id, cancel);
        return await connection.QuerySingleAsync<WithdrawalRow>(new CommandDefinition(
            FailSql, new { withdrawal.Id, reason, completedAt = held.CreatedAt }, cancellationToken: cancel));
    }

    private const string LockSql = """
        SELECT id, account_name, amount, currency, status, reference, description, failure_reason, created_at,
            completed_at, traceparent, coalesce(completion, 0) AS completion, closing_transaction_id
        FROM withdrawals
        WHERE id = @id
        FOR UPDATE
        """;

    private const string CompleteSql = """
        UPDATE withdrawals
        SET status = 'completed', completed_at = @completedAt, completion = @completion
        WHERE id = @id
        RETURNING id, account_name, amount, currency, status, reference, description, failure_reason, created_at,
            completed_at, traceparent, coalesce(completion, 0) AS completion, closing_transaction_id
        """;

    private const string FailSql = """
        UPDATE withdrawals
        SET status = 'failed', completed_at = @completedAt, failure_reason = @reason
        WHERE id = @id
        RETURNING id, account_name, amount, currency, status, reference, description, failure_reason, created_at,
            completed_at, traceparent, coalesce(completion, 0) AS completion, closing_transaction_id
        """;
}
