using Dapper;
using Npgsql;

namespace Payments.Ledger.Reconciliation.Corrections;

/// <summary>Reads and writes corrections within the connection's open transaction.</summary>
internal static class AdjustmentRows
{
    public static Task<Adjustment?> FindOpenAsync(
        NpgsqlConnection connection, Guid exceptionId, CancellationToken cancel) =>
        connection.QuerySingleOrDefaultAsync<Adjustment>(
            new CommandDefinition(OpenSql, new { exceptionId }, cancellationToken: cancel));

    public static Task<Adjustment?> FindAsync(NpgsqlConnection connection, Guid id, CancellationToken cancel) =>
        connection.QuerySingleOrDefaultAsync<Adjustment>(
            new CommandDefinition(FindSql, new { id }, cancellationToken: cancel));

    public static Task<int> InsertAsync(
        NpgsqlConnection connection, Adjustment adjustment, CancellationToken cancel) =>
        connection.ExecuteAsync(new CommandDefinition(InsertSql, adjustment, cancellationToken: cancel));

    /// <summary>Writes how it was decided or undone.</summary>
    public static Task<int> WriteAsync(NpgsqlConnection connection, Adjustment adjustment, CancellationToken cancel) =>
        connection.ExecuteAsync(new CommandDefinition(WriteSql, adjustment, cancellationToken: cancel));

    /// <summary>
    /// What was adjusted by one person alone, or by nobody, since a moment, minor units. Whoever asks has the turn
    /// until its transaction ends, so that many at once together stay within a limit.
    /// </summary>
    public static async Task<decimal> AdjustedAloneAsync(
        NpgsqlConnection connection, string currency, DateTimeOffset since, CancellationToken cancel)
    {
        await connection.ExecuteAsync(new CommandDefinition(TurnSql, new { currency }, cancellationToken: cancel));
        return await connection.ExecuteScalarAsync<decimal>(
            new CommandDefinition(AloneSql, new { currency, since }, cancellationToken: cancel));
    }

    // Asked for in a statement of its own: the one that adds up then sees all that was waited for.
    private const string TurnSql =
        "SELECT pg_advisory_xact_lock(hashtextextended('reconciliation_adjustments ' || @currency, 0))";

    private const string AloneSql = """
        SELECT coalesce(sum(greatest(abs(amount), abs(counter_amount))), 0)
        FROM reconciliation_adjustments
        WHERE currency = @currency AND NOT needs_approval AND status IN ('posted', 'undone') AND decided_at >= @since
        """;

    private const string FindSql = """
        SELECT id, exception_id, kind, status, amount, counter_amount, currency, account_id, account, counter_account,
            needs_approval, corrects, transaction_id, counter_transaction_id, undo_transaction_id,
            undo_counter_transaction_id, reason, failure, proposed_by, approved_by, rejected_by, undone_by, created_at,
            decided_at, undone_at
        FROM reconciliation_adjustments
        WHERE id = @id
        """;

    private const string OpenSql = """
        SELECT id, exception_id, kind, status, amount, counter_amount, currency, account_id, account, counter_account,
            needs_approval, corrects, transaction_id, counter_transaction_id, undo_transaction_id,
            undo_counter_transaction_id, reason, failure, proposed_by, approved_by, rejected_by, undone_by, created_at,
            decided_at, undone_at
        FROM reconciliation_adjustments
        WHERE exception_id = @exceptionId AND status = 'proposed'
        """;

    private const string InsertSql = """
        INSERT INTO reconciliation_adjustments (id, created_at, decided_at, exception_id, account_id, amount,
            counter_amount, corrects, transaction_id, counter_transaction_id, needs_approval, kind, status, currency,
            account, counter_account, reason, failure, proposed_by)
        VALUES (@id, @createdAt, @decidedAt, @exceptionId, @accountId, @amount, @counterAmount, @corrects,
            @transactionId, @counterTransactionId, @needsApproval, @kind, @status, @currency, @account, @counterAccount,
            @reason, @failure, @proposedBy)
        """;

    private const string WriteSql = """
        UPDATE reconciliation_adjustments
        SET status = @status, decided_at = @decidedAt, undone_at = @undoneAt, transaction_id = @transactionId,
            counter_transaction_id = @counterTransactionId, undo_transaction_id = @undoTransactionId,
            undo_counter_transaction_id = @undoCounterTransactionId, failure = @failure, approved_by = @approvedBy,
            rejected_by = @rejectedBy, undone_by = @undoneBy
        WHERE id = @id
        """;
}
