using Payments.Api.Reconciliation;

namespace Payments.Api.Tests.Reconciliation;

/// <summary>Alone: the metrics of one process are those of all APIs that run in it.</summary>
[CollectionDefinition(nameof(UnresolvedExceptionsTests), DisableParallelization = true)]
[Collection(nameof(UnresolvedExceptionsTests))]
public sealed class UnresolvedExceptionsTests(ReconciledSystem system) : IClassFixture<ReconciledSystem>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Unresolved_exceptions_are_measured_by_severity_also_those_of_which_there_are_none()
    {
        var report = await system.AddReportAsync(TimeProvider.System.GetUtcNow());
        await system.AddExceptionAsync(report, "one", "critical");
        await system.AddExceptionAsync(report, "two", "critical");
        await system.AddExceptionAsync(report, "three", "low");
        await system.AddExceptionAsync(report, "four", "high");
        await system.Database.ExecuteAsync("""
            UPDATE reconciliation_exceptions SET status = 'resolved', resolved_at = now() WHERE break_key = 'four'
            """);
        var port = FreePort.Next();
        await using var api = ApiServer.Start(
            system.Database.AppConnectionString, settings: ("Management:Port", $"{port}"));
        await api.Services.GetRequiredService<UnresolvedExceptions>().RefreshAsync(Cancel);

        using var scraper = new HttpClient();
        var text = await scraper.GetStringAsync(new Uri($"http://127.0.0.1:{port}/metrics"), Cancel);

        Assert.Equal(
            [
                "reconciliation_exceptions_unresolved{severity=\"critical\"} 2",
                "reconciliation_exceptions_unresolved{severity=\"high\"} 0",
                "reconciliation_exceptions_unresolved{severity=\"low\"} 1",
                "reconciliation_exceptions_unresolved{severity=\"medium\"} 0",
            ],
            text.Split('\n').Where(line =>
                line.StartsWith("reconciliation_exceptions_unresolved", StringComparison.Ordinal)));
        Assert.Contains("# TYPE reconciliation_exceptions_unresolved gauge\n", text, StringComparison.Ordinal);
    }
}
