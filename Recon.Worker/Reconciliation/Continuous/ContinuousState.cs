using Dapper;
using Npgsql;

namespace Recon.Worker.Reconciliation.Continuous;

/// <summary>How far continuous checking has come, beside how the tables stand; columns in this order.</summary>
/// <param name="LastSnapshot">Null before the first pass.</param>
/// <param name="Snapshot">The present one, with its bounds <paramref name="Xmin"/> and <paramref name="Xmax"/>.</param>
/// <param name="Blocks">How many blocks the table of entries has.</param>
internal sealed record ContinuousState(
    long LastFileNode,
    long Block,
    long PendingBlock,
    long PendingXmax,
    long LastChanges,
    string? LastSnapshot,
    long LastXmin,
    string Snapshot,
    long Xmin,
    long Xmax,
    long Blocks,
    long FileNode,
    long Changes)
{
    /// <summary>Whether what the last pass left can be gone on from.</summary>
    public bool GoesOn => LastSnapshot is not null && FileNode == LastFileNode && Blocks >= Block && Xmax >= LastXmin;

    /// <summary>Whether rows of the ledger were updated or deleted since, or the statistics were reset.</summary>
    public bool WasTouched => Changes != LastChanges;

    public static Task<ContinuousState> ReadAsync(NpgsqlConnection connection, CancellationToken cancel) =>
        connection.QuerySingleAsync<ContinuousState>(new CommandDefinition(ReadSql, cancellationToken: cancel));

    /// <summary>Writes, in the open transaction, that everything up to the present snapshot was looked at.</summary>
    public Task WriteAsync(NpgsqlConnection connection, long entries, bool wantsSweep, CancellationToken cancel)
    {
        var isOver = !GoesOn || Xmin >= PendingXmax;
        var block = !GoesOn ? Blocks : isOver ? PendingBlock : Block;
        return connection.ExecuteAsync(new CommandDefinition(
            WriteSql,
            new
            {
                FileNode,
                block,
                pendingBlock = isOver ? Blocks : PendingBlock,
                pendingXmax = isOver ? Xmax : PendingXmax,
                Changes,
                entries,
                Snapshot,
                wantsSweep,
            },
            cancellationToken: cancel));
    }

    private const string ReadSql = """
        SELECT state.file_node AS last_file_node, state.block, state.pending_block, state.pending_xmax,
            state.changes AS last_changes, state.snapshot::text AS last_snapshot,
            coalesce(pg_snapshot_xmin(state.snapshot)::text::bigint, 0) AS last_xmin,
            now.snapshot::text, pg_snapshot_xmin(now.snapshot)::text::bigint AS xmin,
            pg_snapshot_xmax(now.snapshot)::text::bigint AS xmax,
            pg_relation_size('ledger_entries') / current_setting('block_size')::bigint AS blocks,
            coalesce(pg_relation_filenode('ledger_entries')::bigint, 0) AS file_node,
            (
                SELECT sum(pg_stat_get_tuples_updated(ledger.relation) + pg_stat_get_tuples_deleted(ledger.relation))
                FROM (
                    VALUES ('ledger_entries'::regclass), ('ledger_transactions'::regclass)
                ) AS ledger (relation)
            )::bigint AS changes
        FROM continuous_checks AS state
        CROSS JOIN (SELECT pg_current_snapshot() AS snapshot) AS now
        """;

    private const string WriteSql = """
        UPDATE continuous_checks
        SET file_node = @fileNode, block = @block, pending_block = @pendingBlock, pending_xmax = @pendingXmax,
            changes = @changes, entries_checked = entries_checked + @entries, snapshot = @snapshot::pg_snapshot,
            passed_at = clock_timestamp(),
            sweep_wanted_at = CASE WHEN @wantsSweep THEN clock_timestamp() ELSE sweep_wanted_at END
        """;
}
