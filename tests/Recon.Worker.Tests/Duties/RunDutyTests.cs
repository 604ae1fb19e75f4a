using Dapper;
using Npgsql;
using Payments.Testing;
using Recon.Worker.Duties;

namespace Recon.Worker.Tests.Duties;

public sealed class RunDutyTests : IAsyncLifetime
{
    private const string Kind = "test.work";

    private readonly TestDatabase _database = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await _database.InitializeAsync();
        await _database.ExecuteAsync("CREATE TABLE marks (note text); GRANT INSERT ON marks TO payments_app");
    }

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    [Fact]
    public async Task A_duty_that_is_done_is_completed()
    {
        await using var worker = new TestDuties(_database);
        var id = await _database.AddDutyAsync(Kind);

        Assert.True(await worker.RunOneAsync(Scripted((_, _) => Task.FromResult(DutyOutcome.Done)), Cancel));

        Assert.Equal("completed 1 0", await _database.DutyAsync(id));
        Assert.False(await worker.RunOneAsync(Scripted((_, _) => Task.FromResult(DutyOutcome.Done)), Cancel));
    }

    [Fact]
    public async Task A_duty_that_wants_to_go_on_later_is_due_then_and_has_not_failed()
    {
        await using var worker = new TestDuties(_database);
        var id = await _database.AddDutyAsync(Kind);

        await worker.RunOneAsync(
            Scripted((_, _) => Task.FromResult(DutyOutcome.Later(TimeSpan.FromMinutes(5)))), Cancel);

        Assert.Equal("pending 1 0", await _database.DutyAsync(id));
        Assert.InRange(
            await _database.ScalarAsync<double>(
                "SELECT extract(epoch FROM available_at - clock_timestamp()) FROM duties WHERE id = @id", new { id }),
            250, 300);
    }

    [Fact]
    public async Task A_lease_is_kept_alive_for_as_long_as_the_duty_runs()
    {
        await using var worker = new TestDuties(_database, options => options.LeaseSeconds = 1);
        await using var other = new TestDuties(_database);
        var id = await _database.AddDutyAsync(Kind);

        await worker.RunOneAsync(
            Scripted(async (duty, _) =>
            {
                await _database.UntilAsync(
                    "SELECT available_at > locked_at + interval '3 seconds' FROM duties WHERE id = @id", new { id });
                Assert.Null(await other.Held.ClaimAsync([Kind], Cancel));
                return DutyOutcome.Done;
            }),
            Cancel);

        Assert.Equal("completed 1 0", await _database.DutyAsync(id));
    }

    [Fact]
    public async Task A_handler_whose_lease_was_lost_is_stopped_and_its_failure_is_not_the_duty_s()
    {
        await using var slow = new TestDuties(_database, options => options.LeaseSeconds = 1);
        await using var heir = new TestDuties(_database);
        var id = await _database.AddDutyAsync(Kind);
        var stopped = false;

        await slow.RunOneAsync(
            Scripted(async (_, cancel) =>
            {
                await _database.EndLeaseAsync(id);
                Assert.NotNull(await heir.Held.ClaimAsync([Kind], Cancel));
                await Task.Delay(Timeout.Infinite, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                stopped = true;
                throw new InvalidOperationException("What the stop broke.");
            }),
            Cancel);

        Assert.True(stopped);
        Assert.Equal("processing 2 1", await _database.DutyAsync(id));
    }

    [Fact]
    public async Task A_failure_is_tried_again_after_a_wait_that_doubles_up_to_the_longest()
    {
        await using var worker = new TestDuties(_database, options =>
        {
            options.RetryDelaySeconds = 1_000;
            options.RetryDelayMaxSeconds = 3_000;
        });
        var id = await _database.AddDutyAsync(Kind);
        var waits = new List<double>();
        for (var i = 0; i < 6; i++)
        {
            await worker.RunOneAsync(Failing("not today", limit: 10), Cancel);
            waits.Add(await _database.ScalarAsync<double>(
                "SELECT extract(epoch FROM available_at - clock_timestamp()) FROM duties WHERE id = @id", new { id }));
            await _database.EndLeaseAsync(id);
        }

        Assert.Equal("pending 6 6", await _database.DutyAsync(id));
        Assert.Equal("not today", await _database.ScalarAsync<string>("SELECT last_error FROM duties"));
        Assert.All(waits.Index(), wait => Assert.InRange(
            wait.Item, -1, Math.Min(3_000, 1_000 * Math.Pow(2, wait.Index))));
        Assert.Contains(waits, wait => wait > 1_000);
    }

    [Fact]
    public async Task At_the_limit_it_is_buried_and_marked_as_failed_in_one_transaction()
    {
        await using var worker = new TestDuties(_database);
        var id = await _database.AddDutyAsync(Kind);
        await FailTwiceAsync(worker, id);

        var buried = Failing("for good", Mark);
        await worker.RunOneAsync(buried, Cancel);

        Assert.Equal("dead 3 3", await _database.DutyAsync(id));
        Assert.Equal(["for good"], await _database.QueryAsync<string>("SELECT note FROM marks"));
        await _database.EndLeaseAsync(id);
        Assert.False(await worker.RunOneAsync(buried, Cancel));
    }

    [Fact]
    public async Task While_the_mark_cannot_be_written_it_is_not_buried_either()
    {
        await using var worker = new TestDuties(_database);
        var id = await _database.AddDutyAsync(Kind);
        await FailTwiceAsync(worker, id);

        var unmarked = Failing("for good", async (connection, duty, error) =>
        {
            await Mark(connection, duty, error);
            throw new InvalidOperationException("The mark failed.");
        });
        await Assert.ThrowsAsync<InvalidOperationException>(() => worker.RunOneAsync(unmarked, Cancel));

        Assert.Equal("processing 3 2", await _database.DutyAsync(id));
        Assert.Equal(0, await _database.ScalarAsync<long>("SELECT count(*) FROM marks"));
    }

    [Fact]
    public async Task A_duty_with_which_workers_disappeared_too_often_is_buried_and_not_run_again()
    {
        await using var worker = new TestDuties(_database);
        var id = await _database.AddDutyAsync(Kind);
        for (var i = 0; i < 3; i++)
        {
            await worker.Held.ClaimAsync([Kind], Cancel);
            await _database.EndLeaseAsync(id);
        }

        var handler = new ScriptedDuty(Kind, (_, _) => throw new InvalidOperationException("It ran."))
        {
            Buried = Mark,
        };
        await worker.RunOneAsync(handler, Cancel);

        Assert.Equal("dead 4 3", await _database.DutyAsync(id));
        Assert.Equal(["Its worker disappeared."], await _database.QueryAsync<string>("SELECT note FROM marks"));
    }

    [Fact]
    public async Task A_duty_whose_arguments_cannot_be_read_goes_to_the_dead_letters_like_any_other()
    {
        await using var worker = new TestDuties(_database);
        var id = await _database.AddDutyAsync(Kind);
        await _database.ExecuteAsync("UPDATE duties SET arguments = '{\"amount\": \"much\"}'");

        await worker.RunOneAsync(
            Failing("unreadable", (_, duty, _) => Task.FromResult(duty.Read<Told>()), limit: 1), Cancel);

        Assert.Equal("dead 1 1", await _database.DutyAsync(id));
    }

    [Fact]
    public async Task An_outage_of_the_database_counts_for_nothing_and_a_statement_that_takes_too_long_does()
    {
        await using var worker = new TestDuties(_database);
        var id = await _database.AddDutyAsync(Kind);
        await worker.RunOneAsync(
            Scripted(async (_, cancel) =>
            {
                await using var connection = await worker.Sessions.OpenAsync(cancel);
                await connection.ExecuteAsync("SELECT pg_terminate_backend(pg_backend_pid())");
                return DutyOutcome.Done;
            }),
            Cancel);
        Assert.Equal("pending 1 0", await _database.DutyAsync(id));

        await _database.EndLeaseAsync(id);
        await worker.RunOneAsync(
            Scripted(async (_, cancel) =>
            {
                await using var connection = await worker.Sessions.OpenAsync(cancel);
                await connection.ExecuteAsync("SELECT pg_sleep(30)", commandTimeout: 1);
                return DutyOutcome.Done;
            }),
            Cancel);
        Assert.Equal("pending 2 1", await _database.DutyAsync(id));
    }

    [Fact]
    public async Task An_outage_that_lasts_when_the_duty_is_handed_back_counts_for_nothing_either()
    {
        var waits = 0;
        var clock = new PauseClock(async () =>
        {
            if (++waits == 2)
            {
                await LimitSessionsAsync(-1);
            }
        });
        await using var worker = new TestDuties(_database, clock: clock);
        var id = await _database.AddDutyAsync(Kind);

        await worker.RunOneAsync(
            Scripted(async (_, cancel) =>
            {
                await LimitSessionsAsync(0);
                await using var connection = await worker.Sessions.OpenAsync(cancel);
                await connection.ExecuteAsync("SELECT 1");
                return DutyOutcome.Done;
            }),
            Cancel);

        Assert.Equal("pending 1 0", await _database.DutyAsync(id));
        Assert.Equal(2, waits);
    }

    [Fact]
    public async Task A_worker_that_stops_hands_its_duty_back_at_once_and_unharmed()
    {
        await using var worker = new TestDuties(_database);
        var id = await _database.AddDutyAsync(Kind);
        using var stopping = new CancellationTokenSource();

        await worker.RunOneAsync(
            Scripted(async (_, cancel) =>
            {
                await stopping.CancelAsync();
                await Task.Delay(Timeout.Infinite, cancel);
                return DutyOutcome.Done;
            }),
            stopping.Token);

        Assert.Equal("pending 1 0", await _database.DutyAsync(id));
        Assert.True(await worker.RunOneAsync(Scripted((_, _) => Task.FromResult(DutyOutcome.Done)), Cancel));
    }

    // Of none, the database is away for the services: what they have is ended, and nothing is opened.
    private Task<int> LimitSessionsAsync(int most) => _database.ExecuteAsync($"""
        ALTER DATABASE {_database.Name} CONNECTION LIMIT {most};
        SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity
        WHERE datname = current_database() AND usename = 'payments_app' AND {most} = 0
        """);

    private static Task Mark(NpgsqlConnection connection, Duty duty, string error) =>
        connection.ExecuteAsync("INSERT INTO marks (note) VALUES (@error)", new { error });

    private async Task FailTwiceAsync(TestDuties worker, Guid? id)
    {
        for (var i = 0; i < 2; i++)
        {
            await _database.EndLeaseAsync(id);
            Assert.True(await worker.RunOneAsync(Failing("not yet", Mark), Cancel));
        }

        await _database.EndLeaseAsync(id);
        Assert.Equal("pending 2 2", await _database.DutyAsync(id));
    }

    private static ScriptedDuty Scripted(Func<Duty, CancellationToken, Task<DutyOutcome>> script) => new(Kind, script);

    private static ScriptedDuty Failing(
        string error, Func<NpgsqlConnection, Duty, string, Task>? buried = null, int limit = 3) =>
        new(Kind, (_, _) => throw new InvalidOperationException(error))
        {
            FailureLimit = limit,
            Buried = buried ?? ((_, _, _) => Task.CompletedTask),
        };

    private sealed record Told(int Amount);

    /// <summary>A clock on which short waits last until what the test does meanwhile is done.</summary>
    private sealed class PauseClock(Func<Task> meanwhile) : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            if (dueTime > TimeSpan.FromSeconds(1))
            {
                return base.CreateTimer(callback, state, dueTime, period);
            }

            _ = Task.Run(async () =>
            {
                try
                {
                    await meanwhile();
                }
                finally
                {
                    callback(state);
                }
            });
            return new Timer(static _ => { }, null, Timeout.Infinite, Timeout.Infinite);
        }
    }
}
