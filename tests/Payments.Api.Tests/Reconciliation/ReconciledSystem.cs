namespace Payments.Api.Tests.Reconciliation;

/// <summary>An API whose database holds runs, checks and exceptions as a worker would have written them.</summary>
public sealed class ReconciledSystem : IAsyncLifetime
{
    private const string Key = "key-of-the-controller";

    private readonly ApiFixture _fixture = new();

    public TestDatabase Database => _fixture.Database;

    public ApiServer Api => _fixture.Api;

    /// <summary>Presents a key that may reconcile.</summary>
    public HttpClient Client { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        await _fixture.InitializeAsync();
        await TestKeys.AddAsync(
            Database, "controller", Key, ["reconciliation:admin", "payments:read", "payments:write"]);
        Client = Api.CreateClient(Key);
    }

    /// <summary>A report that was made on this day, at this minute of it; returns its id.</summary>
    public async Task<Guid> AddReportAsync(
        DateTimeOffset createdAt, string runType = "manual", string status = "completed", string? error = null)
    {
        var id = Guid.CreateVersion7(createdAt);
        await Database.ExecuteAsync(
            """
            INSERT INTO reconciliation_reports (id, slot, created_at, started_at, completed_at, milliseconds,
                total_checks, passed_checks, failed_checks, inconclusive_checks, exceptions_count, run_type, status,
                requested_by, error_message)
            SELECT @id, CASE WHEN @runType <> 'manual' THEN @createdAt END, @createdAt, @createdAt,
                CASE WHEN @over THEN @createdAt + interval '1500 ms' END, CASE WHEN @over THEN 1500 END, 3, 1, 1, 1, 2,
                @runType, @status, CASE WHEN @runType = 'manual' THEN 'controller' ELSE 'schedule' END, @error
            """,
            new { id, createdAt, runType, status, error, over = status is "completed" or "failed" });
        return id;
    }

    /// <summary>A check of a report, which compared 50.00 USD and 40 JPY; returns its id.</summary>
    public async Task<Guid> AddCheckAsync(
        Guid report, DateTimeOffset createdAt, string checkType, string status, long difference = 0,
        long milliseconds = 20)
    {
        var id = Guid.CreateVersion7(createdAt);
        await Database.ExecuteAsync(
            """
            INSERT INTO reconciliation_checks (id, report_id, created_at, started_at, completed_at, milliseconds,
                expected, actual, difference, items_checked, items_found, check_type, currency, passed, status, reason,
                totals)
            SELECT @id, @report, @createdAt, @createdAt, @createdAt + @milliseconds * interval '1 ms', @milliseconds,
                5000, 5000 + @difference, @difference, 7, CASE @status WHEN 'failed' THEN 2 ELSE 0 END, @checkType,
                'USD', CASE @status WHEN 'passed' THEN true WHEN 'failed' THEN false END, @status,
                CASE @status WHEN 'failed' THEN '=2 breaks' END,
                jsonb_build_array(
                    jsonb_build_object('currency', 'USD', 'expected', '5000', 'actual', (5000 + @difference)::text,
                        'difference', @difference::text),
                    jsonb_build_object('currency', 'JPY', 'expected', '40', 'actual', '40', 'difference', '0'))
            """,
            new { id, report, createdAt, checkType, status, difference, milliseconds });
        return id;
    }

    /// <summary>An exception that a report saw; returns its number.</summary>
    public Task<long> AddExceptionAsync(Guid report, string key, string severity = "medium") =>
        Database.ScalarAsync<long>(
            """
            WITH opened AS (
                INSERT INTO reconciliation_exceptions (id, created_at, first_seen_at, last_seen_at, due_at, updated_at,
                    check_type, break_key, kind, severity, description, difference, currency, account_name)
                VALUES (gen_random_uuid(), now(), now(), now(), now(), now(), 'deposits', @key, 'missing_entries',
                    @severity, 'An entry is missing.', -99, 'USD', 'ACC-1')
                RETURNING id, number
            ), seen AS (
                INSERT INTO reconciliation_sightings (exception_id, report_id, seen_at, difference)
                SELECT id, @report, now(), -1250 FROM opened
            )
            SELECT number FROM opened
            """,
            new { report, key, severity });

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _fixture.DisposeAsync();
    }
}
