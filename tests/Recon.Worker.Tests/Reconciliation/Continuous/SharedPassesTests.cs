using Dapper;
using Payments.Testing;
using Recon.Worker.Reconciliation.Continuous;

namespace Recon.Worker.Tests.Reconciliation.Continuous;

/// <summary>Several workers that check the same books make the passes and the sweeps of one.</summary>
// One at a time with those that read the same metrics in this process.
[Collection(nameof(RunTests))]
public sealed class SharedPassesTests : IAsyncLifetime
{
    private const long GateKey = 4711;
    private static readonly TimeSpan Rest = TimeSpan.FromMilliseconds(300);

    private readonly TestDatabase _database = new();
    private readonly ContinuousOptions _options =
        new() { IntervalSeconds = Rest.TotalSeconds, SweepSeconds = Rest.TotalSeconds };
    private CheckingWorker _one = null!;
    private CheckingWorker _late = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await _database.InitializeAsync();
        _one = new CheckingWorker(_database, _options, "one");
        _late = new CheckingWorker(_database, _options, "late");
        await CheckingWorker.SettleAsync(_database, 5, Cancel);
        Assert.True(await _one.CatchUpAsync(Cancel));
    }

    public async ValueTask DisposeAsync()
    {
        await _one.DisposeAsync();
        await _late.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Fact]
    public async Task One_worker_at_a_time_makes_the_pass_and_another_goes_on_from_there()
    {
        await using (var other = await _database.App.OpenConnectionAsync(Cancel))
        {
            await other.ExecuteAsync("SELECT pg_advisory_lock(6029834771250643391)");
            Assert.Null(await _one.Recent.RunOnceAsync(Cancel));
            await other.ExecuteAsync("SELECT pg_advisory_unlock(6029834771250643391)");
        }

        await CheckingWorker.SettleAsync(_database, 3, Cancel);
        Assert.Equal(6, await _late.Recent.RunOnceAsync(Cancel));
        Assert.Equal(0, await _one.Recent.RunOnceAsync(Cancel));
    }

    [Fact]
    public async Task A_pass_that_another_worker_made_since_it_was_due_is_not_made_again()
    {
        var rest = TimeSpan.FromHours(1);
        await _database.ExecuteAsync("UPDATE continuous_checks SET passed_at = passed_at - interval '2 hours'");
        var asked = await AskLateAsync(
            () => _late.Recent.RunIfDueAsync(rest, Cancel),
            async () => Assert.Null(await _one.Recent.RunIfDueAsync(rest, Cancel)));

        Assert.InRange(Assert.NotNull(asked), TimeSpan.FromMinutes(59), rest);
    }

    [Fact]
    public async Task A_sweep_that_another_worker_made_since_it_was_due_is_not_made_again()
    {
        _options.SweepSeconds = 3_600;
        await _database.ExecuteAsync(
            "UPDATE continuous_checks SET sweep_ended_at = sweep_ended_at - interval '2 hours'");

        Assert.False(await AskLateAsync(
            () => _late.All.RunIfDueAsync(Cancel),
            async () => Assert.True(await _one.All.RunIfDueAsync(Cancel))));
    }

    [Fact]
    public async Task Running_workers_keep_the_rest_between_two_passes_whoever_makes_them()
    {
        await _database.ExecuteAsync("""
            CREATE TABLE passes (at timestamptz NOT NULL);
            CREATE FUNCTION note_pass() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
            BEGIN
                INSERT INTO passes VALUES (NEW.passed_at);
                RETURN NEW;
            END
            $$;
            CREATE TRIGGER note_pass AFTER UPDATE OF passed_at ON continuous_checks
                FOR EACH ROW EXECUTE FUNCTION note_pass();
            """);
        using var one = _one.CreateLoop();
        using var other = _late.CreateLoop();
        await one.StartAsync(Cancel);
        await other.StartAsync(Cancel);
        await _database.UntilAsync("SELECT count(*) >= 8 FROM passes");
        await one.StopAsync(Cancel);
        await other.StopAsync(Cancel);

        Assert.Empty(await _database.QueryAsync<TimeSpan>(
            """
            SELECT gap FROM (SELECT at - lag(at) OVER (ORDER BY at) AS gap FROM passes) AS passes
            WHERE gap < @Rest
            """,
            new { Rest }));
    }

    /// <summary>
    /// Lets the late worker see how things stand, and holds it there until the other one is through: by a policy that
    /// waits at a gate for every row that the late one reads.
    /// </summary>
    private async Task<T> AskLateAsync<T>(Func<Task<T>> late, Func<Task> other)
    {
        await _database.ExecuteAsync($"""
            CREATE FUNCTION wait_at_gate() RETURNS boolean LANGUAGE plpgsql AS $$
            BEGIN
                IF current_setting('application_name') = 'late' THEN
                    PERFORM pg_advisory_xact_lock_shared({GateKey});
                END IF;
                RETURN true;
            END
            $$;
            CREATE POLICY gate ON continuous_checks USING (wait_at_gate());
            ALTER TABLE continuous_checks ENABLE ROW LEVEL SECURITY;
            """);
        await using var gate = await _database.Superuser.OpenConnectionAsync(Cancel);
        await gate.ExecuteAsync($"SELECT pg_advisory_lock({GateKey})");
        var asking = late();
        await _database.UntilAsync(Conditions.LockIsWaitedFor);
        await other();
        await gate.ExecuteAsync($"SELECT pg_advisory_unlock({GateKey})");
        return await asking;
    }
}
