using Payments.Testing;

namespace Recon.Worker.Tests.Reconciliation;

/// <summary>Alone: one worker of a process that ends takes the metrics of the others with it.</summary>
[CollectionDefinition(nameof(RunMetricsTests), DisableParallelization = true)]
[Collection(nameof(RunMetricsTests))]
public sealed class RunMetricsTests : IAsyncLifetime
{
    private static readonly string[] Names =
    [
        "reconciliation_alerts_total counter", "reconciliation_checks_failed_total counter",
        "reconciliation_checks_passed_total counter", "reconciliation_checks_total counter",
        "reconciliation_exceptions_total counter", "reconciliation_run_duration_seconds histogram",
        "reconciliation_runs_total counter",
    ];

    private readonly TestDatabase _database = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => _database.InitializeAsync();

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    [Fact]
    public async Task A_worker_that_has_buried_nothing_says_so_and_the_first_dead_letter_is_an_increase()
    {
        var port = FreePort.Next();
        await using var worker = new ReconcilingWorker(
            _database, ("Reconciliation:Enabled", "false"), ("Management:Port", $"{port}"));
        worker.CreateClient();

        using var scraper = new HttpClient();
        var text = await scraper.GetStringAsync(new Uri($"http://127.0.0.1:{port}/metrics"), Cancel);

        Assert.All(["payment", "transfer", "refund"], kind => Assert.Contains(
            $$"""recon_jobs_dead_total{kind="{{kind}}"} """, text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_exception_that_is_opened_has_a_line_in_the_log_with_its_severity()
    {
        await _database.ExecuteAsync("INSERT INTO accounts (name, currency, balance) VALUES ('ACC-BROKEN', 'USD', 5)");
        await using var worker = new ReconcilingWorker(_database, ("Reconciliation:Enabled", "false"));
        worker.CreateClient();

        await _database.UntilAsync("SELECT EXISTS (SELECT FROM reconciliation_exceptions)");

        foreach (var (id, severity, check) in await _database.QueryAsync<(Guid, string, string)>(
            "SELECT id, severity, check_type FROM reconciliation_exceptions"))
        {
            await worker.Said.WaitForAsync($"Exception {id} opened: {severity} {check} ");
        }
    }

    [Fact]
    public async Task A_manual_run_is_made_while_the_queue_is_paused_and_the_schedule_off_and_is_measured_by_its_names()
    {
        await _database.ExecuteAsync("UPDATE queue_control SET paused_at = now(), paused_by = 'tester'");
        var port = FreePort.Next();
        await using var worker = new ReconcilingWorker(
            _database, ("Reconciliation:Enabled", "false"), ("Management:Port", $"{port}"));
        worker.CreateClient();
        await RequestRun.ExecuteAsync(_database, Cancel);

        await worker.Said.WaitForAsync("Reconciliation completed run_type=manual");

        using var scraper = new HttpClient();
        var text = await scraper.GetStringAsync(new Uri($"http://127.0.0.1:{port}/metrics"), Cancel);
        Assert.Equal(
            Names.Order(StringComparer.Ordinal),
            text.Split('\n').Where(line => line.StartsWith("# TYPE reconciliation_", StringComparison.Ordinal))
                .Select(line => line["# TYPE ".Length..]).Intersect(Names).Order(StringComparer.Ordinal));
        Assert.Matches(
            """reconciliation_runs_total\{run_type="manual",status="completed"\} [1-9]""", text);
        Assert.Matches("""reconciliation_runs_total\{run_type="daily",status="failed"\} 0""", text);
        Assert.Matches("""reconciliation_run_duration_seconds_count\{run_type="manual"\} [1-9]""", text);
        Assert.Contains("reconciliation_checks_total{check_type=\"circle_balance\"} ", text, StringComparison.Ordinal);
        Assert.Contains(
            "reconciliation_exceptions_total{check_type=\"deposits\",severity=\"high\"} ", text,
            StringComparison.Ordinal);
        Assert.Contains(
            "reconciliation_alerts_total{check_type=\"deposits\",severity=\"critical\"} ", text,
            StringComparison.Ordinal);
    }
}
