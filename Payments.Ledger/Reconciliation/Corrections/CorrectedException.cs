using Dapper;
using Npgsql;
using Payments.Ledger.Webhooks;

namespace Payments.Ledger.Reconciliation.Corrections;

/// <summary>An exception that is to be corrected, its row locked; columns in this order.</summary>
public sealed record CorrectedException(
    Guid Id, string CheckType, string Kind, string Severity, string Status, Guid? FlowId, Guid? TransactionId,
    long? AccountId, string? AccountName, string? Currency, int Version)
{
    public bool IsOpen => ExceptionStatus.IsUnresolved(Status);

    /// <summary>
    /// Whether it is a remainder: a deposit, conversion or withdrawal that is posted with another amount. What was
    /// never posted, or to other accounts, is no remainder and needs a person.
    /// </summary>
    public bool IsRemainder =>
        CheckType is Reconciliation.CheckType.Deposits or Reconciliation.CheckType.ConversionJobs
            or Reconciliation.CheckType.Withdrawals
        && Kind.EndsWith("_amount_mismatch", StringComparison.Ordinal)
        && FlowId is not null && TransactionId is not null && Currency is not null;

    /// <summary>Whether it is an account row that disagrees with its entries.</summary>
    public bool IsAccountRow => CheckType == Reconciliation.CheckType.AccountBalance
        && AccountId is not null && AccountName is not null && Currency is not null;

    /// <summary>Locks it within the connection's open transaction; null when there is none.</summary>
    public static Task<CorrectedException?> LockAsync(
        NpgsqlConnection connection, Guid id, CancellationToken cancel) =>
        connection.QuerySingleOrDefaultAsync<CorrectedException>(
            new CommandDefinition(LockSql, new { id }, cancellationToken: cancel));

    /// <summary>The break is gone, as the check of this one item has just seen.</summary>
    /// <param name="notes">Why, for whoever reads it later.</param>
    public async Task ResolveAsync(
        NpgsqlConnection connection, string status, string by, string? notes, DateTimeOffset now,
        CancellationToken cancel)
    {
        await connection.ExecuteAsync(new CommandDefinition(
            ResolveSql, new { Id, status, by, notes, now }, cancellationToken: cancel));
        await TellTargets.OfExceptionAsync(connection, Id, WebhookEventType.ExceptionResolved, now, cancel);
    }

    /// <summary>The break is there again, because its correction was taken back.</summary>
    public async Task ReopenAsync(
        NpgsqlConnection connection, DueTimes due, DateTimeOffset now, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(due);
        var dueAt = due.After(now, Severity);
        await connection.ExecuteAsync(
            new CommandDefinition(ReopenSql, new { Id, now, dueAt }, cancellationToken: cancel));
        await TellTargets.OfExceptionAsync(connection, Id, WebhookEventType.ExceptionReopened, now, cancel);
    }

    private const string LockSql = """
        SELECT id, check_type, kind, severity, status, flow_id, transaction_id, account_id, account_name, currency,
            version
        FROM reconciliation_exceptions
        WHERE id = @id
        FOR UPDATE
        """;

    private const string ResolveSql = """
        UPDATE reconciliation_exceptions
        SET status = @status, resolved_at = @now, updated_at = @now, resolved_difference = difference,
            resolved_by = @by, resolved_by_key = @by, resolution_notes = @notes, gone_at = @now, version = version + 1
        WHERE id = @id
        """;

    // Seen just now: a look at an older snapshot, in which it was corrected, then does not close it.
    private const string ReopenSql = """
        UPDATE reconciliation_exceptions
        SET status = 'open', resolved_at = NULL, acknowledged_at = NULL, updated_at = @now, last_seen_at = @now,
            resolved_difference = NULL, resolved_by = NULL, resolved_by_key = NULL, resolution_notes = NULL,
            gone_at = NULL, due_at = @dueAt, reopened = reopened + 1, version = version + 1
        WHERE id = @id
        """;
}
