using Dapper;
using Npgsql;

namespace Payments.Api.Queue;

/// <summary>
/// Counts the jobs of the queue by what may happen to them next. Counting reads every open job, so what was counted
/// serves everyone for ten times as long as it took: screens that look all the time cost a tenth of one connection at
/// the most, however long the queue.
/// </summary>
internal sealed class CountQueue(NpgsqlDataSource database, TimeProvider clock) : IDisposable
{
    private const int WorthOfTook = 10;

    private readonly SemaphoreSlim _counting = new(1);
    private QueueCounts? _counts;
    private DateTimeOffset _goodUntil;

    /// <summary>The counts of just now, or a few moments ago.</summary>
    public async Task<QueueCounts> ExecuteAsync(CancellationToken cancel)
    {
        await _counting.WaitAsync(cancel);
        try
        {
            if (_counts is null || clock.GetUtcNow() >= _goodUntil)
            {
                var started = clock.GetUtcNow();
                _counts = await CountAsync(started, cancel);
                var ended = clock.GetUtcNow();
                _goodUntil = ended + ((ended - started) * WorthOfTook);
            }

            return _counts;
        }
        finally
        {
            _counting.Release();
        }
    }

    /// <summary>Counts the jobs now.</summary>
    public static Task<JobCounts> CountJobsAsync(NpgsqlConnection connection, CancellationToken cancel) =>
        connection.QuerySingleAsync<JobCounts>(new CommandDefinition(CountSql, cancellationToken: cancel));

    /// <summary>Counts anew next time, because somebody here has just changed the queue.</summary>
    public void Forget() => _goodUntil = DateTimeOffset.MinValue;

    public void Dispose() => _counting.Dispose();

    private async Task<QueueCounts> CountAsync(DateTimeOffset at, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        var jobs = await CountJobsAsync(connection, cancel);
        var blocked = (await connection.QueryAsync<Blocked>(
            new CommandDefinition(BlockedSql, cancellationToken: cancel))).AsList();
        return new QueueCounts(
            jobs.Ready,
            jobs.InFlight,
            jobs.Delayed,
            jobs.Dead,
            jobs.OldestReadyAgeSeconds,
            new BlockedAccountsAnswer(
                blocked.Count == 0 ? 0 : blocked[0].Accounts,
                blocked.ConvertAll(account => new BlockedAccountAnswer(
                    account.AccountId, account.Currency, account.Delayed, account.Dead, account.OldestCreatedAt,
                    account.LastError))),
            at);
    }

    // A job whose lease has ended is anyone's to take, whatever its status says.
    private const string CountSql = """
        SELECT
            count(*) FILTER (WHERE job.available_at <= clock.now) AS ready,
            count(*) FILTER (WHERE job.available_at > clock.now AND job.status = 'processing') AS in_flight,
            count(*) FILTER (WHERE job.available_at > clock.now AND job.status = 'pending') AS delayed,
            (SELECT count(*) FROM recon_jobs WHERE buried_at IS NOT NULL) AS dead,
            extract(epoch FROM
                max(clock.now) - min(job.available_at) FILTER (WHERE job.available_at <= clock.now)
            )::float8 AS oldest_ready_age_seconds
        FROM (SELECT clock_timestamp() AS now) AS clock
        CROSS JOIN recon_jobs AS job
        WHERE job.finished_at IS NULL
        """;

    private const string BlockedSql = """
        WITH stuck AS (
            SELECT payee_account, currency, created_at, last_error, false AS dead
            FROM recon_jobs
            WHERE finished_at IS NULL AND failures > 0
            UNION ALL
            SELECT payee_account, currency, created_at, last_error, true
            FROM recon_jobs
            WHERE buried_at IS NOT NULL
        )
        SELECT payee_account AS account_id, currency,
            count(*) FILTER (WHERE NOT dead) AS delayed,
            count(*) FILTER (WHERE dead) AS dead,
            min(created_at) AS oldest_created_at,
            (array_agg(last_error ORDER BY created_at))[1] AS last_error,
            count(*) OVER () AS accounts
        FROM stuck
        GROUP BY payee_account, currency
        ORDER BY min(created_at), payee_account
        LIMIT 20
        """;

    private sealed record Blocked(
        string AccountId, string Currency, long Delayed, long Dead, DateTimeOffset OldestCreatedAt, string? LastError,
        long Accounts);
}

/// <summary>Jobs by what may happen to them next.</summary>
internal sealed record JobCounts(long Ready, long InFlight, long Delayed, long Dead, double? OldestReadyAgeSeconds);

/// <summary>What was counted, and when.</summary>
internal sealed record QueueCounts(
    long Ready,
    long InFlight,
    long Delayed,
    long Dead,
    double? OldestReadyAgeSeconds,
    BlockedAccountsAnswer BlockedAccounts,
    DateTimeOffset At);
