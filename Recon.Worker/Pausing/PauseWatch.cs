using Dapper;
using Npgsql;
using Payments.Ledger;
using Recon.Worker.Jobs;
using Recon.Worker.Settlements;

namespace Recon.Worker.Pausing;

/// <summary>
/// Looks every second, and whenever it is told, whether the queue or this worker is paused, and writes into the
/// worker's row what operators see: that it has come to rest, and how much it settled in the last minute.
/// </summary>
internal sealed class PauseWatch(
    NpgsqlDataSource database,
    PauseSwitch pause,
    SettlementPass pass,
    WorkerIdentity worker,
    TimeProvider clock,
    ILogger<PauseWatch> logger) : BackgroundService, IHears
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly SettledRate _rate = new(clock);
    private readonly SemaphoreSlim _told = new(0);
    private bool _failed;

    public string Channel => Database.QueueControlChannel;

    public void Hear() => _told.Release();

    /// <summary>One look: tells what this worker does, and hears whether it may go on.</summary>
    public async Task LookAsync(CancellationToken cancel)
    {
        var parameters = new
        {
            worker.Id,
            halted = pause.IsHalted,
            settled = _rate.LastMinute(pass.Settled),
        };
        await using var connection = await database.OpenConnectionAsync(cancel);
        var paused = await connection.ExecuteScalarAsync<bool>(
            new CommandDefinition(LookSql, parameters, cancellationToken: cancel));

        if (pause.Set(paused))
        {
            logger.LogInformation("Worker {Worker} {State}", worker.Id, paused ? "is paused" : "may claim");
        }
    }

    public override void Dispose()
    {
        base.Dispose();
        _told.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await TryLookAsync(stoppingToken);
            await ((Task)_told.WaitAsync(Interval, stoppingToken))
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // A database that is away changes nothing: the worker goes on as it was told last.
    private async Task TryLookAsync(CancellationToken cancel)
    {
        try
        {
            await LookAsync(cancel);
            _failed = false;
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            // The worker stops.
        }
        catch (Exception e)
        {
            logger.Log(
                _failed ? LogLevel.Debug : LogLevel.Warning, Database.TraceOf(e),
                "Not known until the database answers whether the queue is paused: {Reason}", e.Message);
            _failed = true;
        }
    }

    // What it writes is told again a second later, so its commit need not wait for the disk.
    private const string LookSql = """
        WITH relaxed AS MATERIALIZED (
            SELECT set_config('synchronous_commit', 'off', true)
        ), told AS (
            UPDATE workers AS w
            SET paused_since = CASE WHEN @halted THEN coalesce(w.paused_since, clock_timestamp()) END,
                settled_last_minute = @settled
            FROM relaxed
            WHERE w.id = @id AND ((w.paused_since IS NOT NULL) <> @halted OR w.settled_last_minute <> @settled)
        )
        SELECT q.paused_at IS NOT NULL
            OR EXISTS (SELECT FROM workers AS w WHERE w.id = @id AND w.pause_asked_at IS NOT NULL)
        FROM queue_control AS q
        """;
}
