using System.Globalization;
using Payments.Api.Queue;

namespace Payments.Api.Tests.Queue;

/// <summary>Alone: the metrics of one process are those of all APIs that run in it.</summary>
[CollectionDefinition(nameof(QueueGaugesTests), DisableParallelization = true)]
[Collection(nameof(QueueGaugesTests))]
public sealed class QueueGaugesTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_waits_and_for_how_long_is_measured_without_any_worker()
    {
        await fixture.Database.QueueAsync([.. Enumerable.Range(1, 4).Select(i => new QueuedPayment("ACC-GAUGE", i))]);
        await fixture.Database.ExecuteAsync("""
            UPDATE recon_jobs SET available_at = now() - interval '90 seconds' WHERE amount = 1;
            UPDATE recon_jobs SET status = 'processing', available_at = now() + interval '1 hour' WHERE amount = 2;
            """);
        var port = FreePort.Next();
        await using var api = ApiServer.Start(
            fixture.Database.AppConnectionString, settings: ("Management:Port", $"{port}"));
        await api.Services.GetRequiredService<QueueGauges>().RefreshAsync(Cancel);

        using var scraper = new HttpClient();
        var text = await scraper.GetStringAsync(new Uri($"http://127.0.0.1:{port}/metrics"), Cancel);

        var lines = text.Split('\n');
        Assert.Equal(
            [
                "recon_queue_depth{state=\"dead\"} 0",
                "recon_queue_depth{state=\"delayed\"} 0",
                "recon_queue_depth{state=\"in_flight\"} 1",
                "recon_queue_depth{state=\"ready\"} 3",
            ],
            lines.Where(line => line.StartsWith("recon_queue_depth", StringComparison.Ordinal))
                .Order(StringComparer.Ordinal));
        var age = lines.Single(
            line => line.StartsWith("recon_queue_oldest_ready_age_seconds ", StringComparison.Ordinal));
        Assert.InRange(double.Parse(age.Split(' ')[1], CultureInfo.InvariantCulture), 90, 200);
    }
}
