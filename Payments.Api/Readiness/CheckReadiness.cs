using System.ComponentModel.DataAnnotations;
using Dapper;
using Microsoft.Extensions.Options;
using Npgsql;
using Payments.Ledger.Migrations;

namespace Payments.Api.Readiness;

/// <summary>
/// Whether a payment that is sent now would be stored and settled: the database answers, has the schema of this
/// version, its queue moves, and a worker is alive.
/// </summary>
internal sealed class CheckReadiness(
    NpgsqlDataSource database, IOptions<ReadinessOptions> options, ILogger<CheckReadiness> logger)
{
    private const string Ok = "ok";
    private const string Unknown = "unknown";

    public async Task<ReadyAnswer> ExecuteAsync(CancellationToken cancel)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(TimeSpan.FromSeconds(options.Value.DatabaseSeconds));
        try
        {
            return await ReadAsync(patience.Token);
        }
        catch (Exception e) when (
            e is NpgsqlException or TimeoutException or OperationCanceledException && !cancel.IsCancellationRequested)
        {
            // The answer does not say why: reasons hold addresses, and stand in the log.
            logger.LogWarning("Not ready: the database does not answer: {Reason}", e.Message);
            return Judge("unavailable", new SchemaAnswer(Unknown, null), new QueueAnswer(Unknown, null),
                new WorkersAnswer(Unknown, null));
        }
    }

    private async Task<ReadyAnswer> ReadAsync(CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        var version = await connection.ExecuteScalarAsync<int>(
            new CommandDefinition(Migrator.VersionSql, cancellationToken: cancel));

        // An older schema may lack what is asked for next.
        if (version < Migrator.Version)
        {
            return Judge(Ok, new SchemaAnswer("outdated", version), new QueueAnswer(Unknown, null),
                new WorkersAnswer(Unknown, null));
        }

        var silence = TimeSpan.FromSeconds(options.Value.WorkerSilenceSeconds);
        var row = await connection.QuerySingleAsync<Row>(
            new CommandDefinition(StateSql, new { silence }, cancellationToken: cancel));
        var queue = row switch
        {
            { Paused: true } => "paused",
            { OldestAgeSeconds: { } age } when age > options.Value.OldestJobSeconds => "stalled",
            _ => Ok,
        };
        return Judge(
            Ok,
            new SchemaAnswer(Ok, version),
            new QueueAnswer(queue, row.OldestAgeSeconds),
            new WorkersAnswer(row.Alive > 0 ? Ok : "silent", row.Alive));
    }

    // Paused on purpose is no fault: payments are accepted, and settled when it is resumed.
    private static ReadyAnswer Judge(string database, SchemaAnswer schema, QueueAnswer queue, WorkersAnswer workers)
    {
        string[] faults =
        [
            .. database == Ok ? Array.Empty<string>() : ["database"],
            .. schema.Status is Ok or Unknown ? Array.Empty<string>() : ["schema"],
            .. queue.Status is Ok or Unknown or "paused" ? Array.Empty<string>() : ["queue"],
            .. workers.Status is Ok or Unknown ? Array.Empty<string>() : ["workers"],
        ];
        return new ReadyAnswer(
            faults.Length == 0 ? "ready" : "not_ready",
            faults,
            new ReadyComponents(new DatabaseAnswer(database), schema, queue, workers));
    }

    // The first job of each division that may be taken: a look into the index for each, however long the queue is.
    private const string StateSql = """
        SELECT queue.paused_at IS NOT NULL AS paused,
            (
                SELECT extract(epoch FROM clock_timestamp() - min(oldest.available_at))::float8
                FROM generate_series(0, 63) AS part (division)
                CROSS JOIN LATERAL (
                    SELECT job.available_at
                    FROM recon_jobs AS job
                    WHERE job.division = part.division AND job.finished_at IS NULL AND job.available_at <= now()
                    ORDER BY job.sequence
                    LIMIT 1
                ) AS oldest
            ) AS oldest_age_seconds,
            (SELECT count(*) FROM workers WHERE seen_at > clock_timestamp() - @silence) AS alive
        FROM queue_control AS queue
        """;

    private sealed record Row(bool Paused, double? OldestAgeSeconds, long Alive);
}

/// <summary>Whether the system is ready, and if not, which component is to blame.</summary>
internal sealed record ReadyAnswer(
    [property: AllowedValues("ready", "not_ready")] string Status,
    IReadOnlyList<string> NotReady,
    ReadyComponents Components);

internal sealed record ReadyComponents(
    DatabaseAnswer Database, SchemaAnswer Schema, QueueAnswer Queue, WorkersAnswer Workers);

internal sealed record DatabaseAnswer(string Status);

internal sealed record SchemaAnswer(string Status, int? Version);

internal sealed record QueueAnswer(string Status, double? OldestReadyAgeSeconds);

internal sealed record WorkersAnswer(string Status, long? Alive);
