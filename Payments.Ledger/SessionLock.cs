using System.Data;
using Dapper;
using Npgsql;

namespace Payments.Ledger;

/// <summary>
/// An advisory lock of the session, for work that spans transactions and that one process does at a time. Disposing it
/// releases it: the session goes back to a pool, which would keep the lock. The session's end releases it too.
/// </summary>
public sealed class SessionLock : IAsyncDisposable
{
    // Short beside any work that is worth waiting for, and long beside the question.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    private readonly NpgsqlConnection _connection;
    private readonly object _key;
    private readonly string _unlockSql;

    private SessionLock(NpgsqlConnection connection, object key, string unlockSql) =>
        (_connection, _key, _unlockSql) = (connection, key, unlockSql);

    /// <param name="key">Any number will do that nothing else in this database locks as a single key.</param>
    /// <returns>Null while another session has it.</returns>
    public static Task<SessionLock?> TryTakeAsync(NpgsqlConnection connection, long key, CancellationToken cancel) =>
        TryTakeAsync(connection, new { key }, TryByNumberSql, ByNumberSql, cancel);

    /// <param name="name">Names are hashed: two of them may, in theory, be one lock.</param>
    /// <returns>Null while another session has it.</returns>
    public static Task<SessionLock?> TryTakeAsync(NpgsqlConnection connection, string name, CancellationToken cancel) =>
        TryTakeAsync(connection, new { name }, TryByNameSql, ByNameSql, cancel);

    /// <summary>
    /// Waits for its turn, however long that takes, by asking now and then. A statement that waits in the server holds
    /// its snapshot for as long, and with it every row version that others leave behind.
    /// </summary>
    public static async Task<SessionLock> TakeAsync(
        NpgsqlConnection connection, string name, TimeProvider clock, CancellationToken cancel)
    {
        while (true)
        {
            // Not broken off half-way: the session might have a lock that nobody would release.
            if (await TryTakeAsync(connection, name, CancellationToken.None) is { } taken)
            {
                return taken;
            }

            await Task.Delay(Pause, clock, cancel);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_connection.State == ConnectionState.Open)
        {
            await _connection.ExecuteAsync(_unlockSql, _key);
        }
    }

    private static async Task<SessionLock?> TryTakeAsync(
        NpgsqlConnection connection, object key, string trySql, string unlockSql, CancellationToken cancel) =>
        await connection.ExecuteScalarAsync<bool>(new CommandDefinition(trySql, key, cancellationToken: cancel))
            ? new SessionLock(connection, key, unlockSql)
            : null;

    private const string TryByNumberSql = "SELECT pg_try_advisory_lock(@key)";

    private const string ByNumberSql = "SELECT pg_advisory_unlock(@key)";

    private const string TryByNameSql = "SELECT pg_try_advisory_lock(hashtextextended(@name, 0))";

    private const string ByNameSql = "SELECT pg_advisory_unlock(hashtextextended(@name, 0))";
}
