using Payments.Ledger.Reconciliation;
using Payments.Testing;
using Recon.Worker.Reconciliation;

namespace Recon.Worker.Tests.Reconciliation;

/// <summary>Looks at a database that find what the test says, an hour after each other.</summary>
internal sealed class RecordedLooks : IAsyncLifetime
{
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);

    private int _looks;

    public TestDatabase Database { get; } = new();

    public RecordBreaks Record { get; } = new(new DueTimes());

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => Database.InitializeAsync();

    public ValueTask DisposeAsync() => Database.DisposeAsync();

    public static Break Broken(string key, decimal actual = 140, string severity = "low") =>
        new("balance_mismatch", key, $"Break {key}.", severity)
        {
            Currency = "USD",
            Expected = 100,
            Actual = actual,
            AccountName = "ACC-001",
        };

    public SightingContext Context(BreakScope scope) => new(
        Guid.CreateVersion7(), CheckType.LedgerConsistency, scope, Start.AddHours(Interlocked.Increment(ref _looks)));

    /// <summary>Records what a run found and returns its id.</summary>
    public async Task<Guid> RunAsync(params Break[] breaks)
    {
        var context = Context(BreakScope.OfRun);
        await RecordAsync(context, new CheckResult([], breaks, breaks.Length));
        return context.ReportId;
    }

    public Task<RecordedBreaks> RecordAsync(BreakScope scope, params Break[] breaks) =>
        RecordAsync(Context(scope), new CheckResult([], breaks, breaks.Length));

    public async Task<RecordedBreaks> RecordAsync(SightingContext context, CheckResult result)
    {
        await using var connection = await Database.App.OpenConnectionAsync(Cancel);
        await using var transaction = await connection.BeginTransactionAsync(Cancel);
        var recorded = await Record.RecordAsync(connection, context, result, Cancel);
        await transaction.CommitAsync(Cancel);
        return recorded;
    }

    public Task<int> ResolveAsync(string key) => Database.ExecuteAsync("""
        UPDATE reconciliation_exceptions
        SET status = 'resolved', resolved_at = last_seen_at + interval '1 minute', resolved_difference = difference,
            resolved_by = 'someone'
        WHERE break_key = @key
        """, new { key });

    public Task<int> AddTargetAsync() => Database.ExecuteAsync("""
        INSERT INTO webhook_targets (id, url, created_at, updated_at, created_by)
        VALUES (gen_random_uuid(), 'https://example.com/', now(), now(), 'someone')
        """);

    public async Task<ExceptionRow> ReadAsync(string key) => Assert.Single(await Database.QueryAsync<ExceptionRow>("""
        SELECT status, severity, difference, present, sightings, reopened, version, last_seen_at, due_at,
            first_report_id, last_report_id, resolved_by
        FROM reconciliation_exceptions
        WHERE break_key = @key
        """, new { key }));

    public Task<IReadOnlyList<string>> StoryAsync(string key) => Database.QueryAsync<string>("""
        SELECT v.kind
        FROM reconciliation_exception_events AS v
        JOIN reconciliation_exceptions AS e ON e.id = v.exception_id
        WHERE e.break_key = @key
        ORDER BY v.number
        """, new { key });

    /// <param name="rows">A table with its conditions, or a query in brackets.</param>
    public Task<long> CountAsync(string rows) => Database.ScalarAsync<long>("SELECT count(1) FROM " + rows);
}

/// <summary>An exception as it is stored; columns in this order.</summary>
internal sealed record ExceptionRow(
    string Status, string Severity, decimal? Difference, bool Present, int Sightings, int Reopened, int Version,
    DateTimeOffset LastSeenAt, DateTimeOffset DueAt, Guid? FirstReportId, Guid? LastReportId, string? ResolvedBy);
