using Payments.Ledger.Duties;
using Payments.Testing;
using Recon.Worker.Duties;

namespace Recon.Worker.Tests.Duties;

public sealed class DutyLoopTests : IAsyncLifetime
{
    private const string Short = "test.short";
    private const string Long = "test.long";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly TestDatabase _database = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => _database.InitializeAsync();

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    [Fact]
    public async Task A_new_duty_wakes_a_worker_that_would_not_look_for_a_minute()
    {
        await using var worker = new TestDuties(_database, options => options.PollSeconds = 60);
        var done = new SemaphoreSlim(0);
        using var loop = worker.Loop(new ScriptedDuty(Short, (_, _) => Finish(done)));
        using var hearing = worker.HearingOf(loop);
        await hearing.StartAsync(Cancel);
        await loop.StartAsync(Cancel);

        for (var i = 0; i < 3; i++)
        {
            await _database.AddDutyAsync(Short);
            Assert.True(await done.WaitAsync(Patience, Cancel));
        }

        await loop.StopAsync(Cancel);
        await hearing.StopAsync(Cancel);
    }

    [Fact]
    public async Task A_duty_whose_notification_was_lost_is_found_by_the_poll()
    {
        await using var worker = new TestDuties(_database, options => options.PollSeconds = 0.05);
        var done = new SemaphoreSlim(0);
        using var loop = worker.Loop(new ScriptedDuty(Short, (_, _) => Finish(done)));
        await loop.StartAsync(Cancel);

        await _database.ExecuteAsync(
            "INSERT INTO duties (id, kind, arguments) VALUES (gen_random_uuid(), @Short, '{}')", new { Short });

        Assert.True(await done.WaitAsync(Patience, Cancel));
        await loop.StopAsync(Cancel);
    }

    [Fact]
    public async Task A_duty_whose_row_cannot_be_read_keeps_no_other_from_being_done()
    {
        await using var worker = new TestDuties(_database, options => options.PollSeconds = 0.05);
        var unreadable = await _database.AddDutyAsync(Short);
        await _database.ExecuteAsync(
            "UPDATE duties SET created_at = '200000-01-01', available_at = '2020-01-01' WHERE id = @unreadable",
            new { unreadable });
        await _database.AddDutyAsync(Short);
        var done = new SemaphoreSlim(0);
        using var loop = worker.Loop(new ScriptedDuty(Short, (_, _) => Finish(done)));
        await loop.StartAsync(Cancel);

        Assert.True(await done.WaitAsync(Patience, Cancel));
        await loop.StopAsync(Cancel);
    }

    [Fact]
    public async Task A_loop_whose_connections_are_cut_goes_on_unaided()
    {
        await using var worker = new TestDuties(_database, options => options.PollSeconds = 0.05);
        var done = new SemaphoreSlim(0);
        using var loop = worker.Loop(new ScriptedDuty(Short, (_, _) => Finish(done)));
        await loop.StartAsync(Cancel);
        await _database.AddDutyAsync(Short);
        Assert.True(await done.WaitAsync(Patience, Cancel));

        await _database.ExecuteAsync("""
            SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND usename = 'payments_app'
            """);

        await using (var connection = await _database.Superuser.OpenConnectionAsync(Cancel))
        {
            await DutyTable.AddAsync(connection, new NewDuty(Guid.CreateVersion7(), Short, new { }), Cancel);
        }

        Assert.True(await done.WaitAsync(Patience, Cancel));
        await loop.StopAsync(Cancel);
    }

    [Fact]
    public async Task Long_duties_run_one_at_a_time_and_leave_room_for_short_ones()
    {
        await using var worker = new TestDuties(_database, options => options.Parallel = 2);
        var (begun, release, done) = (new SemaphoreSlim(0), new SemaphoreSlim(0), new SemaphoreSlim(0));
        using var loop = worker.Loop(
            new ScriptedDuty(Long, async (_, cancel) =>
            {
                begun.Release();
                await release.WaitAsync(cancel);
                return DutyOutcome.Done;
            })
            {
                IsLong = true,
            },
            new ScriptedDuty(Short, (_, _) => Finish(done)));
        await _database.AddDutyAsync(Long);
        await _database.AddDutyAsync(Long);
        await loop.StartAsync(Cancel);
        Assert.True(await begun.WaitAsync(Patience, Cancel));

        for (var i = 0; i < 3; i++)
        {
            await _database.AddDutyAsync(Short);
            Assert.True(await done.WaitAsync(Patience, Cancel));
        }

        Assert.Equal(0, begun.CurrentCount);
        release.Release();
        Assert.True(await begun.WaitAsync(Patience, Cancel));
        release.Release();
        await _database.UntilAsync("SELECT count(*) = 0 FROM duties WHERE finished_at IS NULL");
        await loop.StopAsync(Cancel);
    }

    [Fact]
    public async Task A_loop_that_stops_hands_everything_back_without_counting_a_failure()
    {
        await using var worker = new TestDuties(_database);
        var begun = new SemaphoreSlim(0);
        using var loop = worker.Loop(new ScriptedDuty(Short, async (_, cancel) =>
        {
            begun.Release();
            await Task.Delay(Timeout.Infinite, cancel);
            return DutyOutcome.Done;
        }));
        var ids = new[] { await _database.AddDutyAsync(Short), await _database.AddDutyAsync(Short) };
        await loop.StartAsync(Cancel);
        Assert.True(await begun.WaitAsync(Patience, Cancel));
        Assert.True(await begun.WaitAsync(Patience, Cancel));

        await loop.StopAsync(Cancel);

        foreach (var id in ids)
        {
            // Twice where a claim that was under way when the loop was stopped found what had just been handed back.
            Assert.Contains(await _database.DutyAsync(id), (string[])["pending 1 0", "pending 2 0"]);
        }

        Assert.True(
            await _database.ScalarAsync<bool>("SELECT bool_and(available_at <= clock_timestamp()) FROM duties"));
    }

    private static Task<DutyOutcome> Finish(SemaphoreSlim done)
    {
        done.Release();
        return Task.FromResult(DutyOutcome.Done);
    }
}
