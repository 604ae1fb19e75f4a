using Dapper;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Payments.Ledger.Audit;

/// <summary>
/// Gives new events their place in the chain, and signs checkpoints of it. Whoever acts only inserts an event; sealing
/// comes behind the commit, so no transaction waits for another because of the chain. At any time one process seals,
/// however many try: the others find the advisory lock taken and leave it to that one.
/// </summary>
/// <param name="checkpoints">Null: none are written.</param>
public sealed class SealAudit(
    NpgsqlDataSource database,
    AuditOptions options,
    CheckpointStore? checkpoints,
    TimeProvider clock,
    ILogger<SealAudit> logger)
{
    /// <summary>Events that one transaction seals at the most: a batch stays far below any timeout.</summary>
    public const int BatchSize = 1_000;

    // Any number will do as long as nothing else in this database locks the same.
    internal const long LockKey = 0x6175646974736561;

    private DateTimeOffset _checkpointedAt = DateTimeOffset.MinValue;
    private long _covered = -1;

    /// <summary>One pass: seals all that waits and writes the checkpoints that are due.</summary>
    /// <returns>How many events it sealed.</returns>
    public async Task<int> RunOnceAsync(CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        var state = await connection.QuerySingleAsync<State>(
            new CommandDefinition(StateSql, cancellationToken: cancel));
        if (!state.Waiting && !IsCheckpointDue(state.Head))
        {
            return 0;
        }

        await using var turn = await SessionLock.TryTakeAsync(connection, LockKey, cancel);
        if (turn is null)
        {
            return 0;
        }

        var total = 0;
        int count;
        do
        {
            count = await SealBatchAsync(connection, cancel);
            total += count;
        }
        while (count == BatchSize);

        await WriteCheckpointsAsync(connection, cancel);
        return total;
    }

    private async Task<int> SealBatchAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        var last = await connection.QuerySingleOrDefaultAsync<Link>(
            new CommandDefinition(LastLinkSql, transaction: transaction, cancellationToken: cancel));
        var events = (await connection.QueryAsync<AuditRow>(new CommandDefinition(
            WaitingSql, new { BatchSize }, transaction, cancellationToken: cancel))).AsList();
        if (events.Count == 0)
        {
            return 0;
        }

        var eventHashes = events.Select(AuditHash.Of).ToArray();
        var links = new byte[events.Count][];
        var (sequence, before) = (last?.Sequence ?? 0, last?.Hash ?? AuditHash.Beginning);
        for (var i = 0; i < links.Length; i++)
        {
            before = links[i] = AuditHash.Link(before, sequence + 1 + i, eventHashes[i]);
        }

        await connection.ExecuteAsync(new CommandDefinition(
            SealSql,
            new
            {
                sequence,
                ids = events.Select(row => row.Id).ToArray(),
                eventHashes,
                links,
                now = clock.GetUtcNow(),
            },
            transaction,
            cancellationToken: cancel));
        await transaction.CommitAsync(cancel);
        return events.Count;
    }

    private bool IsCheckpointDue(long head)
    {
        if (checkpoints is null)
        {
            return false;
        }

        if (_covered < 0)
        {
            _covered = checkpoints.LastSequence();
        }

        return head > _covered
            && (head - _covered >= options.CheckpointRecords
                || clock.GetUtcNow() - _checkpointedAt >= options.CheckpointInterval);
    }

    private async Task WriteCheckpointsAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        if (checkpoints is null)
        {
            return;
        }

        // Another process may have written some since; only the holder of the lock writes.
        _covered = checkpoints.LastSequence();
        var head = (await connection.QuerySingleAsync<State>(
            new CommandDefinition(StateSql, cancellationToken: cancel))).Head;
        if (head < _covered)
        {
            logger.LogCritical(
                "The audit chain ends at {Head}, before the checkpoint at {Covered}: its tail was cut off, or the "
                + "database was restored to an earlier point and nobody has said so (accept-restore)",
                head, _covered);
            return;
        }

        if (!IsCheckpointDue(head))
        {
            return;
        }

        while (_covered < head)
        {
            var hashes = await connection.QueryAsync<byte[]>(new CommandDefinition(
                LinksSql,
                new { after = _covered, options.CheckpointRecords },
                cancellationToken: cancel));
            var links = hashes.SelectMany(hash => hash).ToArray();
            var checkpoint = checkpoints.Write(_covered + 1, clock.GetUtcNow(), links);

            // The log is one more place outside of the database: what it says cannot be taken back there.
            logger.LogInformation(
                "Audit checkpoint: sequence {Sequence}, head {Head}",
                checkpoint.Sequence, Convert.ToHexStringLower(checkpoint.Head));
            _covered = checkpoint.Sequence;
        }

        _checkpointedAt = clock.GetUtcNow();
    }

    private const string StateSql = """
        SELECT EXISTS (SELECT FROM audit_unsealed) AS waiting,
            coalesce((SELECT max(sequence) FROM audit_chain), 0) AS head
        """;

    private const string LastLinkSql = """
        SELECT sequence, hash
        FROM audit_chain
        ORDER BY sequence DESC
        LIMIT 1
        """;

    private const string WaitingSql = "SELECT " + AuditRow.Columns + """

        FROM audit_unsealed AS u
        JOIN audit_events AS e ON e.id = u.event_id
        ORDER BY u.event_id
        LIMIT @BatchSize
        """;

    private const string SealSql = """
        WITH sealed AS (
            INSERT INTO audit_chain (sequence, event_id, sealed_at, event_hash, hash)
            SELECT @sequence + s.place, s.id, @now, s.event_hash, s.hash
            FROM unnest(@ids::uuid[], @eventHashes::bytea[], @links::bytea[])
                WITH ORDINALITY AS s (id, event_hash, hash, place)
        )
        DELETE FROM audit_unsealed WHERE event_id = ANY (@ids)
        """;

    private const string LinksSql = """
        SELECT hash
        FROM audit_chain
        WHERE sequence > @after
        ORDER BY sequence
        LIMIT @CheckpointRecords
        """;

    private sealed record State(bool Waiting, long Head);

    private sealed record Link(long Sequence, byte[] Hash);
}
