using System.Reflection;
using Dapper;
using Npgsql;
using Payments.Api.Accounts;
using Payments.Api.Keys;
using Payments.Ledger;
using Payments.Ledger.Accounts;
using Payments.Ledger.Audit;

namespace Payments.Api.AccountReconciliations;

/// <summary>
/// Checks an account against its payments, and its balances against each other, and stores what it found. All of it is
/// read in one snapshot: what is settled meanwhile is in the report wholly or not at all. The work is done where the
/// rows are; this process holds none of them, however large the account.
/// </summary>
internal sealed class ReconcileAccount(NpgsqlDataSource database, AuditLog audit, TimeProvider clock)
{
    /// <summary>
    /// How many accounts one process reconciles at a time, at the most. Each takes two connections, one for its turn
    /// and one for the work: with as many turns as connections, none of them would ever get its second.
    /// </summary>
    public const int MostAtOnce = 4;

    // Of an account with many million entries. Whoever hangs up ends it earlier.
    private const int TimeoutSeconds = 600;

    // The planner has no statistics of an account that has just grown, and a plan that suits ten entries is quadratic
    // over a million: two of the statements may only look up by key, the one between them only hash.
    private const string ByKey = """
        SET LOCAL enable_seqscan = off;
        SET LOCAL enable_hashjoin = off;
        SET LOCAL enable_mergejoin = off;
        SET LOCAL enable_nestloop = on
        """;

    private const string ByHash = """
        SET LOCAL enable_seqscan = on;
        SET LOCAL enable_hashjoin = on;
        SET LOCAL enable_nestloop = off
        """;

    private static readonly string CheckEntriesSql = Read("CheckEntries.sql");
    private static readonly string CheckPaymentsSql = Read("CheckPayments.sql");
    private static readonly string CheckBalancesSql = Read("CheckBalances.sql");

    // Half of the connections at the most are for this, also where the pool was set to be smaller.
    private readonly int _most = Math.Clamp(
        new NpgsqlConnectionStringBuilder(database.ConnectionString).MaxPoolSize / 4, 1, MostAtOnce);

    private int _running;

    /// <summary>
    /// The right to reconcile an account in this process, to be had before any connection is. Whoever does not get it
    /// is told so at once: a large account may take minutes, and nobody who waits for that knows whether it goes on.
    /// </summary>
    /// <returns>Null while as many are reconciled as may be.</returns>
    public IDisposable? TryEnter()
    {
        if (Interlocked.Increment(ref _running) <= _most)
        {
            return new Place(this);
        }

        Interlocked.Decrement(ref _running);
        return null;
    }

    /// <summary>
    /// The right to reconcile the account. To be had before the transaction begins, whose snapshot must not be older.
    /// </summary>
    /// <returns>Null while the account is being reconciled by somebody else.</returns>
    public async Task<IAsyncDisposable?> TryLockAsync(AccountRow account, CancellationToken cancel)
    {
        var connection = await database.OpenConnectionAsync(cancel);
        try
        {
            if (await SessionLock.TryTakeAsync(connection, $"account_reconciliations {account.Id}", cancel) is { } turn)
            {
                return new Turn(turn, connection);
            }
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }

        await connection.DisposeAsync();
        return null;
    }

    /// <param name="transaction">Repeatable read; it has written nothing of the books.</param>
    /// <param name="name">The name that was asked for; <c>clearing</c> stands for all of its parts.</param>
    /// <param name="parts">The account's row, or those of the parts of clearing.</param>
    /// <returns>The report's id.</returns>
    public async Task<Guid> ExecuteAsync(
        NpgsqlTransaction transaction,
        string name,
        IReadOnlyList<AccountRow> parts,
        ReconcileRequest request,
        Caller caller,
        CancellationToken cancel)
    {
        var connection = transaction.Connection!;

        // By the database's clock, which is the one that entries are stamped by.
        var to = request.To ?? await connection.ExecuteScalarAsync<DateTimeOffset>(new CommandDefinition(
            "SELECT greatest(now(), @From)", request, transaction, cancellationToken: cancel));
        var report = TimeOrderedId.New(clock.GetUtcNow());
        var parameters = new DynamicParameters(new
        {
            report,
            ids = parts.Select(part => part.Id).ToArray(),
            name,
            parts[0].Currency,
            from = request.From,
            to,
            caller.Key.OwnerId,
            clearing = name == AccountName.Clearing,
        });

        await RunAsync<int>(connection, transaction, ByKey, new DynamicParameters(), cancel);
        await RunAsync<int>(connection, transaction, CheckEntriesSql, parameters, cancel);
        await RunAsync<int>(connection, transaction, ByHash, new DynamicParameters(), cancel);
        parameters.Add("payments", await RunAsync<long>(connection, transaction, CheckPaymentsSql, parameters, cancel));
        await RunAsync<int>(connection, transaction, ByKey, new DynamicParameters(), cancel);
        await RunAsync<int>(connection, transaction, CheckBalancesSql, parameters, cancel);

        var reconciling = new AuditEvent(caller.Actor, "account.reconciled", "account", name)
        {
            Account = name,
            Currency = parts[0].Currency,
            Details = new { report },
        };
        await audit.RecordAsync(connection, reconciling, cancel);
        return report;
    }

    private static async Task<T?> RunAsync<T>(
        NpgsqlConnection connection,
        NpgsqlTransaction transaction,
        string sql,
        DynamicParameters parameters,
        CancellationToken cancel) =>
        await connection.ExecuteScalarAsync<T>(new CommandDefinition(
            sql, parameters, transaction, TimeoutSeconds, cancellationToken: cancel));

    private static string Read(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    private sealed class Place(ReconcileAccount reconcile) : IDisposable
    {
        public void Dispose() => Interlocked.Decrement(ref reconcile._running);
    }

    private sealed class Turn(SessionLock turn, NpgsqlConnection connection) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await turn.DisposeAsync();
            await connection.DisposeAsync();
        }
    }
}
