using System.Text.Json;
using Payments.Testing;
using Recon.Worker.Reconciliation;

namespace Recon.Worker.Tests.Reconciliation;

public sealed class RaiseAlertsTests : IAsyncLifetime
{
    private readonly RecordedLooks _looks = new();

    public async ValueTask InitializeAsync()
    {
        await _looks.InitializeAsync();
        await _looks.AddTargetAsync();
    }

    public ValueTask DisposeAsync() => _looks.DisposeAsync();

    [Fact]
    public async Task High_and_critical_ones_are_told_of_when_they_open_get_worse_or_close_and_not_when_seen_again()
    {
        var opened = await RunAsync(("a", "high"), ("b", "medium"));
        var again = await RunAsync(("a", "high"), ("b", "medium"));
        var worse = await RunAsync(("a", "critical"), ("b", "medium"));
        var closed = await RunAsync(("b", "medium"));
        var back = await RunAsync(("a", "critical"));

        Assert.Equal(["high"], opened.Alerted);
        Assert.Empty(again.Alerted);
        Assert.Equal(["critical"], worse.Alerted);
        Assert.Empty(closed.Alerted);
        Assert.Equal(["critical"], back.Alerted);
        Assert.Equal(
            [
                "reconciliation.exception.opened", "reconciliation.exception.escalated",
                "reconciliation.exception.resolved", "reconciliation.exception.reopened",
            ],
            await _looks.Database.QueryAsync<string>("SELECT type FROM webhook_events ORDER BY created_at, id"));
        Assert.Equal(4, await _looks.CountAsync("duties WHERE kind = 'webhook.deliver'"));
    }

    [Fact]
    public async Task An_alert_has_the_amounts_in_units_and_the_run()
    {
        var run = await _looks.RunAsync(RecordedLooks.Broken("a", actual: 140_000, severity: "critical"));

        var data = JsonDocument.Parse(await _looks.Database.ScalarAsync<string>("SELECT payload FROM webhook_events"))
            .RootElement.GetProperty("data");
        Assert.Equal(
            ("critical", "ledger_consistency", "1.00", "1400.00", "1399.00", "USD", run),
            (Text("severity"), Text("check_type"), Text("expected"), Text("actual"), Text("difference"),
                Text("currency"), data.GetProperty("report_id").GetGuid()));

        string? Text(string name) => data.GetProperty(name).GetString();
    }

    [Fact]
    public async Task A_look_that_opens_thousands_raises_a_bounded_number_of_alerts_the_worst_first()
    {
        var breaks = Enumerable.Range(0, 3_000)
            .Select(i => RecordedLooks.Broken($"k{i}", severity: i >= 2_900 ? "critical" : "high")).ToArray();
        var recorded = await _looks.RecordAsync(BreakScope.OfRun, breaks);

        Assert.Equal(3_000, recorded.New);
        Assert.Equal(RaiseAlerts.Most + 1, await _looks.CountAsync("webhook_events"));
        Assert.Equal(RaiseAlerts.Most + 1, recorded.Alerted.Count(severity => severity == "critical"));
        Assert.Equal(1, await _looks.CountAsync("webhook_events WHERE payload LIKE '%2950 more%'"));
    }

    [Fact]
    public async Task Each_target_is_told_of_each_alert_that_it_wants_in_the_order_of_the_alerts()
    {
        await _looks.AddTargetAsync();
        await _looks.Database.ExecuteAsync("""
            INSERT INTO webhook_targets (id, url, created_at, updated_at, created_by, event_types, enabled,
                disabled_at, disabled_reason)
            VALUES
                (gen_random_uuid(), 'https://example.com/resolved', now(), now(), 'someone',
                    '{reconciliation.exception.resolved}', true, NULL, NULL),
                (gen_random_uuid(), 'https://example.com/off', now(), now(), 'someone', '{}', false, now(), 'Off.')
            """);

        await RunAsync(("b", "high"), ("a", "critical"), ("c", "low"));
        await RunAsync(("c", "low"));

        Assert.Equal(
            ["Break a. 2", "Break b. 2", "The break is gone: Break a. 3", "The break is gone: Break b. 3"],
            await _looks.Database.QueryAsync<string>("""
                SELECT (e.payload::jsonb -> 'data' ->> 'description') || ' ' || count(*)
                FROM webhook_deliveries AS d
                JOIN webhook_events AS e ON e.id = d.event_id
                GROUP BY e.id
                ORDER BY min(d.number)
                """));
    }

    [Fact]
    public async Task All_alerts_of_a_look_take_one_round_trip()
    {
        await TripsAsync(2);

        var one = await TripsAsync(1);
        var many = await TripsAsync(40);

        Assert.Equal(one, many);
        Assert.Equal(43, await _looks.CountAsync("webhook_deliveries"));
    }

    // A look that did not see all closes nothing.
    private Task<int> TripsAsync(int breaks) => RoundTrips.OfAsync(() => _looks.RecordAsync(
        _looks.Context(BreakScope.OfRun),
        new CheckResult(
            [],
            [.. Enumerable.Range(0, breaks).Select(i => RecordedLooks.Broken($"{breaks}/{i}", severity: "high"))],
            breaks)
        {
            MoreBreaks = 1,
        }));

    private Task<RecordedBreaks> RunAsync(params (string Key, string Severity)[] breaks) => _looks.RecordAsync(
        BreakScope.OfRun, [.. breaks.Select(one => RecordedLooks.Broken(one.Key, severity: one.Severity))]);
}
