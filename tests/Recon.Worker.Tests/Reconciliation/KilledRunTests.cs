using Payments.Ledger.Reconciliation;
using Recon.Worker.Tests.Duties;

namespace Recon.Worker.Tests.Reconciliation;

/// <summary>Runs whose workers die, freeze or lose the database.</summary>
[Collection(nameof(RunTests))]
public sealed class KilledRunTests : RunTests
{
    // The worker is gone at each check in turn, before what was read is recorded. The run then ends as one that nobody
    // disturbed.
    [Fact]
    public async Task A_run_that_is_killed_at_any_point_goes_on_to_the_same_result()
    {
        var report = await RequestAsync();
        ScriptedCheck[] checks =
        [
            new(CheckType.LedgerConsistency, Results.Missing(100)),
            new(CheckType.Deposits, Results.Missing(200, 300)),
            new(CheckType.Withdrawals, Results.Fine),
        ];
        for (var point = 0; point < checks.Length; point++)
        {
            await DieAtAsync(point, checks);
        }

        await Worker.RunOneAsync(Handler(limit: 100, checks), Cancel);

        Assert.Equal("completed total 3 passed 1 failed 2 inconclusive 0 exceptions 3", await ReportAsync(report));
        Assert.Equal(
            [1, 1, 1],
            await Database.QueryAsync<int>("SELECT sightings FROM reconciliation_exceptions ORDER BY number"));
        Assert.Equal(3, await Database.ScalarAsync<long>("SELECT count(*) FROM reconciliation_sightings"));
        Assert.Equal(3, await Database.ScalarAsync<long>("SELECT count(*) FROM reconciliation_checks"));
        Assert.Equal([1, 1, 1], checks.Select(check => check.Runs));
    }

    // The database goes away at the last moment of each transaction that records a check: all of it is undone.
    [Fact]
    public async Task A_check_whose_commit_failed_left_nothing_and_is_recorded_once_after_all()
    {
        await Database.ExecuteAsync("""
            CREATE SEQUENCE checkpoints;
            GRANT USAGE ON checkpoints TO payments_app;
            CREATE FUNCTION fail_every_other() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF nextval('checkpoints') % 2 = 1 THEN
                    RAISE EXCEPTION 'going away' USING ERRCODE = '57P01';
                END IF;
                RETURN NEW;
            END
            $$;
            CREATE TRIGGER fail_every_other BEFORE UPDATE OF checkpoint ON duties
                FOR EACH ROW EXECUTE FUNCTION fail_every_other();
            """);
        var report = await RequestAsync();
        ScriptedCheck[] checks =
        [
            new(CheckType.LedgerConsistency, Results.Missing(100)),
            new(CheckType.Deposits, Results.Missing(200, 300)),
        ];
        for (var attempt = 0; attempt < 3; attempt++)
        {
            await DueAsync();
            Assert.True(await Worker.RunOneAsync(Handler(checks), Cancel));
        }

        Assert.Equal("completed total 2 passed 0 failed 2 inconclusive 0 exceptions 3", await ReportAsync(report));
        Assert.Equal("completed 3 0", await DutyAsync());
        Assert.Equal([2, 2], checks.Select(check => check.Runs));
        Assert.Equal(
            [1, 1, 1], await Database.QueryAsync<int>("SELECT sightings FROM reconciliation_exceptions"));
    }

    [Fact]
    public async Task A_run_that_ended_before_itsWorker_could_say_so_is_not_ended_twice()
    {
        var report = await RequestAsync();
        var check = new ScriptedCheck(CheckType.Deposits, Results.Missing(100));
        var duty = (await Worker.Held.ClaimAsync([StartRun.DutyKind], Cancel))!;
        await Handler(check).RunAsync(duty, Cancel);
        await Database.EndLeaseAsync(duty.Id);
        var completed = await Database.ScalarAsync<DateTime>("SELECT completed_at FROM reconciliation_reports");

        await Worker.RunOneAsync(Handler(check), Cancel);

        Assert.Equal("completed total 1 passed 0 failed 1 inconclusive 0 exceptions 1", await ReportAsync(report));
        Assert.Equal(
            completed, await Database.ScalarAsync<DateTime>("SELECT completed_at FROM reconciliation_reports"));
        Assert.Equal(1, check.Runs);
    }

    [Fact]
    public async Task AWorker_that_lost_the_run_records_nothing_of_what_it_read()
    {
        var report = await RequestAsync();
        var heirs = Handler(new ScriptedCheck(CheckType.Deposits, Results.Missing(100)));
        var slow = Handler(new ScriptedCheck(CheckType.Deposits, async (_, _) =>
        {
            // Meanwhile its lease ends and another worker takes the run, who waits for its turn at the check.
            await Database.ExecuteAsync("UPDATE duties SET available_at = clock_timestamp() - interval '1 s'");
            Assert.NotNull(await Worker.Held.ClaimAsync([StartRun.DutyKind], Cancel));
            return Results.Missing(7, 8, 9);
        }));

        await Worker.RunOneAsync(slow, Cancel);
        Assert.Equal(0, await Database.ScalarAsync<long>("SELECT count(*) FROM reconciliation_exceptions"));
        await Database.ExecuteAsync("UPDATE duties SET available_at = clock_timestamp() - interval '1 s'");
        await Worker.RunOneAsync(heirs, Cancel);

        Assert.Equal("completed total 1 passed 0 failed 1 inconclusive 0 exceptions 1", await ReportAsync(report));
    }

    // A worker that is killed neither hands back nor counts: its lease ends.
    private async Task DieAtAsync(int point, ScriptedCheck[] checks)
    {
        using var death = new CancellationTokenSource();
        var mortal = checks.Select((check, index) => new ScriptedCheck(check.CheckType, async (connection, cancel) =>
        {
            if (index == point)
            {
                await death.CancelAsync();
                death.Token.ThrowIfCancellationRequested();
            }

            return await check.RunAsync(connection, cancel);
        }));
        var duty = (await Worker.Held.ClaimAsync([StartRun.DutyKind], Cancel))!;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => Handler(limit: 100, [.. mortal]).RunAsync(duty, death.Token));
        await Database.EndLeaseAsync(duty.Id);
    }
}
