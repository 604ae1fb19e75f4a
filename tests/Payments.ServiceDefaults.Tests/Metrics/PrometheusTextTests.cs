using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Payments.ServiceDefaults.Tests.Metrics;

public sealed class PrometheusTextTests
{
    [Fact]
    public async Task Names_keep_what_they_say_already_and_gain_what_they_lack()
    {
        await using var service = await TestService.StartAsync();
        var meter = CreateMeter(service, "Payments.Test");
        meter.CreateCounter<long>("reconciliation_runs_total").Add(1);
        meter.CreateCounter<long>("payments.created", "{payment}").Add(1);
        meter.CreateCounter<double>("network.io", "By").Add(1);
        meter.CreateHistogram<double>("reconciliation_run_duration_seconds", "s").Record(1);
        meter.CreateHistogram<double>("queue.wait", "s").Record(1);
        meter.CreateUpDownCounter<long>("active.requests", "{request}").Add(1);
        meter.CreateGauge<double>("disk.use", "%").Record(1);
        meter.CreateGauge<double>("rate", "By/s").Record(1);
        meter.CreateGauge<double>("milliseconds", "ms").Record(1);

        var families = await ScrapeAsync(service);

        Assert.Equal(
            [
                "active_requests gauge", "disk_use_percent gauge", "milliseconds gauge",
                "network_io_bytes_total counter", "payments_created_total counter",
                "queue_wait_seconds histogram", "rate_bytes_per_second gauge",
                "reconciliation_run_duration_seconds histogram", "reconciliation_runs_total counter",
            ],
            families.Values.Where(family => OwnNames.Contains(family.Name)).Select(f => $"{f.Name} {f.Type}"));
    }

    [Fact]
    public async Task Labels_and_help_are_escaped()
    {
        await using var service = await TestService.StartAsync();
        var counter = CreateMeter(service, "Payments.Test")
            .CreateCounter<long>("checks", description: "Back\\slash\nand a second line.");
        counter.Add(3, new("check.type", "a \"quoted\" \\ one\nand more"), new("ok", true), new("1st", 7));

        var family = (await ScrapeAsync(service))["checks_total"];

        Assert.Equal(@"Back\\slash\nand a second line.", family.Help);
        var sample = Assert.Single(family.Samples);
        Assert.Equal("checks_total{_1st=\"7\",check_type=\"a \"quoted\" \\ one\nand more\",ok=\"true\"}", sample.Key);
        Assert.Equal(3, sample.Value);
    }

    [Fact]
    public async Task A_histogram_counts_upwards_to_infinity()
    {
        await using var service = await TestService.StartAsync();
        var histogram = CreateMeter(service, "Payments.Test").CreateHistogram(
            "settle.duration", "s", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.1, 0.5] });
        histogram.Record(0.05, new KeyValuePair<string, object?>("kind", "payment"));
        histogram.Record(0.3, new KeyValuePair<string, object?>("kind", "payment"));
        histogram.Record(9, new KeyValuePair<string, object?>("kind", "payment"));

        var family = (await ScrapeAsync(service))["settle_duration_seconds"];

        Assert.Equal(
            new Dictionary<string, double>(StringComparer.Ordinal)
            {
                ["settle_duration_seconds_bucket{kind=\"payment\",le=\"0.1\"}"] = 1,
                ["settle_duration_seconds_bucket{kind=\"payment\",le=\"0.5\"}"] = 2,
                ["settle_duration_seconds_bucket{kind=\"payment\",le=\"+Inf\"}"] = 3,
                ["settle_duration_seconds_sum{kind=\"payment\"}"] = 9.35,
                ["settle_duration_seconds_count{kind=\"payment\"}"] = 3,
            },
            family.Samples);
    }

    [Fact]
    public async Task Counters_keep_counting_between_scrapes_and_gauges_are_read_anew()
    {
        await using var service = await TestService.StartAsync();
        var meter = CreateMeter(service, "Payments.Test");
        var depth = 5;
        var counter = meter.CreateCounter<long>("jobs");
        meter.CreateObservableGauge("depth", () => depth);
        counter.Add(1);
        await ScrapeAsync(service);

        counter.Add(2);
        depth = 4;
        var families = await ScrapeAsync(service);

        Assert.Equal(3, families["jobs_total"].Samples["jobs_total"]);
        Assert.Equal(4, families["depth"].Samples["depth"]);
    }

    [Fact]
    public async Task One_name_of_two_meters_is_one_family_that_tells_them_apart()
    {
        await using var service = await TestService.StartAsync();
        CreateMeter(service, "Payments.One").CreateCounter<long>("retries").Add(1);
        CreateMeter(service, "Payments.Two").CreateCounter<long>("retries").Add(2);
        CreateMeter(service, "Payments.Two").CreateGauge<long>("retries_total").Record(9);

        var family = (await ScrapeAsync(service))["retries_total"];

        Assert.Equal(
            ["retries_total{otel_scope_name=\"Payments.One\"}", "retries_total{otel_scope_name=\"Payments.Two\"}"],
            family.Samples.Keys);
    }

    [Fact]
    public async Task Requests_the_runtime_and_own_meters_are_measured_in_a_stable_order()
    {
        await using var service = await TestService.StartAsync(map: app => app.MapGet("/payments/{id}", () => "one"));

        // A request is measured after its answer; the connection takes the second one only then.
        await service.Client.GetStringAsync("/payments/1", TestContext.Current.CancellationToken);
        await service.Client.GetStringAsync("/payments/2", TestContext.Current.CancellationToken);

        var families = await ScrapeAsync(service);

        Assert.Contains("dotnet_process_memory_working_set_bytes", families.Keys);
        Assert.Contains("kestrel_active_connections", families.Keys);
        Assert.Contains(
            families["http_server_request_duration_seconds"].Samples.Keys,
            series => series.Contains("http_route=\"/payments/{id}\"", StringComparison.Ordinal));
        Assert.Equal(families.Keys.Order(StringComparer.Ordinal), families.Keys);
    }

    private static readonly HashSet<string> OwnNames = new(StringComparer.Ordinal)
    {
        "active_requests", "disk_use_percent", "milliseconds", "network_io_bytes_total", "payments_created_total",
        "queue_wait_seconds", "rate_bytes_per_second", "reconciliation_run_duration_seconds",
        "reconciliation_runs_total",
    };

    private static Meter CreateMeter(TestService service, string name) =>
        service.App.Services.GetRequiredService<IMeterFactory>().Create(name);

    private static async Task<Dictionary<string, PrometheusFamily>> ScrapeAsync(TestService service)
    {
        using var scraper = new HttpClient();
        return PrometheusParser.Parse(
            await scraper.GetStringAsync(service.MetricsAddress, TestContext.Current.CancellationToken));
    }
}
