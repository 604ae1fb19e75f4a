using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Payments.Ledger.Reconciliation;
using Payments.Testing;
using Recon.Worker.Reconciliation;
using Recon.Worker.Tests.Duties;

namespace Recon.Worker.Tests.Reconciliation;

public sealed class ReconciliationSchedulerTests : IAsyncLifetime
{
    private readonly TestDatabase _database = new();
    private readonly SetClock _clock = new(At("2026-03-01T10:20Z"));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => _database.InitializeAsync();

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    [Fact]
    public async Task A_new_system_has_missed_nothing_and_begins_with_the_next_slot()
    {
        await using var worker = new TestDuties(_database);
        using var scheduler = Scheduler(worker);

        Assert.Equal(0, await scheduler.RunOnceAsync(Cancel));
        Assert.Empty(await SlotsAsync());

        _clock.Now = At("2026-03-01T11:00Z");
        Assert.Equal(1, await scheduler.RunOnceAsync(Cancel));
        Assert.Equal(0, await scheduler.RunOnceAsync(Cancel));
        Assert.Equal(["hourly 2026-03-01 11:00"], await SlotsAsync());
    }

    [Fact]
    public async Task However_many_instances_run_each_slot_is_given_out_once_and_has_one_duty()
    {
        await using var worker = new TestDuties(_database);
        var schedulers = Enumerable.Range(0, 8).Select(_ => Scheduler(worker)).ToArray();
        foreach (var now in new[] { "2026-03-01T10:20Z", "2026-03-01T11:00Z", "2026-03-02T02:00:01Z" })
        {
            _clock.Now = At(now);
            await Task.WhenAll(schedulers.Select(scheduler => scheduler.RunOnceAsync(Cancel)));
        }

        Assert.Equal(
            ["daily 2026-03-02 02:00", "hourly 2026-03-01 11:00", "hourly 2026-03-02 02:00"], await SlotsAsync());
        Assert.Equal(
            [
                "reconciliation.run.daily.2026-03-02T02:00:00Z", "reconciliation.run.hourly.2026-03-01T11:00:00Z",
                "reconciliation.run.hourly.2026-03-02T02:00:00Z",
            ],
            await _database.QueryAsync<string>("SELECT name FROM duties ORDER BY name"));
        Array.ForEach(schedulers, scheduler => scheduler.Dispose());
    }

    [Fact]
    public async Task A_worker_whose_clock_is_ahead_gives_out_no_slot_that_is_still_to_come()
    {
        await using var worker = new TestDuties(_database);
        using var scheduler = Scheduler(worker);
        var now = TimeProvider.System.GetUtcNow();

        _clock.Now = now.AddDays(1);
        Assert.Equal(0, await scheduler.RunOnceAsync(Cancel));
        Assert.Equal(0, await _database.ScalarAsync<long>("SELECT count(*) FROM reconciliation_schedule"));

        _clock.Now = now.AddHours(-2);
        await scheduler.RunOnceAsync(Cancel);
        _clock.Now = now.AddDays(1);
        Assert.Equal(0, await scheduler.RunOnceAsync(Cancel));
        Assert.Empty(await SlotsAsync());

        // Set right, it goes on as if it had never been wrong.
        _clock.Now = now;
        await scheduler.RunOnceAsync(Cancel);
        Assert.Contains(
            string.Create(CultureInfo.InvariantCulture, $"hourly {now.UtcDateTime:yyyy-MM-dd HH}:00"),
            await SlotsAsync());
    }

    [Fact]
    public async Task After_an_outage_the_latest_slot_that_was_missed_is_made_up_for_and_not_all_of_them()
    {
        await using var worker = new TestDuties(_database);
        using (var before = Scheduler(worker))
        {
            await before.RunOnceAsync(Cancel);
        }

        _clock.Now = At("2026-03-04T07:31Z");
        using var after = Scheduler(worker);
        await after.RunOnceAsync(Cancel);

        Assert.Equal(["daily 2026-03-04 02:00", "hourly 2026-03-04 07:00"], await SlotsAsync());
    }

    [Fact]
    public async Task A_slot_that_somebody_queued_already_is_not_queued_again()
    {
        await using var worker = new TestDuties(_database);
        using var scheduler = Scheduler(worker);
        await scheduler.RunOnceAsync(Cancel);
        _clock.Now = At("2026-03-01T11:00Z");
        await using (var connection = await _database.App.OpenConnectionAsync(Cancel))
        {
            await StartRun.ExecuteAsync(
                connection, new NewRun(Guid.CreateVersion7(), RunType.Hourly, _clock.Now, "hand", _clock.Now), Cancel);
        }

        Assert.Equal(0, await scheduler.RunOnceAsync(Cancel));

        Assert.Equal(["hourly 2026-03-01 11:00"], await SlotsAsync());
        Assert.Equal(1, await _database.ScalarAsync<long>("SELECT count(*) FROM duties"));
    }

    [Fact]
    public async Task On_the_days_when_clocks_change_the_daily_run_is_queued_once()
    {
        await using var worker = new TestDuties(_database);
        var berlin = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");
        foreach (var day in new[] { "2026-03-28T12:00Z", "2026-10-24T12:00Z" })
        {
            await _database.ExecuteAsync("DELETE FROM reconciliation_schedule");
            for (var minutes = 0; minutes <= 48 * 60; minutes += 30)
            {
                _clock.Now = At(day).AddMinutes(minutes);
                using var scheduler = Scheduler(worker, options => options.TimeZone = berlin);
                await scheduler.RunOnceAsync(Cancel);
            }
        }

        Assert.Equal(
            [
                "daily 2026-03-29 01:00", "daily 2026-03-30 00:00", "daily 2026-10-25 00:00",
                "daily 2026-10-26 01:00",
            ],
            (await SlotsAsync()).Where(slot => slot.StartsWith("daily", StringComparison.Ordinal)));
    }

    private ReconciliationScheduler Scheduler(
        TestDuties worker, Action<ReconciliationOptions>? configure = null)
    {
        var options = new ReconciliationOptions();
        configure?.Invoke(options);
        return new ReconciliationScheduler(
            worker.Sessions, options, _clock, NullLogger<ReconciliationScheduler>.Instance);
    }

    private Task<IReadOnlyList<string>> SlotsAsync() => _database.QueryAsync<string>("""
        SELECT run_type || ' ' || to_char(slot AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI')
        FROM reconciliation_reports
        ORDER BY run_type, slot
        """);

    private static DateTimeOffset At(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);
}
