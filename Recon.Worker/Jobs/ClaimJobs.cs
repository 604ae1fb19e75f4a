using Npgsql;

namespace Recon.Worker.Jobs;

/// <summary>
/// Takes due jobs and leases them. A worker that dies keeps nothing from anyone: what it held is due again when the
/// lease ends, and the number of its lease is then of no use to it.
/// </summary>
internal sealed class ClaimJobs(NpgsqlDataSource database, WorkerIdentity worker, WorkerOptions options)
{
    /// <summary>
    /// Claims up to a batch of jobs, oldest first within each division, divisions in the order given.
    /// </summary>
    /// <returns>
    /// The jobs, and whether another worker was claiming from one of the divisions just then, so that it was skipped
    /// and "no jobs" does not mean that there are none.
    /// </returns>
    public async Task<(Claim Claim, bool Contested)> ExecuteAsync(DivisionOrder order, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        await using var transaction = await connection.BeginTransactionAsync(cancel);

        // In a statement of its own: the claim must not read by a snapshot older than the lock.
        var free = await LockDivisionsAsync(connection, order, cancel);
        var claim = await ClaimAsync(connection, free, cancel);

        await transaction.CommitAsync(cancel);
        return (claim, free.Count < order.Count);
    }

    private static async Task<DivisionOrder> LockDivisionsAsync(
        NpgsqlConnection connection, DivisionOrder order, CancellationToken cancel)
    {
        // A lost claim is as if it had never been made, so its commit need not wait for the disk.
        await using var batch = new NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                new NpgsqlBatchCommand("SET LOCAL synchronous_commit = off"),
                new NpgsqlBatchCommand(LockDivisionsSql)
                {
                    Parameters = { new() { Value = order.Divisions }, new() { Value = order.Marks } },
                },
            },
        };

        await using var reader = await batch.ExecuteReaderAsync(cancel);
        var divisions = new List<short>(order.Count);
        var marks = new List<long>(order.Count);
        while (await reader.ReadAsync(cancel))
        {
            divisions.Add(reader.GetInt16(0));
            marks.Add(reader.GetInt64(1));
        }

        return new DivisionOrder(divisions, marks);
    }

    private async Task<Claim> ClaimAsync(NpgsqlConnection connection, DivisionOrder order, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(ClaimSql, connection)
        {
            Parameters =
            {
                new() { Value = order.Divisions },
                new() { Value = order.Marks },
                new() { Value = options.BatchSize },
                new() { Value = worker.Id },
                new() { Value = options.Lease },
            },
        };

        await using var reader = await command.ExecuteReaderAsync(cancel);
        var lease = 0L;
        var jobs = new List<ClaimedJob>();
        while (await reader.ReadAsync(cancel))
        {
            lease = reader.GetInt64(0);
            jobs.Add(new ClaimedJob(
                Id: reader.GetGuid(1),
                PaymentId: reader.GetGuid(2),
                Sequence: reader.GetInt64(3),
                Division: reader.GetInt16(4),
                Failures: reader.GetInt16(5),
                Suspect: reader.GetBoolean(6),
                Kind: reader.GetString(7),
                PayeeAccount: reader.GetString(8),
                PayerAccount: await reader.IsDBNullAsync(9, cancel) ? null : reader.GetString(9),
                Amount: reader.GetInt64(10),
                Currency: reader.GetString(11),
                CreatedAt: reader.GetDateTime(12),
                Traceparent: await reader.IsDBNullAsync(13, cancel) ? null : reader.GetString(13)));
        }

        return jobs.Count == 0
            ? Claim.Nothing
            : new Claim(lease, [.. jobs.OrderBy(job => job.Division).ThenBy(job => job.Sequence)]);
    }

    // Two workers may look at one division while their number changes. The lock lets one of them claim at a time, and
    // the claim leaves a division alone whose oldest job is in another worker's hands: else the younger jobs of an
    // account could be settled first.
    private const string LockDivisionsSql = """
        SELECT d.division, d.mark
        FROM unnest($1::smallint[], $2::bigint[]) WITH ORDINALITY AS d (division, mark, place)
        WHERE pg_try_advisory_xact_lock(1919247214, d.division)
        ORDER BY d.place
        """;

    // The mark skips index entries of finished jobs that an old snapshot keeps alive at the head of the queue.
    // Rows are updated by id from an array: a join could be planned while the tables were small, and stay.
    private const string ClaimSql = """
        WITH due AS (
            SELECT j.id
            FROM unnest($1::smallint[], $2::bigint[]) AS d (division, mark)
            CROSS JOIN LATERAL (
                SELECT o.id
                FROM recon_jobs AS o
                WHERE o.division = d.division AND o.sequence > d.mark AND o.finished_at IS NULL
                    AND o.available_at <= now()
                ORDER BY o.sequence
                LIMIT $3
                FOR UPDATE SKIP LOCKED
            ) AS j
            WHERE NOT EXISTS (
                SELECT
                FROM (
                    SELECT o.status, o.available_at
                    FROM recon_jobs AS o
                    WHERE o.division = d.division AND o.sequence > d.mark AND o.finished_at IS NULL
                    ORDER BY o.sequence
                    LIMIT 1
                ) AS oldest
                WHERE oldest.status = 'processing' AND oldest.available_at > now()
            )
            LIMIT $3
        )
        UPDATE recon_jobs AS j
        SET lease = fence.lease,
            status = 'processing',
            locked_by = $4,
            locked_at = now(),
            available_at = clock_timestamp() + $5,
            attempts = j.attempts + 1,
            failures = j.failures + (j.status = 'processing' AND j.runs_alone)::int,
            suspect = j.suspect OR j.status = 'processing',
            runs_alone = false
        FROM (SELECT nextval('recon_leases') AS lease) AS fence
        WHERE j.id = ANY (ARRAY (SELECT due.id FROM due))
        RETURNING j.lease, j.id, j.payment_id, j.sequence, j.division, j.failures, j.suspect, j.kind,
            j.payee_account, j.payer_account, j.amount, j.currency, j.created_at, j.traceparent
        """;
}
