using System.Data.Common;
using System.Diagnostics;
using Dapper;
using Npgsql;

namespace Recon.Worker.Reconciliation.Checks;

/// <summary>
/// The session of one check: its statements look at a window of rows each, by key, in little memory and in one process,
/// and rest in between. It works within a transaction, and without one.
/// </summary>
internal sealed class PacedSession
{
    // Of a table with many million rows, on a machine that is busy.
    private const int TimeoutSeconds = 600;

    // Claims a second above which the worker is taken to be settling: idle ones look at the queue every two seconds.
    private const double IdleClaims = 4;

    private readonly NpgsqlConnection _connection;
    private readonly CheckPace _pace;
    private readonly TimeProvider _clock;
    private long _claims;
    private long _looked;

    private PacedSession(NpgsqlConnection connection, CheckPace pace, TimeProvider clock) =>
        (_connection, _pace, _clock) = (connection, pace, clock);

    /// <summary>How long it has worked, without its rests.</summary>
    public TimeSpan Worked { get; private set; }

    public static async Task<PacedSession> BeginAsync(
        NpgsqlConnection connection, CheckPace pace, TimeProvider clock, CancellationToken cancel)
    {
        await connection.ExecuteAsync(new CommandDefinition(SettingsSql, cancellationToken: cancel));
        var session = new PacedSession(connection, pace, clock);
        await session.IsSettlingAsync(cancel);
        return session;
    }

    /// <summary>Reads the rows of one window.</summary>
    public async Task<IReadOnlyList<T>> ReadAsync<T>(string sql, object parameters, CancellationToken cancel) =>
        await WorkAsync(
            async () => (await _connection.QueryAsync<T>(Command(sql, parameters, cancel))).AsList(), cancel);

    /// <summary>Hands over the rows of one window one by one, without an object for each.</summary>
    /// <returns>How many there were.</returns>
    public Task<int> ReadAsync(string sql, object parameters, Action<DbDataReader> row, CancellationToken cancel) =>
        WorkAsync(
            async () =>
            {
                await using var reader = await _connection.ExecuteReaderAsync(Command(sql, parameters, cancel));
                var rows = 0;
                for (; await reader.ReadAsync(cancel); rows++)
                {
                    row(reader);
                }

                return rows;
            },
            cancel);

    /// <summary>Reads one row, or null.</summary>
    public Task<T?> FindAsync<T>(string sql, object parameters, CancellationToken cancel) =>
        WorkAsync(() => _connection.QuerySingleOrDefaultAsync<T>(Command(sql, parameters, cancel)), cancel);

    private static CommandDefinition Command(string sql, object parameters, CancellationToken cancel) =>
        new(sql, parameters, commandTimeout: TimeoutSeconds, cancellationToken: cancel);

    private async Task<T> WorkAsync<T>(Func<Task<T>> work, CancellationToken cancel)
    {
        var started = Stopwatch.GetTimestamp();
        var result = await work();
        var took = Stopwatch.GetElapsedTime(started);
        Worked += took;
        var share = _pace.Share < _pace.IdleShare && await IsSettlingAsync(cancel) ? _pace.Share : _pace.IdleShare;
        if (share < 1)
        {
            await Task.Delay(took * ((1 / share) - 1), _clock, cancel);
        }

        return result;
    }

    // A sequence stands outside of snapshots, so it tells what is going on now even in an old one.
    private async Task<bool> IsSettlingAsync(CancellationToken cancel)
    {
        var seconds = _looked == 0 ? 0 : Stopwatch.GetElapsedTime(_looked).TotalSeconds;
        var claims = await _connection.ExecuteScalarAsync<long>(
            new CommandDefinition(ClaimsSql, cancellationToken: cancel));
        var isSettling = claims - _claims > IdleClaims * seconds;
        (_claims, _looked) = (claims, Stopwatch.GetTimestamp());
        return isSettling;
    }

    // Each window by key, whatever the statistics say: a plan made for a table that was small would read all of it for
    // every window.
    private const string SettingsSql = """
        SET work_mem = '16MB';
        SET max_parallel_workers_per_gather = 0;
        SET jit = off;
        SET enable_seqscan = off;
        SET enable_bitmapscan = off;
        SET enable_hashjoin = off;
        SET enable_mergejoin = off;
        """;

    private const string ClaimsSql = "SELECT coalesce(pg_sequence_last_value('recon_leases'), 0)";
}
