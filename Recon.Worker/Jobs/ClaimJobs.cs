using Npgsql;

namespace Recon.Worker.Jobs;

/// <summary>
/// Takes due jobs and leases them. A worker that dies keeps nothing from anyone: what it held is due again when the
/// lease ends, and the number of its lease is then of no use to it.
/// </summary>
internal sealed class ClaimJobs(
    [FromKeyedServices(Connections.Settlement)] NpgsqlDataSource database,
    WorkerIdentity worker,
    WorkerOptions options,
    TimeProvider clock)
{
    private static readonly DateTime Epoch = new(2000, 1, 1, 0, 0, 0, DateTimeKind.Utc);
    private static readonly long Oldest = (DateTime.MinValue - Epoch).Ticks / TimeSpan.TicksPerMicrosecond;
    private static readonly long Newest = (DateTime.MaxValue - Epoch).Ticks / TimeSpan.TicksPerMicrosecond;

    /// <summary>
    /// Claims up to a batch of jobs, oldest first within each division, divisions in the order given.
    /// </summary>
    /// <returns>
    /// The jobs, and whether another worker was claiming from one of the divisions just then, so that it was skipped
    /// and "no jobs" does not mean that there are none.
    /// </returns>
    public async Task<(Claim Claim, bool Contested)> ExecuteAsync(DivisionOrder order, CancellationToken cancel)
    {
        var askedAt = clock.GetTimestamp();
        await using var connection = await database.OpenConnectionAsync(cancel);

        // One round trip and one transaction: a batch without an explicit one commits at its end.
        await using var batch = new NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                new NpgsqlBatchCommand(LockDivisionsSql)
                {
                    Parameters = { new() { Value = order.Divisions }, new() { Value = order.Marks } },
                },
                new NpgsqlBatchCommand(ClaimSql)
                {
                    Parameters =
                    {
                        new() { Value = options.BatchSize },
                        new() { Value = worker.Id },
                        new() { Value = options.Lease },
                    },
                },
            },
        };

        await using var reader = await batch.ExecuteReaderAsync(cancel);
        await reader.ReadAsync(cancel);
        var free = reader.GetInt64(0);
        await reader.NextResultAsync(cancel);
        var (lease, jobs) = await ReadAsync(reader, cancel);
        var claim = jobs.Count == 0 ? Claim.Nothing : new Claim(lease, jobs, askedAt, clock.GetTimestamp());
        return (claim, free < order.Count);
    }

    // Few words that stand in every row: each is kept once.
    private static string Known(string word) => string.Intern(word);

    // Microseconds since 2000, as the server sends them. It counts further than a DateTime does, and a damaged row must
    // not keep the whole claim from being read: only telemetry is told of this time.
    private static DateTime TimeOf(long microseconds) =>
        Epoch.AddTicks(Math.Clamp(microseconds, Oldest, Newest) * TimeSpan.TicksPerMicrosecond);

    private static async Task<(long Lease, List<ClaimedJob> Jobs)> ReadAsync(
        NpgsqlDataReader reader, CancellationToken cancel)
    {
        var lease = 0L;
        var jobs = new List<ClaimedJob>();
        while (await reader.ReadAsync(cancel))
        {
            // A row is in memory once it is read: its columns need no waiting.
            lease = reader.GetInt64(0);
            jobs.Add(new ClaimedJob(
                Id: reader.GetGuid(1),
                PaymentId: reader.GetGuid(2),
                Sequence: reader.GetInt64(3),
                Division: reader.GetInt16(4),
                Failures: reader.GetInt16(5),
                Suspect: reader.GetBoolean(6),
                Kind: Known(reader.GetString(7)),
                PayeeAccount: reader.GetString(8),
                PayerAccount: reader.IsDBNull(9) ? null : reader.GetString(9),
                Amount: reader.GetInt64(10),
                Currency: Known(reader.GetString(11)),
                CreatedAt: TimeOf(reader.GetInt64(12)),
                Traceparent: reader.IsDBNull(13) ? null : reader.GetString(13)));
        }

        jobs.Sort(static (one, other) => (one.Division, one.Sequence).CompareTo((other.Division, other.Sequence)));
        return (lease, jobs);
    }

    // Two workers may look at one division while their number changes. The lock lets one of them claim at a time, and
    // the claim leaves a division alone whose oldest job is in another worker's hands: else the younger jobs of an
    // account could be settled first. It is a statement of its own, because the claim must not read by a snapshot that
    // is older than the lock; it leaves the free divisions to the claim in settings of this transaction.
    // A lost claim is as if it had never been made, so its commit need not wait for the disk.
    private const string LockDivisionsSql = """
        WITH free AS MATERIALIZED (
            SELECT d.division, d.mark, d.place
            FROM unnest($1::smallint[], $2::bigint[]) WITH ORDINALITY AS d (division, mark, place)
            WHERE pg_try_advisory_xact_lock(1919247214, d.division)
        )
        SELECT count(f.place),
            set_config('recon.divisions', coalesce(array_agg(f.division ORDER BY f.place), '{}')::text, true),
            set_config('recon.marks', coalesce(array_agg(f.mark ORDER BY f.place), '{}')::text, true),
            set_config('synchronous_commit', 'off', true)
        FROM free AS f
        """;

    // The mark skips index entries of finished jobs that an old snapshot keeps alive at the head of the queue.
    // Rows are updated by place from an array: a join could be planned while the tables were small, and stay. A row
    // keeps its place while it is locked.
    private const string ClaimSql = """
        WITH due AS (
            SELECT j.place
            FROM unnest(current_setting('recon.divisions')::smallint[], current_setting('recon.marks')::bigint[])
                AS d (division, mark)
            CROSS JOIN LATERAL (
                SELECT o.ctid AS place
                FROM recon_jobs AS o
                WHERE o.division = d.division AND o.sequence > d.mark AND o.finished_at IS NULL
                    AND o.available_at <= now()
                ORDER BY o.sequence
                LIMIT $1
                FOR UPDATE SKIP LOCKED
            ) AS j
            WHERE (
                SELECT o.status <> 'processing' OR o.available_at <= now()
                FROM recon_jobs AS o
                WHERE o.division = d.division AND o.sequence > d.mark AND o.finished_at IS NULL
                ORDER BY o.sequence
                LIMIT 1
            )
            LIMIT $1
        )
        UPDATE recon_jobs AS j
        SET lease = fence.lease,
            status = 'processing',
            locked_by = $2,
            locked_at = now(),
            available_at = clock_timestamp() + $3,
            attempts = j.attempts + 1,
            failures = j.failures + (j.status = 'processing' AND j.runs_alone)::int,
            suspect = j.suspect OR j.status = 'processing',
            runs_alone = false
        FROM (SELECT nextval('recon_leases') AS lease) AS fence
        WHERE j.ctid = ANY (ARRAY (SELECT due.place FROM due))
        RETURNING j.lease, j.id, j.payment_id, j.sequence, j.division, j.failures, j.suspect, j.kind,
            j.payee_account, j.payer_account, j.amount, j.currency, j.created_at, j.traceparent
        """;
}
