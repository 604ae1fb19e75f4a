using System.Data;
using Dapper;
using Npgsql;
using Payments.Ledger;

namespace Recon.Worker.Reconciliation;

/// <summary>
/// Making one check of all books. Nobody makes the same check at once: what was read first is recorded first, and
/// nothing older is ever recorded over what is newer.
/// </summary>
internal static class CheckTurn
{
    /// <summary>Waits until it is one's turn to make the check.</summary>
    public static Task<SessionLock> TakeAsync(
        NpgsqlConnection connection, string checkType, TimeProvider clock, CancellationToken cancel) =>
        SessionLock.TakeAsync(connection, NameOf(checkType), clock, cancel);

    /// <returns>Null while somebody else makes the check.</returns>
    public static Task<SessionLock?> TryTakeAsync(
        NpgsqlConnection connection, string checkType, CancellationToken cancel) =>
        SessionLock.TryTakeAsync(connection, NameOf(checkType), cancel);

    /// <summary>
    /// The time of a look, to be taken before it. It is the database's: looks of several workers are put in order by
    /// it, and of two machines one may be ahead.
    /// </summary>
    public static Task<DateTimeOffset> NowAsync(NpgsqlConnection connection, CancellationToken cancel) =>
        connection.ExecuteScalarAsync<DateTimeOffset>(
            new CommandDefinition("SELECT clock_timestamp()", cancellationToken: cancel));

    /// <summary>Makes the check, in a session that changes nothing meanwhile.</summary>
    public static async Task<CheckResult> ReadAsync(
        NpgsqlConnection connection, IReconciliationCheck check, CancellationToken cancel)
    {
        if (check.NeedsOneMoment)
        {
            await using var snapshot = await BeginSnapshotAsync(connection, cancel);
            return await check.RunAsync(connection, cancel);
        }

        await connection.ExecuteAsync(
            new CommandDefinition("SET default_transaction_read_only = on", cancellationToken: cancel));
        var result = await check.RunAsync(connection, cancel);

        // What was set for the check too; of a session in which it failed, the pool resets everything.
        await connection.ExecuteAsync(new CommandDefinition("RESET ALL", cancellationToken: cancel));
        return result;
    }

    /// <summary>A transaction that sees one moment and writes nothing.</summary>
    public static async Task<NpgsqlTransaction> BeginSnapshotAsync(
        NpgsqlConnection connection, CancellationToken cancel)
    {
        var snapshot = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancel);
        await connection.ExecuteAsync(
            new CommandDefinition("SET TRANSACTION READ ONLY", transaction: snapshot, cancellationToken: cancel));
        return snapshot;
    }

    private static string NameOf(string checkType) => "reconciliation " + checkType;
}
