using Dapper;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Payments.Ledger.Reconciliation;
using Payments.Testing;
using Recon.Worker.Duties;
using Recon.Worker.Reconciliation;
using Recon.Worker.Reconciliation.Continuous;

namespace Recon.Worker.Tests.Reconciliation.Continuous;

/// <summary>
/// The part of a worker that checks the books continuously, with its own sessions, driven one pass at a time. Several
/// of them on one database are what several processes would be.
/// </summary>
internal sealed class CheckingWorker : IAsyncDisposable
{
    private readonly ReconciliationTelemetry _telemetry = new(NullLogger<ReconciliationTelemetry>.Instance);
    private readonly DutySessions _sessions;
    private readonly ContinuousOptions _options;

    /// <param name="name">What its sessions are called.</param>
    /// <param name="ahead">By how much its clock is.</param>
    public CheckingWorker(TestDatabase database, ContinuousOptions options, string name, TimeSpan ahead = default)
    {
        var clock = new ShiftedClock(ahead);
        var text = new NpgsqlConnectionStringBuilder(database.AppConnectionString) { ApplicationName = name };
        _sessions = DutySessions.Create(text.ConnectionString, _ => { });
        _options = options;
        var known = new KnownBreaks(new RecordBreaks(new DueTimes()), _telemetry, clock);
        Recent = new VerifyRecent(_sessions, known, clock, NullLogger<VerifyRecent>.Instance);
        All = new VerifyAll(_sessions, known, options, clock);
    }

    public VerifyRecent Recent { get; }

    public VerifyAll All { get; }

    /// <summary>The loop that runs both, not started yet.</summary>
    public ContinuousChecking CreateLoop(ILogger<ContinuousChecking>? logger = null) =>
        new(Recent, All, _options, TimeProvider.System, logger ?? NullLogger<ContinuousChecking>.Instance);

    /// <summary>Checks everything there is, so that the next pass finds nothing new.</summary>
    /// <returns>Whether the sweep was due.</returns>
    public async Task<bool> CatchUpAsync(CancellationToken cancel)
    {
        await Recent.RunOnceAsync(cancel);
        var swept = await All.RunIfDueAsync(cancel);
        await Recent.RunOnceAsync(cancel);
        return swept;
    }

    /// <summary>Settles payments into <c>ACC-0</c> to <c>ACC-3</c> in turns, by a worker of their own.</summary>
    public static async Task SettleAsync(TestDatabase database, int payments, CancellationToken cancel)
    {
        await database.QueueAsync(
            [.. Enumerable.Range(1, payments).Select(i => new QueuedPayment($"ACC-{i % 4}", 100 + i))]);
        await using var worker = new TestWorker(database);
        await worker.SettleAllAsync(cancel);
    }

    public async ValueTask DisposeAsync()
    {
        _telemetry.Dispose();
        await _sessions.DisposeAsync();
    }
}

internal static class CheckedDatabase
{
    /// <summary>
    /// Changes rows as a superuser without triggers; the session tells the statistics, which give a deletion away.
    /// </summary>
    public static async Task CorruptAsync(this TestDatabase database, string error)
    {
        var server = await TestServer.ConnectionStringAsync(database.Name);
        server.Pooling = false;
        await using var connection = new NpgsqlConnection(server.ConnectionString);
        await connection.OpenAsync();
        await connection.ExecuteAsync("SET session_replication_role = replica");
        await connection.ExecuteAsync(error);
        await connection.ExecuteAsync("SELECT pg_stat_force_next_flush()");
        await connection.ExecuteAsync("RESET session_replication_role");
    }

    /// <summary>The exceptions that are open: the check, the kind, the account and the position.</summary>
    public static Task<IReadOnlyList<string>> FoundAsync(this TestDatabase database) =>
        database.QueryAsync<string>("""
            SELECT concat_ws(' ', check_type, kind, account_name, position)
            FROM reconciliation_exceptions
            WHERE resolved_at IS NULL
            ORDER BY 1
            """);
}
