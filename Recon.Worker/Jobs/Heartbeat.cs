using Dapper;
using Npgsql;
using Payments.Ledger;

namespace Recon.Worker.Jobs;

/// <summary>
/// Says that this worker lives and hears who else does. What it hears decides only which divisions are looked at
/// first; who may settle is decided by leases.
/// </summary>
internal sealed class Heartbeat(
    NpgsqlDataSource database,
    WorkerIdentity worker,
    WorkerOptions options,
    TimeProvider clock,
    ILogger<Heartbeat> logger) : BackgroundService
{
    private volatile WorkerShare _share = new(0, 1);

    /// <summary>This worker's place among the living ones.</summary>
    public WorkerShare Share => _share;

    /// <summary>One beat: writes that this worker lives, and reads its place.</summary>
    public async Task BeatAsync(CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        await connection.ExecuteAsync(new CommandDefinition(BeatSql, new { worker.Id }, cancellationToken: cancel));
        var living = (await connection.QueryAsync<string>(new CommandDefinition(
            LivingSql, new { silence = options.Heartbeat * 3 }, cancellationToken: cancel))).ToList();

        var share = new WorkerShare(Math.Max(0, living.IndexOf(worker.Id)), Math.Max(1, living.Count));
        if (share != _share)
        {
            logger.LogInformation(
                "Worker {Worker} is number {Rank} of {Living}", worker.Id, share.Rank + 1, share.Living);
            _share = share;
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        try
        {
            await using var connection = await database.OpenConnectionAsync(cancellationToken);
            await connection.ExecuteAsync(new CommandDefinition(
                "DELETE FROM workers WHERE id = @id", new { worker.Id }, cancellationToken: cancellationToken));
        }
        catch (Exception e) when (
            e is NpgsqlException or TimeoutException or OperationCanceledException or ObjectDisposedException)
        {
            logger.LogDebug("Worker {Worker} leaves without saying so: {Reason}", worker.Id, e.Message);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await BeatAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                logger.LogWarning(Database.TraceOf(e), "Heartbeat not written: {Reason}", e.Message);
            }

            await Task.Delay(options.Heartbeat, clock, stoppingToken)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // Rows of workers that are long gone are swept out here too; nothing refers to them.
    private const string BeatSql = """
        INSERT INTO workers (id) VALUES (@id)
        ON CONFLICT (id) DO UPDATE SET seen_at = clock_timestamp();
        DELETE FROM workers WHERE seen_at < clock_timestamp() - interval '1 hour'
        """;

    // One that is paused alone claims nothing: the others share its divisions out.
    private const string LivingSql = """
        SELECT w.id
        FROM workers AS w
        WHERE w.seen_at > clock_timestamp() - @silence AND w.pause_asked_at IS NULL
        ORDER BY w.started_at, w.id
        """;
}

/// <summary>Number <paramref name="Rank"/> (from 0) of <paramref name="Living"/> workers.</summary>
internal sealed record WorkerShare(int Rank, int Living);
