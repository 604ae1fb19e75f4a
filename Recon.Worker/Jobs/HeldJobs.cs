using Dapper;
using Npgsql;

namespace Recon.Worker.Jobs;

/// <summary>
/// What a holder does with its jobs apart from settling them. Every statement repeats the lease; one that finds the
/// job in other hands changes nothing and says so.
/// </summary>
internal sealed class HeldJobs(
    [FromKeyedServices(Connections.Settlement)] NpgsqlDataSource database, WorkerOptions options, Random random)
{
    /// <summary>Starts the lease of these jobs anew.</summary>
    /// <returns>Whether all of them were still held.</returns>
    public async Task<bool> ExtendAsync(long lease, IReadOnlyList<ClaimedJob> jobs, CancellationToken cancel) =>
        await ExecuteAsync(ExtendSql, new { ids = Ids(jobs), lease, period = options.Lease }, cancel) == jobs.Count;

    /// <summary>
    /// Notes that a job now runs by itself, and starts its lease anew: if this process dies, it died of that job.
    /// </summary>
    /// <returns>Whether it was still held.</returns>
    public async Task<bool> RunAloneAsync(long lease, ClaimedJob job, CancellationToken cancel) =>
        await ExecuteAsync(RunAloneSql, new { job.Id, lease, period = options.Lease }, cancel) == 1;

    /// <summary>Hands jobs back as they were: due at once, and without counting a failure.</summary>
    public Task<int> ReturnAsync(long lease, IReadOnlyList<ClaimedJob> jobs, CancellationToken cancel) =>
        ExecuteAsync(ReturnSql, new { ids = Ids(jobs), lease }, cancel);

    /// <summary>
    /// Records that a job failed while it ran alone: it waits for its retry, or goes to the dead letters when it has
    /// reached the limit.
    /// </summary>
    /// <returns>Whether it went to the dead letters; false also when it was no longer held.</returns>
    public async Task<bool> FailAsync(long lease, ClaimedJob job, string error, CancellationToken cancel)
    {
        var failures = job.Failures + 1;
        var dead = failures >= options.FailureLimit;
        var changed = dead
            ? await BuryAsync(lease, job, failures, error, cancel)
            : await ExecuteAsync(RetrySql, new { job.Id, lease, failures, error, wait = Wait(failures) }, cancel);
        return dead && changed == 1;
    }

    /// <summary>Sends a job to the dead letters without running it again.</summary>
    public Task<int> BuryAsync(long lease, ClaimedJob job, int failures, string error, CancellationToken cancel) =>
        ExecuteAsync(BurySql, new { job.Id, lease, failures, error }, cancel);

    private TimeSpan Wait(int failures) =>
        RetryDelay.After(failures, options.RetryDelaySeconds, options.RetryDelayMaxSeconds, random);

    private static Guid[] Ids(IReadOnlyList<ClaimedJob> jobs) => [.. jobs.Select(job => job.Id)];

    private async Task<int> ExecuteAsync(string sql, object parameters, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        return await connection.ExecuteAsync(new CommandDefinition(sql, parameters, cancellationToken: cancel));
    }

    private const string ExtendSql = """
        UPDATE recon_jobs
        SET available_at = clock_timestamp() + @period
        WHERE id = ANY (@ids) AND lease = @lease AND status = 'processing' AND available_at > clock_timestamp()
        """;

    private const string RunAloneSql = """
        UPDATE recon_jobs
        SET available_at = clock_timestamp() + @period, runs_alone = true
        WHERE id = @id AND lease = @lease AND status = 'processing' AND available_at > clock_timestamp()
        """;

    private const string ReturnSql = """
        UPDATE recon_jobs
        SET status = 'pending', available_at = clock_timestamp(), locked_by = NULL, locked_at = NULL, runs_alone = false
        WHERE id = ANY (@ids) AND lease = @lease AND status = 'processing' AND available_at > clock_timestamp()
        """;

    private const string RetrySql = """
        UPDATE recon_jobs
        SET status = 'pending', available_at = clock_timestamp() + @wait, locked_by = NULL, locked_at = NULL,
            failures = @failures, last_error = @error, suspect = false, runs_alone = false
        WHERE id = @id AND lease = @lease AND status = 'processing' AND available_at > clock_timestamp()
        """;

    private const string BurySql = """
        UPDATE recon_jobs
        SET status = 'dead', finished_at = clock_timestamp(), buried_at = clock_timestamp(), failures = @failures,
            last_error = @error, suspect = false, runs_alone = false
        WHERE id = @id AND lease = @lease AND status = 'processing' AND available_at > clock_timestamp()
        """;
}
